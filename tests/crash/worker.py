"""A dispatcher in a process of its own, to be watched and to be killed.

In charge of: one tick on a database and a stand-in that the test prepared. Not in charge of: judging what
is left (the tests do).
"""

from datetime import datetime
from multiprocessing.synchronize import Event

from pipeline.demo.standin import GENERIC_BODY, IDEMPOTENCY_HEADER
from pipeline.keys import Keyring
from pipeline.providers.http import Http
from pipeline.providers.port import Provider
from pipeline.providers.postmark import Postmark
from pipeline.sections.mail import HttpProvider, PostmarkProvider
from pipeline.store.database import Store
from tests.engine.sample import Clinic, SetClock


def tick_once(
    ready: Event, url: str, keys: str, standin: str, number: int, moment: datetime, batch_size: int
) -> None:
    """Open everything anew, say ``ready``, tick once at ``moment``, end."""
    section = PostmarkProvider(base_url=standin, timeout_seconds=10)
    provider = Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "token"}, file="config.toml")
    _tick(provider, ready, url, keys, number, moment, batch_size)


def tick_with_keys(
    ready: Event, url: str, keys: str, standin: str, number: int, moment: datetime, batch_size: int
) -> None:
    """The same through an API that honours a key per message."""
    section = HttpProvider(
        url=f"{standin}/send", body=dict(GENERIC_BODY), idempotency_header=IDEMPOTENCY_HEADER,
        timeout_seconds=10,
    )  # fmt: skip
    provider = Http(section, environment={}, file="config.toml")
    _tick(provider, ready, url, keys, number, moment, batch_size)


def _tick(
    provider: Provider, ready: Event, url: str, keys: str, number: int, moment: datetime, batch_size: int
) -> None:
    keyring = Keyring.from_text(keys, name="test")
    with Store.open(url, keyring) as store:
        clinic = Clinic(store=store, keyring=keyring, clock=SetClock(moment))
        dispatcher = clinic.dispatcher(
            provider, seed=number, owner=f"process-{number}", batch_size=batch_size
        )
        ready.set()
        dispatcher.tick(moment)
    provider.close()
