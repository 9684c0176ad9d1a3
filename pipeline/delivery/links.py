"""The addresses that a message leads its patient to: one per purpose, each with its own token.

In charge of: which path belongs to which slot and token purpose. Not in charge of: the pages there
(``web.patient``) or how a token is made (``keys``).
"""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.keys import Keyring, TokenPurpose
from pipeline.rendering.model import Slot

#: First step of the path below the public address, and what a token there is good for.
PURPOSES: Mapping[Slot, tuple[str, TokenPurpose]] = MappingProxyType(
    {
        Slot.VIEW_URL: ("v", TokenPurpose.VIEW),
        Slot.UNSUBSCRIBE_URL: ("u", TokenPurpose.UNSUBSCRIBE),
        Slot.PREFERENCES_URL: ("p", TokenPurpose.PREFERENCES),
        Slot.NOT_ME_URL: ("n", TokenPurpose.NOT_ME),
        Slot.CALL_ME_URL: ("c", TokenPurpose.CALL_ME),
    }
)


def links_for(delivery_id: int, *, keyring: Keyring, public_url: str) -> dict[Slot, str]:
    """The links of one delivery; nothing in them tells who the patient is."""
    tokens = keyring.tokens(delivery_id)
    return {slot: f"{public_url}/{path}/{tokens[purpose]}" for slot, (path, purpose) in PURPOSES.items()}


def sample_links(public_url: str) -> dict[Slot, str]:
    """Links for previews: the right shape, leading nowhere."""
    return {slot: f"{public_url}/{path}/sample" for slot, (path, _) in PURPOSES.items()}
