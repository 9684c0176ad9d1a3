"""What rendering makes: skeletons with open slots, editions, findings and messages.

In charge of: the types, and joining a skeleton with values. Not in charge of: templates and
inlining (``compile``), plain text (``plaintext``), MIME bytes (``mime``), checking (``checks``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self, TypeAlias

from pipeline.series.model import NO_CALENDAR, Calendar, Purpose


class Slot(StrEnum):
    """A place in a compiled part that differs per patient. The list is closed.

    A slot's value is plain text; joining escapes it for the place it stands in. ``TRIAL`` alone
    takes no patient data: it is the edition's own trial banner or nothing.
    """

    #: "Hello Ana," or "Hello,": a whole line in the series' language.
    GREETING = "greeting"
    #: This part in the browser, with the earlier parts.
    VIEW_URL = "view_url"
    #: The page with one unsubscribe button; the same address takes the RFC 8058 POST.
    UNSUBSCRIBE_URL = "unsubscribe_url"
    #: Pause, slower, stop, next part now.
    PREFERENCES_URL = "preferences_url"
    #: "Not meant for you?"
    NOT_ME_URL = "not_me_url"
    #: "More pain than expected: please call me".
    CALL_ME_URL = "call_me_url"
    #: The trial banner in trial mode, nothing when live.
    TRIAL = "trial"

    #: Enum hashes in Python code, and slots are looked up for every patient: str does it in C.
    __hash__ = str.__hash__


SlotValues: TypeAlias = Mapping[Slot, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Compiled bytes cut at their slots: ``literals[0] slots[0] literals[1] … literals[n]``."""

    literals: tuple[str, ...]
    slots: tuple[Slot, ...]

    def __post_init__(self) -> None:
        if len(self.literals) != len(self.slots) + 1:
            raise ValueError("a skeleton has one literal more than it has slots")

    def join(self, values: SlotValues) -> str:
        """The finished text; ``values`` must already be escaped for this skeleton's format."""
        pieces = [self.literals[0]]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            pieces.append(values[slot])
            pieces.append(literal)
        return "".join(pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """An inline picture: ``cid`` is its Content-ID without angle brackets."""

    cid: str
    media_type: str
    data: bytes = field(repr=False)
    filename: str = "picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPart:
    """One part, rendered and inlined once, its slots open."""

    number: int
    title: str
    #: Ready for a header: no placeholders left, no line breaks, no patient data.
    subject: str
    #: Days from the PT start date.
    day: int
    html: Skeleton
    text: Skeleton
    #: What Slot.TRIAL becomes in trial mode, already in the format of each body.
    trial_html: str
    trial_text: str
    #: The greeting with and without a name; ``{name}`` is replaced by the escaped given name.
    greeting_named: str
    greeting_plain: str
    pictures: tuple[Attachment, ...] = ()
    #: When this part may go, where that is otherwise than the edition's other parts.
    calendar: Calendar = NO_CALENDAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A series compiled and frozen: what a clinician approves and an enrollment refers to."""

    #: SHA-256 over ``rendering.edition.to_bytes`` (hex): covers every byte that will be sent.
    sha256: str
    series: str
    title: str
    language: str
    purpose: Purpose
    #: Sender of every message: display name, address, monitored reply address (RFC 5322 3.6.2).
    from_name: str
    from_address: str
    reply_to: str
    #: RFC 2919 list identifier, for example ``first-weeks.clinic.example.org``.
    list_id: str
    parts: tuple[CompiledPart, ...]
    #: When its parts may go, where the series says otherwise than the clinic; it is signed with the words.
    calendar: Calendar = NO_CALENDAR


class Severity(StrEnum):
    """How much a finding weighs: an error blocks approval, a warning is read, advice is optional."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a check, in words for the author."""

    #: A stable code such as ``size`` or ``alt-missing``, documented in docs/templates.md.
    code: str
    severity: Severity
    #: What is wrong.
    message: str
    mend: str
    part: int | None = None
    #: Line, element or excerpt.
    place: str = ""
    #: Why it matters to a patient.
    why: str = ""
    #: XPath of the element in the HTML that ``page.pages`` parses; empty where there is no one element.
    path: str = ""
    #: Line of the article that the words come from, counted from 1.
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bodies:
    """A message's two bodies, as what all messages of a part share and what is this patient's.

    They are joined where they are read: a batch of 500 finished bodies would take more time to find room
    for than to write, and most mail APIs encode the shared part once anyway. Two are equal if they read
    the same, however they are cut.
    """

    html: Skeleton = field(repr=False)
    html_values: SlotValues = field(repr=False)
    text: Skeleton = field(repr=False)
    text_values: SlotValues = field(repr=False)

    @classmethod
    def whole(cls, *, html: str, text: str) -> Self:
        """Two finished bodies that share nothing with any other message."""
        return cls(
            html=Skeleton(literals=(html,), slots=()), html_values={},
            text=Skeleton(literals=(text,), slots=()), text_values={},
        )  # fmt: skip

    def joined(self) -> tuple[str, str]:
        """The finished HTML and plain text."""
        return self.html.join(self.html_values), self.text.join(self.text_values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bodies) and self.joined() == other.joined()

    def __hash__(self) -> int:
        return hash(self.joined())


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One email to one recipient, finished: what a provider carries. Never logged."""

    #: The delivery key: opaque, stable over retries, carried as provider metadata.
    key: str
    #: RFC 5322 Message-ID with angle brackets, stable per delivery.
    message_id: str
    from_name: str
    from_address: str
    reply_to: str
    #: One recipient, always (DESIGN 8.4).
    to: str = field(repr=False)
    subject: str
    bodies: Bodies = field(repr=False)
    #: Further headers in order: List-Unsubscribe, List-Unsubscribe-Post, List-Id, Auto-Submitted,
    #: X-Delivery-Key. Values hold no line breaks.
    headers: tuple[tuple[str, str], ...]
    pictures: tuple[Attachment, ...] = ()

    @property
    def html(self) -> str:
        """The finished HTML, joined anew each time."""
        return self.bodies.html.join(self.bodies.html_values)

    @property
    def text(self) -> str:
        """The finished plain text, joined anew each time."""
        return self.bodies.text.join(self.bodies.text_values)
