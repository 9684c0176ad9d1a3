"""Who the clinic is: [clinic], [sender], [brand], [web], [database], [keys].

In charge of: shape, defaults, meaning. Not in charge of: what a value means to a package (each checks its own
section).
"""

from typing import Annotated

from pydantic import Field

from pipeline.sections.fields import EmailAddress, HexColour, Line, Network, Section, ZoneName


class Clinic(Section):
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


class Sender(Section):
    """The From and Reply-To of every email."""

    from_name: Line
    from_address: EmailAddress
    #: A mailbox that a person reads.
    reply_to: EmailAddress
    #: When replies are read, in words.
    reply_hours: Line


class Brand(Section):
    """Looks. Text colours are computed from these so that they stay readable."""

    colour: HexColour = "#1f6f6b"
    #: PNG or JPEG beside config.toml; attached inline.
    logo: str | None = None


class Web(Section):
    """Where the pages listen. Staff pages stay on loopback; patients' pages may be public."""

    host: str = "127.0.0.1"
    staff_port: Annotated[int, Field(ge=1, le=65535)] = 8620
    public_port: Annotated[int, Field(ge=1, le=65535)] = 8621
    #: Address in patients' links, no trailing slash; https before going live.
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")] = "http://127.0.0.1:8621"
    #: Reverse proxies whose X-Forwarded-For is believed, for limits of how often a visitor may ask.
    trusted_proxies: tuple[Network, ...] = ("127.0.0.1", "::1")


class Database(Section):
    """Where everything is kept."""

    #: "sqlite:///pipeline.db" (beside config.toml) or "postgresql+psycopg://…".
    url: str = "sqlite:///pipeline.db"


class Keys(Section):
    """Where the encryption key is: never in the database, never in this file."""

    #: File beside config.toml, readable by its owner only.
    file: str = "keys.json"
    #: If this environment variable is set, it holds the key file's content instead.
    environment: str = "PIPELINE_KEYS"
