"""One patient's values joined into a compiled part: the finished message.

In charge of: cleaning and escaping values, the headers every message carries, and a fast way for
batches. Not in charge of: links and keys themselves (``engine`` signs them), MIME bytes (``mime``).

Everything that does not differ per patient is done once per part (``Composer``); per patient there
is one escape per value and one join per body.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email
from markupsafe import escape

from pipeline.errors import PipelineError
from pipeline.rendering.cleaning import is_right_to_left, isolated, one_line
from pipeline.rendering.model import Bodies, CompiledPart, Edition, Message, Skeleton, Slot

#: What may stand in a link: RFC 3986 without the apostrophe. Nothing here ends an attribute or a header.
_LINK_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]+")
_SCHEMES = ("https://", "http://")
#: Keeps List-Unsubscribe within the 998 characters of RFC 5322 2.1.1.
_LONGEST_LINK = 900
#: RFC 5321 4.1.2 Mailbox with a dot-atom local part: everything that needs no quoting.
_PLAIN_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
#: Opaque keys: they stand in headers and in the Message-ID's left side (RFC 5322 dot-atom).
_KEY = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


class MessageRefusedError(PipelineError):
    """A recipient's address, link or key could forge or break a message. The value is never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The values of one patient for one message. Never logged."""

    to: str = field(repr=False)
    #: Given name, or None where the clinic has none.
    given: str | None = field(repr=False)
    #: The five addresses, by slot.
    links: Mapping[Slot, str] = field(repr=False)
    #: The delivery key: opaque, the same on every retry.
    key: str
    #: Right side of the Message-ID; None takes the sender's domain.
    message_domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One recipient's values, cleaned and checked: plain for text, escaped for HTML."""

    text: Mapping[Slot, str]
    html: Mapping[Slot, str]


def compose(edition: Edition, part_number: int, recipient: Recipient, *, trial: bool) -> Message:
    """The finished message of one part to one recipient.

    ``trial`` puts the trial banner in. Raises MessageRefusedError for a recipient's value that could
    forge a header or break out of a link, and LookupError for a part that the edition does not have.
    For many recipients of one part make a ``Composer`` once.
    """
    return Composer(edition, part_number, trial=trial).message(recipient)


def compose_many(
    edition: Edition, part_number: int, recipients: Iterable[Recipient], *, trial: bool
) -> Iterator[Message]:
    """``compose`` for many recipients of one part, with the shared work done once."""
    composer = Composer(edition, part_number, trial=trial)
    return (composer.message(recipient) for recipient in recipients)


class Composer:
    """One part of one edition, made ready for any number of recipients."""

    def __init__(self, edition: Edition, part_number: int, *, trial: bool) -> None:
        self.edition = edition
        self.part = _part(edition, part_number)
        self.html = _settled(self.part.html, self.part.trial_html if trial else "")
        self.text = _settled(self.part.text, self.part.trial_text if trial else "")
        self.join_html = joiner(self.html)
        self.join_text = joiner(self.text)
        self._domain = edition.from_address.rpartition("@")[2]
        self._right_to_left = is_right_to_left(self.part.greeting_plain)
        self._tail = (
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("List-Id", f"<{edition.list_id}>"),
            ("Auto-Submitted", "auto-generated"),
        )
        plain = self.part.greeting_plain
        self._nameless = (plain, str(escape(plain)))

    def message(self, recipient: Recipient) -> Message:
        """The finished message for ``recipient``; errors as ``compose``."""
        values = self.values(recipient)
        edition, part = self.edition, self.part
        return Message(
            key=recipient.key,
            message_id=self.message_id(recipient),
            from_name=edition.from_name,
            from_address=edition.from_address,
            reply_to=edition.reply_to,
            to=address(recipient.to),
            subject=part.subject,
            bodies=Bodies(html=self.html, html_values=values.html, text=self.text, text_values=values.text),
            headers=self.headers(recipient),
            pictures=part.pictures,
        )

    def values(self, recipient: Recipient) -> Values:
        """``recipient``'s slots, ready to be joined; errors as ``compose``."""
        links = recipient.links
        _check_links(links)
        greeting, escaped = self._greeting(recipient.given)
        # Of the characters a link may hold, HTML needs only & escaped.
        safe = {slot: link.replace("&", "&amp;") for slot, link in links.items()}
        return Values(text={**links, Slot.GREETING: greeting}, html={**safe, Slot.GREETING: escaped})

    def headers(self, recipient: Recipient) -> tuple[tuple[str, str], ...]:
        """The headers beside sender, recipient, subject and date, in order.

        RFC 2369 and 8058 (unsubscribe), 2919 (list), 3834 (no answering machines).
        """
        unsubscribe = ("List-Unsubscribe", f"<{recipient.links[Slot.UNSUBSCRIBE_URL]}>")
        return (unsubscribe, *self._tail, ("X-Delivery-Key", recipient.key))

    def message_id(self, recipient: Recipient) -> str:
        """RFC 5322 Message-ID with angle brackets, the same on every retry."""
        if _KEY.fullmatch(recipient.key) is None:
            raise MessageRefusedError("A delivery key may hold letters, digits, dots, - and _ only.")
        return f"<{recipient.key}@{recipient.message_domain or self._domain}>"

    def _greeting(self, given: str | None) -> tuple[str, str]:
        name = one_line(given) if given else ""
        if not name:
            return self._nameless
        shown = isolated(name, right_to_left=self._right_to_left)
        greeting = self.part.greeting_named.replace("{name}", shown)
        return greeting, str(escape(greeting))


