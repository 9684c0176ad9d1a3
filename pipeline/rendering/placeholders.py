"""``{clinic}`` and its few siblings in subjects, preheaders and safety texts.

In charge of: filling a closed set of names. Not in charge of: patient data, which goes through slots.

``str.format`` is not used: it would let a text reach into the values' attributes.
"""

import re
from collections.abc import Mapping

from pipeline.errors import Place, TemplateError

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def fill(text: str, values: Mapping[str, str], *, where: Place) -> str:
    """``text`` with every ``{name}`` replaced. Raises TemplateError for a name not in ``values``."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        if name not in values:
            known = ", ".join(f"{{{key}}}" for key in values)
            raise TemplateError(
                f"{match.group(0)} is not a placeholder.", where=where, mend=f"known here: {known}"
            )
        return values[name]

    return _PLACEHOLDER.sub(value_of, text)
