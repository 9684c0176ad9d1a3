"""How a cell's content is quoted back to staff.

In charge of: one rule for quoting untrusted text in a sentence. Not in charge of: the sentences.
"""

_LONGEST = 60


def shown(value: object) -> str:
    """The value in quotes: at most 60 characters, and nothing that could disturb a terminal or a page."""
    text = str(value)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "'" + "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short) + "'"