def joiner(skeleton: Skeleton) -> Callable[[Mapping[Slot, str]], str]:
    """``skeleton.join`` as one expression, made once per part: nothing is left to loop over, same result.

    As in ``collections.namedtuple`` the source holds names only; literals and slots are bound to them.
    """
    names: dict[str, str] = {f"text{number}": literal for number, literal in enumerate(skeleton.literals)}
    names |= {f"slot{number}": slot for number, slot in enumerate(skeleton.slots)}
    pieces = "".join(f"{{values[slot{number}]}}{{text{number + 1}}}" for number in range(len(skeleton.slots)))
    bound = ", ".join(f"{name}={name}" for name in names)
    join: Callable[[Mapping[Slot, str]], str] = eval(  # noqa: S307 - a source of our own names alone
        f"lambda values, {bound}: f'{{text0}}{pieces}'", names
    )
    return join


def address(to: str) -> str:
    """``to`` as it may stand in a header: checked, its domain in ASCII (RFC 5890).

    Raises MessageRefusedError, without showing the address, for anything but one plain mailbox.
    """
    if _PLAIN_ADDRESS.fullmatch(to):
        return to
    try:
        checked = validate_email(
            to,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            test_environment=True,
        )
    except EmailNotValidError:
        checked = None
    ascii_address = checked.ascii_email if checked else None
    if ascii_address is None or not _PLAIN_ADDRESS.fullmatch(ascii_address):
        # Raised outside the except block: the cause would carry the address into a log.
        raise MessageRefusedError(
            "A patient's email address cannot be mailed.", mend="correct it in the list of patients"
        )
    return ascii_address


def _check_links(links: Mapping[Slot, str]) -> None:
    # One look at all characters together: five looks would cost three times as much.
    good = _LINK_CHARACTERS.fullmatch("".join(links.values())) is not None
    for link in links.values():
        good = good and link.startswith(_SCHEMES) and len(link) <= _LONGEST_LINK
    if not good:
        raise MessageRefusedError(
            "A patient's link is not a web address.", mend="look at web.public_url in config.toml"
        )


def _part(edition: Edition, number: int) -> CompiledPart:
    for part in edition.parts:
        if part.number == number:
            return part
    raise LookupError(f"edition {edition.sha256[:12]} has no part {number}")


def _settled(skeleton: Skeleton, trial: str) -> Skeleton:
    """``skeleton`` with its trial banner in or out: the same for every recipient, so done once."""
    literals, slots = [skeleton.literals[0]], []
    for slot, literal in zip(skeleton.slots, skeleton.literals[1:], strict=True):
        if slot is Slot.TRIAL:
            literals[-1] += trial + literal
        else:
            slots.append(slot)
            literals.append(literal)
    return Skeleton(literals=tuple(literals), slots=tuple(slots))
