"""config.toml becomes one frozen ``Config``: shape only.

In charge of: reading the file, and errors that name file, line, key and the nearest key that exists.
Not in charge of: the keys themselves (``sections``), nor what a value means to a package (a colour's
contrast, a send time outside the window): each package checks its own section, ``app`` gathers those.
"""

import difflib
import re
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import ConfigError, Place
from pipeline.sections.whole import Config

__all__ = ["Config", "key_line", "load_config", "parse_config"]

#: How alike two words must be for one to be taken for the other misspelt (difflib's ratio).
_NEAR = 0.5


def load_config(path: Path) -> Config:
    """Read and check ``path``.

    Raises ConfigError with file, line and key: a missing file, broken TOML, an unknown key (with its
    nearest neighbour), a wrong type or value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            "There is no config.toml here.",
            where=Place(file=str(path)),
            mend="go to the clinic's folder, name it with --config, or make one with `pipeline init DIR`",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The configuration cannot be read: {error}",
            where=Place(file=str(path)),
            mend="save it as UTF-8 text",
        ) from error
    return parse_config(text, name=str(path), folder=path.resolve().parent)


def parse_config(text: str, *, name: str, folder: Path) -> Config:
    """The text of a config.toml as a Config; ``name`` and ``folder`` as in ``load_config``."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise ConfigError(
            f"The configuration is not valid TOML: {error}",
            where=Place(file=name, line=int(line.group(1)) if line else None),
            mend="look for a missing quote, bracket or equals sign there",
        ) from error
    reserved = [key for key in ("folder", "file") if key in data]
    if reserved:
        raise _unknown_key((reserved[0],), text, name)
    try:
        return Config.model_validate({**data, "folder": folder, "file": name})
    except ValidationError as error:
        raise _config_error(_first(error.errors(include_url=False)), text, name) from error


def _first(details: list[ErrorDetails]) -> ErrorDetails:
    """What to tell first: of a required key that is only misspelt, the wrong word that stands there."""
    first = details[0]
    if first["type"] != "missing":
        return first
    *around, lacking = first["loc"]
    unknown = {
        str(each["loc"][-1]): each
        for each in details
        if each["type"] == "extra_forbidden" and [*each["loc"][:-1]] == around
    }
    near = difflib.get_close_matches(str(lacking), unknown, n=1, cutoff=_NEAR)
    return unknown[near[0]] if near else first


def _config_error(detail: ErrorDetails, text: str, name: str) -> ConfigError:
    path = tuple(str(step) for step in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path, text, name)
    where = Place(file=name, key=".".join(path), line=key_line(text, path))
    if detail["type"] == "missing":
        return ConfigError(
            f"The key {'.'.join(path)!r} is missing.", where=where, mend=f"add {_example(path)}"
        )
    what = detail["msg"].removeprefix("Value error, ")
    return ConfigError(
        f"The value of {'.'.join(path)!r} is not right: {what}.", where=where, mend=_meaning(path)
    )


def _unknown_key(path: tuple[str, ...], text: str, name: str) -> ConfigError:
    known = sorted(set(_model_at(path[:-1]).model_fields) - {"folder", "file"})
    near = difflib.get_close_matches(path[-1], known, n=1, cutoff=_NEAR)
    mend = f"did you mean {near[0]!r}?" if near else f"known keys here: {', '.join(known)}"
    return ConfigError(
        f"There is no key {'.'.join(path)!r}.",
        where=Place(file=name, key=".".join(path), line=key_line(text, path)),
        mend=mend,
    )


def _model_at(path: tuple[str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Config
    for step in path:
        field = model.model_fields.get(step)
        inner = _section_type(field.annotation) if field else None
        if inner is None:
            break
        model = inner
    return model


def _section_type(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation may stand here
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _meaning(path: tuple[str, ...]) -> str:
    return f"see {'.'.join(path)} in docs/configuration.md"


_EXAMPLES = MappingProxyType({"time_zone": '"America/Chicago"', "phone": '"+1 512 555 0142"'})


def _example(path: tuple[str, ...]) -> str:
    section, key = path[:-1], path[-1]
    inside = f" to [{'.'.join(section)}]" if section else ""
    if not section and key in Config.model_fields:
        return f"a section [{key}]"
    return f"{key} = {_EXAMPLES.get(key, chr(34) + '…' + chr(34))}{inside}"


def key_line(text: str, path: tuple[str, ...]) -> int | None:
    """Line of the key ``path`` in TOML ``text`` counted from 1, or of the nearest table around it."""
    found: int | None = None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        key = re.match(r"\s*([A-Za-z0-9_\-\.\"']+)\s*=", line)
        if header:
            table = _keys_of(header.group(1))
            if path[: len(table)] == table and table:
                found = number
        elif key and (*table, *_keys_of(key.group(1))) == path[: len(table) + len(_keys_of(key.group(1)))]:
            return number
    return found


def _keys_of(dotted: str) -> tuple[str, ...]:
    return tuple(step.strip().strip("\"'") for step in dotted.split("."))
