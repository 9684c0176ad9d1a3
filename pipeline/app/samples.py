"""A part as a sample patient gets it, for previews and renders; its links lead nowhere.

In charge of: the sample recipient and making a message showable. Not in charge of: compiling
(``authoring``).
"""

from pipeline.app.authoring import Compiled
from pipeline.delivery.links import sample_links
from pipeline.rendering.compose import Recipient, compose
from pipeline.rendering.embedding import embedded
from pipeline.rendering.model import Message


def sample_message(compiled: Compiled, number: int, *, trial: bool = True) -> Message:
    """Part ``number`` as a sample patient gets it. LookupError: no such part."""
    links = sample_links(compiled.public_url)
    recipient = Recipient(to="patient@example.org", given="Ana", links=links, key=f"sample-{number}")
    return compose(compiled.edition, number, recipient, trial=trial)


def browsable(message: Message) -> str:
    """The message's HTML as a browser shows it: inline pictures become data addresses (RFC 2397)."""
    return embedded(message.html, message.pictures)
