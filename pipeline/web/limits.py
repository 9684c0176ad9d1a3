"""How often one link, and one address of the network, may be used: a sliding window, in memory.

In charge of: counting, and whose address a request comes from. Not in charge of: the page that says "too
often" (``patient_frame``). One thread counts: the loop of the web server. What is counted is forgotten when
the process ends; several processes count apart.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import MappingProxyType

#: Length of the window.
WINDOW_SECONDS = 60.0
#: Keys kept per window: the one that was quiet longest goes first.
_KEYS = 2048
#: One household or one server usually has all of a /64.
_IPV6_PREFIX = 64


class Act(StrEnum):
    """What somebody does with a link."""

    LOOK = "look"
    PRESS = "press"
    #: The POST of a valid unsubscribe link, by a button or a mail program (RFC 8058).
    UNSUBSCRIBE = "unsubscribe"
    #: A link that is none of ours.
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """Times per window; None: not counted."""

    link: int | None
    address: int | None


#: Mail services unsubscribe for all of their users from few addresses: nothing counts those but the link
#: itself. A mail scanner opens every link of a message, and a hospital's whole staff has one address.
USUAL: Mapping[Act, Most] = MappingProxyType(
    {
        Act.LOOK: Most(link=120, address=600),
        Act.PRESS: Most(link=30, address=120),
        Act.UNSUBSCRIBE: Most(link=60, address=None),
        Act.LOST: Most(link=None, address=60),
    }
)


class Window:
    """At most ``most`` times per key within any ``seconds``; at most ``keys`` keys are remembered."""

    __slots__ = ("_keys", "_most", "_seconds", "_times")

    def __init__(self, most: int, *, seconds: float = WINDOW_SECONDS, keys: int = _KEYS) -> None:
        self._most = most
        self._seconds = seconds
        self._keys = keys
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._times)

    def wait(self, key: str, now: float) -> float:
        """Seconds until ``key`` is free at ``now`` (seconds of a clock that never goes back); 0.0: free."""
        times = self._times.get(key)
        if times is None or len(times) < self._most:
            return 0.0
        return max(0.0, times[0] + self._seconds - now)

    def count(self, key: str, now: float) -> None:
        """Count one use of ``key``; only what was free is counted, so that waiting helps."""
        if key not in self._times and len(self._times) >= self._keys:
            self._times.popitem(last=False)
        self._times.setdefault(key, deque(maxlen=self._most)).append(now)
        self._times.move_to_end(key)


class Limits:
    """The windows of one site."""

    def __init__(self, usual: Mapping[Act, Most] = USUAL, *, keys: int = _KEYS) -> None:
        self._windows = {
            act: tuple(None if n is None else Window(n, keys=keys) for n in (most.link, most.address))
            for act, most in usual.items()
        }

    def wait(self, act: Act, *, link: str, address: str, now: float) -> int:
        """Count one ``act``; whole seconds to wait where it is one too many, else 0."""
        asked = [
            (w, key) for w, key in zip(self._windows[act], (link, address), strict=True) if w is not None
        ]
        wait = max((window.wait(key, now) for window, key in asked), default=0.0)
        if wait <= 0:
            for window, key in asked:
                window.count(key, now)
        return math.ceil(wait)


def network(peer: str, forwarded: str, trusted: Iterable[str]) -> str:
    """The address that a request counts for: the peer's, or behind a trusted proxy the one it names.

    ``forwarded`` is X-Forwarded-For, to which every proxy adds its peer at the end: only what one of
    ``trusted`` (addresses and networks) added is believed. An IPv6 address counts with its whole /64.
    """
    proxies = [ip_network(each, strict=False) for each in trusted]
    found = _parsed(peer)
    for text in reversed(forwarded.split(",")):
        named = _parsed(text.strip())
        if found is None or named is None or not any(found in each for each in proxies):
            break
        found = named
    return _group(found) if found else peer


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _group(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return f"{int(address) >> (128 - _IPV6_PREFIX):x}"
