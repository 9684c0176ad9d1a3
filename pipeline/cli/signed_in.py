"""Who types a command, where it has to be one of the clinic's users.

In charge of: that check. Not in charge of: users themselves (``store.users``), or what each may do.
"""

from pipeline.errors import NotAllowedError
from pipeline.store import users
from pipeline.store.database import Tx


def check_user(tx: Tx, name: str) -> None:
    """Raises NotAllowedError for a name that `pipeline user list` does not have."""
    if users.find_user(tx, name) is None:
        known = ", ".join(each.name for each in users.list_users(tx)) or "nobody yet"
        raise NotAllowedError(
            f"There is no user {name!r}.", mend=f"add them with `pipeline user add`; known now: {known}"
        )
