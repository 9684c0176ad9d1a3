"""What a person chose to see of a part: it stands in the address, so that everything works without script.

In charge of: reading the choices from an address and writing them into one. Not in charge of: showing what
was chosen (``preview``, ``preview_email``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from pipeline.app.samples import SAMPLE_PATIENTS, SamplePatient


class Look(StrEnum):
    """A way to look at a part."""

    EMAIL = "email"
    TEXT = "text"
    SOURCE = "source"
    HEADERS = "headers"


class Scheme(StrEnum):
    """By day or by night, whatever this computer is set to."""

    LIGHT = "light"
    DARK = "dark"


class Width(StrEnum):
    """Which frames stand on the page."""

    BOTH = "both"
    PHONE = "phone"
    DESKTOP = "desktop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Everything that can be chosen; the defaults stand in no address."""

    look: Look = Look.EMAIL
    scheme: Scheme = Scheme.LIGHT
    width: Width = Width.BOTH
    images: bool = True
    #: With the banner that marks a trial.
    trial: bool = True
    patient: SamplePatient = SAMPLE_PATIENTS[0]
    #: A finding's id, "" for none.
    finding: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Choices":
        """The choices in ``query``; what makes no sense there is the default."""
        looks, schemes, widths = ({str(each): each for each in kind} for kind in (Look, Scheme, Width))
        patients = {each.id: each for each in SAMPLE_PATIENTS}
        default = cls()
        return cls(
            look=looks.get(query.get("look", ""), default.look),  # type: ignore[arg-type]  # by its own name
            scheme=schemes.get(query.get("scheme", ""), default.scheme),  # type: ignore[arg-type]
            width=widths.get(query.get("width", ""), default.width),  # type: ignore[arg-type]
            images=query.get("images") != "off",
            trial=query.get("trial") != "off",
            patient=patients.get(query.get("patient", ""), default.patient),
            finding=query.get("finding", ""),
        )

    def pairs(self, *leave_out: str) -> tuple[tuple[str, str], ...]:
        """Names and values of what is not the default, but for the names in ``leave_out``."""
        said = {name: value for name, value in self._words().items() if value != _DEFAULT_WORDS[name]}
        return tuple((name, value) for name, value in said.items() if name not in leave_out)

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - any field of this class
        """The end of an address that says this, or this with ``changes``; "" for the defaults."""
        pairs = replace(self, **changes).pairs()
        return f"?{urlencode(pairs)}" if pairs else ""

    def _words(self) -> dict[str, str]:
        on = {True: "on", False: "off"}
        return {
            "look": self.look,
            "scheme": self.scheme,
            "width": self.width,
            "images": on[self.images],
            "trial": on[self.trial],
            "patient": self.patient.id,
            "finding": self.finding,
        }


_DEFAULT_WORDS = Choices()._words()


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One group of buttons: its name in the address; of each button value, label, and whether it is on."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]
    #: What the form carries along unseen.
    hidden: tuple[tuple[str, str], ...]


def switches(chosen: Choices) -> tuple[Switch, ...]:
    """The groups of buttons beside an email; ``patient`` is a list to choose from instead."""
    groups = (
        ("width", "Frames", (("both", "Both"), ("phone", "Phone"), ("desktop", "Desktop"))),
        ("scheme", "Colours", (("light", "Light"), ("dark", "Dark"))),
        ("images", "Pictures", (("on", "On"), ("off", "Off"))),
        ("trial", "Trial banner", (("on", "On"), ("off", "Off"))),
        ("patient", "Sample patient", tuple((each.id, each.label) for each in SAMPLE_PATIENTS)),
    )
    words = chosen._words()
    return tuple(
        Switch(
            name=name,
            label=label,
            options=tuple((value, text, words[name] == value) for value, text in options),
            hidden=chosen.pairs(name),
        )
        for name, label, options in groups
    )
