"""What is hashed to be found again: addresses, record ids and the words of names.

In charge of: the one way each of them is written before it is hashed. Not in charge of: hashing
(``keys``) or storing (``patients``, ``suppression``).
"""

import re
import unicodedata

from pipeline.keys import Keyring
from pipeline.patients.addresses import address_key

_WORD = re.compile(r"[^\W_]+")


def address_digests(keyring: Keyring, address: str) -> tuple[bytes, ...]:
    """Keyed hashes of a whole address, casefolded, the current key's first; dots and tags are kept."""
    return keyring.digests(_address(address), purpose="address")


def address_digest(keyring: Keyring, address: str) -> bytes:
    """The current key's hash of a whole address, casefolded."""
    return keyring.digest(_address(address), purpose="address")


def record_digests(keyring: Keyring, record: str) -> tuple[bytes, ...]:
    """Keyed hashes of the practice system's id, the current key's first."""
    return keyring.digests(record.strip(), purpose="record")


def word_digests(keyring: Keyring, word: str) -> tuple[bytes, ...]:
    """Keyed hashes of one word as ``words_of`` gives it, the current key's first."""
    return keyring.digests(word, purpose="name")


def words_of(name: str) -> frozenset[str]:
    """The words of a name without case and accents, so that "lucia" finds "Lucía"."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return frozenset(word.casefold() for word in _WORD.findall(bare))


def _address(address: str) -> str:
    return address_key(address)
