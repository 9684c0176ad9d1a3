"""The clinic's safety text: when to go to emergency, when to get help soon, when to call.

In charge of: reading ``content/safety/<language>.toml`` and filling in the clinic's name and phone. Not
in charge of: where it stands in an email (``templates/email/safety.html``), or approving it.

Shape of the file: ``language``, ``version``, ``approved_by`` ("" marks a sample), ``title``, and one
``[[level]]`` per urgency with ``kind``, ``heading``, ``lead`` and ``items``.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.config import key_line
from pipeline.errors import Place, TemplateError
from pipeline.rendering.cleaning import one_line
from pipeline.rendering.placeholders import fill
from pipeline.sections.clinic import Clinic


class Urgency(StrEnum):
    """How fast help is needed."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    CALL_US = "call_us"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLevel:
    """One box: a heading, a sentence, and the signs to look out for."""

    kind: Urgency
    heading: str
    lead: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyText:
    """The safety text of one language."""

    language: str
    version: str
    #: Empty for the sample text that comes with the product: it needs the clinic's own approval.
    approved_by: str
    title: str
    levels: tuple[SafetyLevel, ...]

    @property
    def is_sample(self) -> bool:
        """Nobody at the clinic has put their name to it yet."""
        return not self.approved_by.strip()


_Words = Annotated[str, Field(min_length=1)]


class _Level(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Urgency
    heading: _Words
    lead: str = ""
    items: Annotated[list[_Words], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    language: _Words
    version: _Words
    approved_by: str = ""
    title: _Words
    level: Annotated[list[_Level], Field(min_length=1)]


def parse_safety(text: str, *, name: str) -> SafetyText:
    """One safety file's text; ``name`` is its path for messages.

    Raises TemplateError with file, line and key: broken TOML, unknown or missing keys, an unknown kind
    of level, or no emergency level at all.
    """
    try:
        raw = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"The safety text is not valid TOML: {error}", where=Place(file=name)) from error
    except ValidationError as error:
        raise _shape_error(error, text, name) from error
    if all(level.kind is not Urgency.EMERGENCY for level in raw.level):
        raise TemplateError(
            "The safety text does not say when to go to emergency.",
            where=Place(file=name),
            mend='add a [[level]] with kind = "emergency"',
        )
    levels = tuple(
        SafetyLevel(kind=level.kind, heading=level.heading, lead=level.lead, items=tuple(level.items))
        for level in raw.level
    )
    return SafetyText(
        language=raw.language,
        version=raw.version,
        approved_by=raw.approved_by,
        title=raw.title,
        levels=levels,
    )


def load_safety(folders: Sequence[Path]) -> Mapping[str, SafetyText]:
    """Safety texts by language from ``<folder>/safety/*.toml``; an earlier folder wins.

    Raises TemplateError as ``parse_safety`` does, and where a file's name is not its language.
    """
    found: dict[str, SafetyText] = {}
    for folder in reversed(folders):
        for path in sorted((folder / "safety").glob("*.toml")):
            safety = parse_safety(path.read_text(encoding="utf-8-sig"), name=str(path))
            if safety.language != path.stem:
                raise TemplateError(
                    f"The file {path.name} says that its language is {safety.language!r}.",
                    where=Place(file=str(path), key="language"),
                    mend=f"rename the file to {safety.language}.toml or correct the key",
                )
            found[safety.language] = safety
    return MappingProxyType(found)


def safety_for(
    language: str, texts: Mapping[str, SafetyText], clinic: Clinic, *, phone_hours: str
) -> SafetyText:
    """The safety text for a series, with the clinic's name and phone in it.

    ``phone_hours`` are the clinic's hours in the language of the series.

    Only the very language, or its base language, will do: another country's emergency number would be
    dangerous. Raises TemplateError where there is none: such a series does not compile.
    """
    base = language.split("-", maxsplit=1)[0]
    safety = texts.get(language) or texts.get(base)
    if safety is None:
        raise TemplateError(
            f"There is no safety text for the language {language!r}, and no email goes out without one.",
            where=Place(file=f"content/safety/{language}.toml"),
            mend="write it there (copy the one of another language) and have a clinician approve it",
        )
    values = {"clinic": clinic.name, "phone": _unbroken(clinic.phone), "phone_hours": phone_hours}
    place = Place(file=f"content/safety/{safety.language}.toml")
    levels = tuple(
        replace(
            level,
            heading=fill(one_line(level.heading), values, where=place),
            lead=fill(one_line(level.lead), values, where=place),
            items=tuple(fill(one_line(item), values, where=place) for item in level.items),
        )
        for level in safety.levels
    )
    return replace(safety, title=fill(safety.title, values, where=place), levels=levels)


def _unbroken(phone: str) -> str:
    """A phone number that stays on one line; plain text makes plain spaces of it again."""
    return phone.replace(" ", "\u00a0")


def _shape_error(error: ValidationError, text: str, name: str) -> TemplateError:
    # A misspelt key also leaves its right spelling missing: name the misspelling.
    details = error.errors(include_url=False)
    detail = next((one for one in details if one["type"] == "extra_forbidden"), details[0])
    path = tuple(str(step) for step in detail["loc"])
    where = Place(file=name, key=".".join(path), line=key_line(text, path))
    if detail["type"] == "extra_forbidden":
        known = sorted((_Level if len(path) > 1 else _File).model_fields)
        near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]!r}?" if near else f"known keys here: {', '.join(known)}"
        return TemplateError(f"The safety text has no key {path[-1]!r}.", where=where, mend=mend)
    if detail["type"] == "missing":
        return TemplateError(f"The safety text lacks {path[-1]!r}.", where=where, mend=f"add {path[-1]} = …")
    return TemplateError(f"The safety text is not right: {detail['msg']}.", where=where)
