"""The kinds of values that config.toml holds, and what every section has in common.

In charge of: the shape of one value, with an error in words. Not in charge of: any key (its neighbours here).
"""

import difflib
import re
from ipaddress import ip_network
from typing import Annotated, Literal
from zoneinfo import available_timezones

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


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        hint = "write one like '10.0.0.5' or '10.0.0.0/8'"
        raise ValueError(f"{value!r} is not an address or a network; {hint}") from None
    return value


ZoneName = Annotated[str, AfterValidator(_known_zone)]
Network = Annotated[str, AfterValidator(_network)]
HexColour = Annotated[str, AfterValidator(_hex_colour)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
EmailAddress = Annotated[str, Field(max_length=254), AfterValidator(_address)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
