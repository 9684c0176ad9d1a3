"""How an article becomes emails, and what is checked: [splitting] and [checks].

In charge of: shape, defaults, meaning. Not in charge of: splitting (``series``) or checking (``rendering``).
"""

from typing import Annotated

from pydantic import Field

from pipeline.sections.fields import Section


class Splitting(Section):
    """How an article is cut when nobody says otherwise."""

    words_per_part: Annotated[int, Field(ge=50, le=5000)] = 250
    words_per_minute: Annotated[int, Field(ge=60, le=600)] = 200


class Checks(Section):
    """What the checks of an email count."""

    #: Families of mail clients by caniemail's names; empty: those that patients commonly use.
    mail_clients: tuple[str, ...] = ()
