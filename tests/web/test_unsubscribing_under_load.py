"""Fifty mail services unsubscribe at once while the same patients are being mailed: none is lost.

PIPELINE_LOAD sets how many patients there are; the usual few hundred only show that it works.
"""

import http.client
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from pipeline.app.clinic import Clinic
from pipeline.app.files import own_and_bundled
from pipeline.config import load_config
from pipeline.delivery.states import Reason, State
from pipeline.keys import TokenPurpose
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.model import Message
from pipeline.store import audit, suppression
from pipeline.store.database import Store
from pipeline.web.pages import Pages
from pipeline.web.patient import PatientPages
from pipeline.web.server import bind, serving
from tests.engine import sample
from tests.engine.recorder import Recorder
from tests.engine.sample import NOW, person

PATIENTS = int(os.environ.get("PIPELINE_LOAD", "400"))
AT_ONCE = 50
BODY = b"List-Unsubscribe=One-Click"
HEADERS = {"content-type": "application/x-www-form-urlencoded"}
#: When part 2 is due.
MORNING = NOW + timedelta(days=3)
#: Where a delivery may be once its patient has been told that no more mail comes.
GONE = {State.SENDING, State.ACCEPTED}


@dataclass
class RunningClock:
    """Begins on the morning of part 2 and goes on with real time."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return MORNING + timedelta(seconds=time.monotonic() - self.began)


class SlowRecorder(Recorder):
    """Takes a few milliseconds for a call, as an API does."""

    def send(self, messages: Sequence[Message]):
        threading.Event().wait(0.02)
        return super().send(messages)


@dataclass(frozen=True)
class Answer:
    number: int
    status: int
    at: datetime
    seconds: float
    #: Where the part that was being mailed stood right after the answer.
    state: State


@dataclass
class Stage:
    """One clinic: its pages behind real HTTP, part 1 gone to everybody, part 2 due."""

    url: str
    made: sample.Clinic
    clock: RunningClock
    first: list
    second: list
    store: Store

    def unsubscribe(self, number: int) -> Answer:
        token = self.made.keyring.token(TokenPurpose.UNSUBSCRIBE, self.first[number].id)
        began = time.monotonic()
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        connection.request("POST", f"/u/{token}", BODY, HEADERS)
        status = connection.getresponse().status
        at, seconds = self.clock(), time.monotonic() - began
        connection.close()
        return Answer(number, status, at, seconds, self.state(number))

    def state(self, number: int) -> State:
        with self.store.read() as tx:
            found = sample.deliveries.select().where(sample.deliveries.c.id == self.second[number].id)
            return State(tx.connection.execute(found).one().state)


@pytest.fixture
def stage(database_url, keyring, prepared) -> Iterator[Stage]:
    with Store.open(database_url, keyring) as store:
        made = sample.Clinic(store=store, keyring=keyring)
        made.prepare()
        made.enroll(PATIENTS)
        made.dispatcher(Recorder(), batch_size=500).tick(NOW)
        clock = RunningClock()
        clinic = Clinic(
            config=load_config(prepared.folder / "config.toml"), keyring=keyring, store=store, clock=clock,
            environment={},
        )  # fmt: skip
        folders = own_and_bundled(clinic.config.folder, "templates")
        pages = PatientPages(
            clinic, Pages(folders, brand_colour="#1f6f6b"), TemplateSource(folders).catalogs()
        )
        with serving(pages.app(), bind("127.0.0.1", 0)) as url:
            made.clock = clock
            yield Stage(url, made, clock, made.rows(1), made.rows(2), store)


def told(answers: Sequence[Answer], seconds: float) -> str:
    times = sorted(answer.seconds for answer in answers)
    worst = times[int(len(times) * 0.95)]
    return f"{len(answers)} in {seconds:.1f} s, p95 {worst:.3f} s, {Counter(each.status for each in answers)}"


def test_none_is_lost_and_nothing_begins_to_be_sent_after_the_answer(stage: Stage) -> None:
    provider = SlowRecorder()
    began, ended = time.monotonic(), threading.Event()

    def send() -> None:
        dispatcher = stage.made.dispatcher(provider, batch_size=20)
        while not ended.is_set() and len(provider.keys) < PATIENTS:
            dispatcher.tick(stage.clock())

    sender = threading.Thread(target=send)
    sender.start()
    with ThreadPoolExecutor(AT_ONCE) as mail_services:
        answers = list(mail_services.map(stage.unsubscribe, range(PATIENTS)))
    seconds = time.monotonic() - began
    ended.set()
    sender.join()
    stage.made.dispatcher(provider).tick(stage.clock())

    print(told(answers, seconds), f"{len(provider.keys)} sent meanwhile")
    assert Counter(each.status for each in answers) == {200: PATIENTS}
    second = stage.made.rows(2)
    assert {each.state for each in answers} <= GONE | {State.CANCELED}
    for each in answers:
        row = second[each.number]
        if each.state is State.CANCELED:
            assert (row.state, row.reason) == (State.CANCELED, Reason.UNSUBSCRIBED)
            assert row.key not in provider.keys
        else:
            assert row.sending_at <= each.at
    with stage.store.read() as tx:
        addresses = [person(number).email for number in range(PATIENTS)]
        assert suppression.suppressed_among(tx, addresses) == set(addresses)
        assert audit.verify(tx) is None
    assert {row.state for row in stage.made.rows(3)} == {State.CANCELED}
