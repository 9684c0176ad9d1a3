"""A sign of life while a provider takes its time: without it a slow answer would look like a death.

In charge of: renewing the lease of what is being sent. Not in charge of: leases that end (``store.ledger``).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Self

from pipeline.errors import StoreError
from pipeline.store.database import Store
from pipeline.store.ledger import renew_lease

_log = logging.getLogger(__name__)


class Heartbeat:
    """Renews the lease of ``ids`` every third of its length, from entering to leaving the block."""

    def __init__(
        self, store: Store, ids: Sequence[int], *, owner: str, lease: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._ids = ids
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 3):
            try:
                with self._store.begin() as tx:
                    lease_until = self._clock() + self._lease
                    renew_lease(tx, self._ids, owner=self._owner, lease_until=lease_until)
            except StoreError:
                # The next beat tries again; two missed ones still leave the lease alive.
                _log.warning("the lease of %d deliveries could not be renewed", len(self._ids))
