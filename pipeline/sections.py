"""The sections and keys of config.toml: types, defaults and meaning of each.

In charge of: shape. Not in charge of: reading the file (``config``) or what a value means to a package
(each package checks its own section).
"""

import difflib
import re
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _known_zone(name: str) -> str:
    if name in available_timezones():
        return name
    near = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{name!r} is not a time zone of the IANA database (like 'America/Chicago'){hint}")


def _hex_colour(value: str) -> str:
    if re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        return value.lower()
    raise ValueError(f"{value!r} is not a colour; write six hex digits, like '#1f6f6b'")


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("must be one line: a line break here could forge a mail header")
    return value


def _address(value: str) -> str:
    if re.fullmatch(r"[^@\s<>\"(),:;\\]+@[^@\s<>\"(),:;\\]+\.[^@\s<>\"(),:;\\]+", value):
        return value
    raise ValueError(f"{value!r} is not an email address, like 'hello@clinic.example.org'")


ZoneName = Annotated[str, AfterValidator(_known_zone)]
HexColour = Annotated[str, AfterValidator(_hex_colour)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
EmailAddress = Annotated[str, Field(max_length=254), AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Clinic(_Section):
    """Who writes to the patient."""

    #: Stands in subjects and the footer. It may reveal care: choose what patients should see.
    name: Line
    #: Postal address, one line: the law wants it in every email (CAN-SPAM).
    address: Line
    phone: Line
    #: When the phone is answered, in words.
    phone_hours: Line
    time_zone: ZoneName
    #: ISO 3166-1 alpha-2, for public holidays and the emergency number.
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    #: ISO 3166-2 subdivision without the country, for example "TX".
    subdivision: str | None = None
    #: Default language of the series frame.
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = "en-US"
    website: str | None = None


class Sender(_Section):
    """The From and Reply-To of every email."""

    from_name: Line
    from_address: EmailAddress
    #: A mailbox that a person reads.
    reply_to: EmailAddress
    #: When replies are read, in words.
    reply_hours: Line


class Brand(_Section):
    """Looks. Text colours are computed from these so that they stay readable."""

    colour: HexColour = "#1f6f6b"
    #: PNG or JPEG beside config.toml; attached inline.
    logo: str | None = None


class Web(_Section):
    """Where the pages listen. Staff pages stay on loopback; patients' pages may be public."""

    host: str = "127.0.0.1"
    staff_port: Annotated[int, Field(ge=1, le=65535)] = 8620
    public_port: Annotated[int, Field(ge=1, le=65535)] = 8621
    #: Address in patients' links, no trailing slash; https before going live.
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")] = "http://127.0.0.1:8621"


class Database(_Section):
    """Where everything is kept."""

    #: "sqlite:///pipeline.db" (beside config.toml) or "postgresql+psycopg://…".
    url: str = "sqlite:///pipeline.db"


class Keys(_Section):
    """Where the encryption key is: never in the database, never in this file."""

    #: File beside config.toml, readable by its owner only.
    file: str = "keys.json"
    #: If this environment variable is set, it holds the key file's content instead.
    environment: str = "PIPELINE_KEYS"


class Mode(StrEnum):
    """Whether mail may reach patients at all."""

    TRIAL = "trial"
    LIVE = "live"


class Sending(_Section):
    """How the dispatcher works."""

    mode: Mode = Mode.TRIAL
    #: In trial mode mail may leave this machine for these addresses only.
    trial_list: tuple[EmailAddress, ...] = ()
    tick_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    #: Messages per call to the mail API, at most; the provider's own limit also holds.
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 100
    #: How long a claim holds without a sign of life.
    lease_seconds: Annotated[int, Field(ge=10, le=3600)] = 300
    #: After so many deferred attempts a delivery is held for a person.
    max_attempts: Annotated[int, Field(ge=1, le=100)] = 8


class OutboxProvider(_Section):
    """Writes each message as an .eml file; nothing leaves the machine."""

    folder: str = "outbox"


class HttpProvider(_Section):
    """Any mail API that takes one JSON request per message."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    method: Literal["POST", "PUT"] = "POST"
    #: Values may name a secret as ``{env:NAME}``.
    headers: dict[str, str] = Field(default_factory=dict)
    #: JSON with {to}, {subject}, {html}, {text}, {from_name}, {from_address}, {reply_to}, {key},
    #: {message_id} and {headers} as whole string values.
    body: dict[str, Any]
    #: Where the message id stands in the answer, as dotted keys.
    id_path: str = "id"
    #: Header that carries our idempotency key, if the API honours one.
    idempotency_header: str | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20


class PostmarkProvider(_Section):
    """Postmark, https://postmarkapp.com/developer/api/email-api."""

    #: Name of the environment variable that holds the server token.
    token_env: str = "POSTMARK_SERVER_TOKEN"  # noqa: S105 - the variable's name, not the secret
    message_stream: str = "outbound"
    base_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.postmarkapp.com"
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 30


class Provider(_Section):
    """Which mail API carries the messages."""

    name: Literal["outbox", "http", "postmark"] = "outbox"
    outbox: OutboxProvider = OutboxProvider()
    http: HttpProvider | None = None
    postmark: PostmarkProvider = PostmarkProvider()


class Closing(_Section):
    """Days on which the clinic is closed, both ends included."""

    first: date
    last: date
    why: str = ""


class Schedule(_Section):
    """When mail may go, in each patient's own zone. Series and parts may override."""

    send_time: time = time(9, 0)
    window_open: time = time(9, 0)
    window_close: time = time(17, 0)
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    #: Leave out the country's public holidays.
    public_holidays: bool = True
    closings: tuple[Closing, ...] = ()
    #: Days around the first visit, for parts that name none of their own.
    days: tuple[int, ...] = (-2, 1, 4, 9, 16)
    min_gap_days: Annotated[int, Field(ge=0, le=60)] = 2
    expires_after_days: Annotated[int, Field(ge=0, le=365)] = 7
    late: Literal["skip", "catch_up"] = "catch_up"


class Splitting(_Section):
    """How an article is cut when nobody says otherwise."""

    words_per_part: Annotated[int, Field(ge=50, le=5000)] = 250
    words_per_minute: Annotated[int, Field(ge=60, le=600)] = 200


class Config(_Section):
    """The whole of config.toml, checked for shape."""

    clinic: Clinic
    sender: Sender
    brand: Brand = Brand()
    web: Web = Web()
    database: Database = Database()
    keys: Keys = Keys()
    sending: Sending = Sending()
    provider: Provider = Provider()
    schedule: Schedule = Schedule()
    splitting: Splitting = Splitting()
    #: The folder of config.toml: relative paths start here. Not a key of the file.
    folder: Annotated[Path, Field(exclude=True)] = Path()
    #: Where the file was read from, for messages. Not a key of the file.
    file: Annotated[str, Field(exclude=True)] = "config.toml"

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return ZoneInfo(self.clinic.time_zone)

    def path(self, relative: str) -> Path:
        """A path of the configuration, resolved against the folder of config.toml."""
        return self.folder / relative
