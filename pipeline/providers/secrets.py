"""Secrets from the environment, or from a file that the environment or config.toml names.

In charge of: finding a secret and saying in one sentence that it is missing. Not in charge of: keeping
it: the caller holds it in a request header and nowhere else.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pipeline.config import Config
from pipeline.errors import ConfigError, Place
from pipeline.sections.fields import Section

AnySection = TypeVar("AnySection", bound=Section)


def secret_from(
    environment: Mapping[str, str], name: str, *, file: str, key: str, path: str | None = None
) -> str:
    """The value of variable ``name``, or the content of the file that ``{name}_FILE`` or ``path`` names.

    Files are how container platforms hand out secrets. Surrounding white space is cut: a trailing line
    break is the usual accident. ``file`` and ``key`` say where config.toml names it. Raises ConfigError,
    which never shows a value.
    """
    found = path or environment.get(f"{name}_FILE")
    value = environment.get(name, "").strip() or _from_file(found, file, key)
    if not value and path:
        raise ConfigError(
            f"The file of a secret is empty: {path}",
            where=Place(file=file, key=key),
            mend="put the bare token in, on one line",
        )
    if not value:
        raise ConfigError(
            f"The secret {name} is not set.",
            where=Place(file=file, key=key),
            mend=f"set the environment variable {name}, or {name}_FILE to the path of a file that holds it",
        )
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ConfigError(
            f"The secret {name} holds a line break or another control character.",
            where=Place(file=file, key=key),
            mend="set it to the bare token, on one line",
        )
    return value


def section_secret(
    section: Section, name: str, *, environment: Mapping[str, str], file: str, key: str
) -> str:
    """The secret that ``{name}_file`` of a provider's section holds, else the one ``{name}_env`` names.

    ``key`` is the section's own, such as ``provider.resend``. Errors as ``secret_from``.
    """
    path = getattr(section, f"{name}_file")
    if path:
        return secret_from({}, path, file=file, key=f"{key}.{name}_file", path=path)
    return secret_from(environment, getattr(section, f"{name}_env"), file=file, key=f"{key}.{name}_env")


def section_secrets(
    section: Section, name: str, *, environment: Mapping[str, str], file: str, key: str
) -> tuple[str, ...]:
    """As ``section_secret``, where a second one, after a space, holds too while it replaces the first."""
    return tuple(section_secret(section, name, environment=environment, file=file, key=key).split())


def with_paths(section: AnySection, config: Config) -> AnySection:
    """``section`` with the files it names found beside config.toml."""
    named = {name: value for name, value in section if name.endswith("_file") and value}
    return section.model_copy(update={name: str(config.path(value)) for name, value in named.items()})


def _from_file(path: str | None, file: str, key: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The file of a secret cannot be read: {path}",
            where=Place(file=file, key=key),
            mend="let the account that runs the pipeline read it",
        ) from error
