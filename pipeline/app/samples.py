"""A part as a sample patient gets it, for previews and renders; its links lead nowhere.

In charge of: the sample patients and making a message showable. Not in charge of: compiling
(``authoring``). No real patient ever comes near a preview.
"""

from dataclasses import dataclass

from pipeline.app.authoring import Compiled
from pipeline.delivery.links import sample_links
from pipeline.errors import EnvironmentRefusedError
from pipeline.rendering.compose import Recipient, compose
from pipeline.rendering.embedding import embedded
from pipeline.rendering.model import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePatient:
    """Someone made up, with a name that emails get wrong."""

    #: How commands and addresses name it: letters only.
    id: str
    #: What is hard about the name, in words.
    label: str
    given: str | None


#: The first one is shown unless another is asked for.
SAMPLE_PATIENTS = (
    SamplePatient(id="ana", label="Ana, a short name", given="Ana"),
    SamplePatient(
        id="long",
        label="A very long name",
        given="Maximiliana-Wilhelmina Konstantina-Alexandrina Featherstonehaugh-Llanfairpwllgwyngyll",
    ),
    SamplePatient(id="arabic", label="Arabic, right to left", given="عبد الرحمن"),
    SamplePatient(id="emoji", label="Emoji and joined signs", given="Zoë 👩🏽‍🦽"),
    SamplePatient(id="marks", label="Apostrophe, & and < >", given="Siobhán O'Neill & <Jo>"),
    SamplePatient(id="nameless", label="No name on record", given=None),
    SamplePatient(id="letter", label="One letter", given="J"),
    SamplePatient(id="braces", label="A name that looks like a template", given="{{7*7}}"),
)


def sample_patient(wanted: str) -> SamplePatient:
    """The sample patient ``wanted``. Raises EnvironmentRefusedError that lists them all."""
    for patient in SAMPLE_PATIENTS:
        if patient.id == wanted:
            return patient
    known = ", ".join(f"{each.id} ({each.label})" for each in SAMPLE_PATIENTS)
    raise EnvironmentRefusedError(
        f"There is no sample patient {wanted!r}. A real patient's values are never written to files.",
        mend=f"choose one of: {known}",
    )


def sample_message(
    compiled: Compiled, number: int, *, trial: bool = True, patient: SamplePatient = SAMPLE_PATIENTS[0]
) -> Message:
    """Part ``number`` as ``patient`` gets it. LookupError: no such part."""
    links = sample_links(compiled.public_url)
    recipient = Recipient(to="patient@example.org", given=patient.given, links=links, key=f"sample-{number}")
    return compose(compiled.edition, number, recipient, trial=trial)


def browsable(message: Message) -> str:
    """The message's HTML as a browser shows it: inline pictures become data addresses (RFC 2397)."""
    return embedded(message.html, message.pictures)
