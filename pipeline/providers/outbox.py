"""The local outbox: each message becomes one .eml file that any mail program opens.

In charge of: writing files so that neither a crash nor a second attempt leaves half of one or two of
one. Not in charge of: MIME (``rendering.mime``).

The file's name is the delivery key, never an address, so writing the same delivery twice gives the same
file: the outbox is its own idempotency key, for ever.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.delivery.outcome import Accepted, Deferred, Outcome
from pipeline.errors import EnvironmentRefusedError, Place
from pipeline.providers.port import Capabilities
from pipeline.rendering.mime import to_mime
from pipeline.rendering.model import Message

#: Files in one call: fsync of the folder is shared by all of them.
_BATCH = 500


class Outbox:
    """Writes to a folder of this machine; nothing leaves it."""

    name = "outbox"
    capabilities = Capabilities(
        max_batch=_BATCH,
        idempotency=timedelta.max,
        key_each=True,
        metadata=True,
        list_unsubscribe=True,
        leaves_machine=False,
        events=False,
    )

    def __init__(self, folder: Path, *, clock: Callable[[], datetime]) -> None:
        """``folder`` is made if missing; ``clock`` gives the Date header (aware).

        Raises EnvironmentRefusedError where the folder cannot be written.
        """
        self._folder = folder
        self._clock = clock
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = folder / ".write-test"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise EnvironmentRefusedError(
                f"The outbox folder cannot be written: {error.strerror}.",
                where=Place(file=str(folder), key="provider.outbox.folder"),
                mend="choose a folder that this account may write, or free some space",
            ) from error

    def send(self, messages: Sequence[Message]) -> tuple[Outcome, ...]:
        """Write every message; a file that cannot be written is deferred, never half there."""
        date = self._clock()
        outcomes = tuple(self._write(message, date) for message in messages)
        _sync_folder(self._folder)
        return outcomes

    def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, message: Message, date: datetime) -> Outcome:
        target = self._folder / f"{message.key}.eml"
        # The process id keeps two dispatchers that resend the same key out of each other's file.
        partial = self._folder / f".{message.key}.{os.getpid()}.part"
        try:
            # Names and addresses stand in it in clear: for nobody but the account that sends.
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(to_mime(message, date=date))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            return Deferred(reason=f"the outbox cannot be written: {error.strerror}", everyone=True)
        return Accepted(provider_id=message.key)


def _sync_folder(folder: Path) -> None:
    """Make the renames durable; not every file system allows it, and then the files still are."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
