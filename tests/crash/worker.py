"""A dispatcher in a process of its own, to be watched and to be killed.

In charge of: one tick on a database and a stand-in that the test prepared. Not in charge of: judging what
is left (the tests do).
"""

from datetime import datetime
from multiprocessing.synchronize import Event

from pipeline.keys import Keyring
from pipeline.providers.postmark import Postmark
from pipeline.sections.mail import PostmarkProvider
from pipeline.store.database import Store
from tests.engine.sample import Clinic, SetClock


def tick_once(
    ready: Event, url: str, keys: str, standin: str, number: int, moment: datetime, batch_size: int
) -> None:
    """Open everything anew, say ``ready``, tick once at ``moment``, end."""
    keyring = Keyring.from_text(keys, name="test")
    section = PostmarkProvider(base_url=standin, timeout_seconds=10)
    provider = Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "token"}, file="config.toml")
    with Store.open(url, keyring) as store:
        clinic = Clinic(store=store, keyring=keyring, clock=SetClock(moment))
        dispatcher = clinic.dispatcher(
            provider, seed=number, owner=f"process-{number}", batch_size=batch_size
        )
        ready.set()
        dispatcher.tick(moment)
    provider.close()
