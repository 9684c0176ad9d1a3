"""Secrets from the environment, or from a file that the environment names.

In charge of: finding a secret and saying in one sentence that it is missing. Not in charge of: keeping
it: the caller holds it in a request header and nowhere else.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ConfigError, Place


def secret_from(environment: Mapping[str, str], name: str, *, file: str, key: str) -> str:
    """The value of variable ``name``, or the content of the file that ``{name}_FILE`` points to.

    The second form is how container platforms hand out secrets. Surrounding white space is cut: a
    trailing line break is the usual accident. ``file`` and ``key`` say where config.toml names it.
    Raises ConfigError, which never shows a value.
    """
    value = environment.get(name, "").strip() or _from_file(environment.get(f"{name}_FILE"), file, key)
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
