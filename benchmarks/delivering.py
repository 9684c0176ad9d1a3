"""A due message, from the ledger to the wire and back: ours against the usual loops, and against the limit.

In charge of: the candidates. Not in charge of: rows (``ledger``), the receiving side (``sink``), pages
(``material``), timing (``timing``).

Counted is the CPU time of the sending process; the sink has a process of its own.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import css_inline
import requests
from premailer import Premailer, transform

from benchmarks.ledger import NOW, Ledger, sqlite
from benchmarks.material import Material, peer_environment
from benchmarks.personalising import TUNED_PREMAILER
from benchmarks.sink import sink
from benchmarks.timing import Budget, Case, Table
from pipeline.delivery.states import State
from pipeline.engine.dispatch import Dispatcher
from pipeline.providers.fields import json_list
from pipeline.providers.postmark import Postmark
from pipeline.sections.mail import PostmarkProvider
from pipeline.store.batches import Member, begin_sending, finish_batch
from pipeline.store.ledger import claim_due, record
from pipeline.store.steps import Mark

NAIVE = "Jinja2 + premailer, one POST and one commit each"
TUNED = "the same, premailer tuned"
CSS_INLINE = "the same with css-inline"
ANYMAIL = "django-anymail: Django template + premailer"
OURS = "ours: claim, re-check, decrypt, compose, POST, record"
LIMIT = "limit: ready-made bodies, same claim and marks"
#: Messages that are due in every run of ours and of the limit: a few whole calls.
_DUE = 2000
_CALL = 500
_FASTER = 100.0
_LEASE = NOW.replace(hour=23)

Inline = Callable[[str], str]


def tables(materials: Sequence[Material]) -> Iterator[Table]:
    """End to end, for each part."""
    for material in materials:
        with ExitStack() as stack:
            url = stack.enter_context(sink())
            yield _table(material, url, stack)


def _table(material: Material, url: str, stack: ExitStack) -> Table:
    loop = stack.enter_context(closing(_Loop(material, url)))
    inliner = css_inline.CSSInliner(keep_at_rules=True)
    inlines: dict[str, Inline] = {
        NAIVE: lambda page: str(transform(page, allow_network=False)),
        TUNED: lambda page: str(Premailer(page, **TUNED_PREMAILER).transform()),
        CSS_INLINE: inliner.inline,
    }
    pairs = list(zip(range(len(material.contexts)), material.contexts, strict=True))
    loops = [Case(name=name, run=partial(loop.send, each), items=pairs) for name, each in inlines.items()]
    ledger = stack.enter_context(sqlite(material.edition, material.number))
    ledger.enroll(_DUE)
    provider = stack.enter_context(closing(postmark(url)))
    return Table(
        title=f"From the ledger to the wire and back, {material.size} part"
        f" ({len(material.inlined.encode()) // 1000} KB of HTML)",
        unit="messages",
        cases=(
            *loops,
            *_anymail(material, url),
            _ours(ledger, provider),
            _limit(ledger, provider, url),
        ),
        base=NAIVE,
        budgets=(Budget(case=OURS, against=NAIVE, at_least=_FASTER),),
    )


def postmark(url: str) -> Postmark:
    """The provider, told that Postmark stands at ``url``."""
    section = PostmarkProvider(base_url=url)
    return Postmark(section, environment={"POSTMARK_SERVER_TOKEN": "sample"}, file="config.toml")


class _Loop:
    """What most programs do: a row, a page, a request, a commit; then the next."""

    def __init__(self, material: Material, url: str) -> None:
        self._page = peer_environment().from_string(material.page)
        self._text = peer_environment().from_string(material.text)
        self._url = f"{url}/email"
        in_memory = Path("/dev/shm")  # noqa: S108 - a fresh folder in it is made
        self._folder = tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None)
        self._database = sqlite3.connect(Path(self._folder.name) / "sent.db")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("CREATE TABLE sent (id INTEGER PRIMARY KEY, number INTEGER, answer TEXT)")

    def send(self, inline: Inline, pair: tuple[int, Mapping[str, str]]) -> None:
        number, values = pair
        message = {
            "From": "Sample Clinic <hello@clinic.example.org>",
            "To": f"patient{number}@example.org",
            "Subject": "Part 2 of 5",
            "HtmlBody": inline(self._page.render(values)),
            "TextBody": self._text.render(values),
            "Metadata": {"delivery_key": f"d{number}"},
        }
        answer = requests.post(
            self._url, json=message, headers={"X-Postmark-Server-Token": "sample"}, timeout=30
        )
        row = (number, answer.json()["MessageID"])
        self._database.execute("INSERT INTO sent (number, answer) VALUES (?, ?)", row)
        self._database.commit()

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()


def _anymail(material: Material, url: str) -> tuple[Case, ...]:
    """django-anymail, where the extra ``bench`` is installed whole."""
    try:
        from benchmarks.anymail import sender  # noqa: PLC0415 - Django's settings are one per process
    except ImportError:
        return ()
    send = sender(material, url)
    return (Case(name=ANYMAIL, run=send, items=list(enumerate(material.contexts))),)


def _ours(ledger: Ledger, provider: Postmark) -> Case:
    dispatcher = ledger.dispatcher(provider)

    def run(_: object) -> None:
        sent_all(dispatcher, _DUE)

    run(ledger.put_back())
    return Case(name=OURS, run=run, items=[None], units=_DUE, before=ledger.put_back)


def sent_all(dispatcher: Dispatcher, count: int) -> None:
    """One tick that has to send ``count`` messages."""
    report = dispatcher.tick(NOW)
    if report.accepted != count:
        raise SystemExit(f"{report.accepted} of {count} messages were accepted: {report}")


class _Kept(Postmark):
    """Postmark, but what leaves is only kept."""

    def __init__(self, url: str) -> None:
        section = PostmarkProvider(base_url=url)
        super().__init__(section, environment={"POSTMARK_SERVER_TOKEN": "sample"}, file="config.toml")
        self.bodies: list[bytes] = []

    def _call(self, items: Sequence[Any]) -> Any:  # noqa: ANN401 - as the method that it stands in for
        self.bodies.append(b"".join(json_list(items)))
        return super()._call(items)


def _limit(ledger: Ledger, provider: Postmark, url: str) -> Case:
    """The bodies of one run of ours, posted again and again around the statements of claim and marks."""
    with closing(_Kept(url)) as kept:
        ledger.put_back()
        sent_all(ledger.dispatcher(kept, owner="keeper"), _DUE)
    session = requests.Session()
    owner, hashed = "limit", b"\0" * 32

    def run(_: object) -> None:
        for number, body in enumerate(kept.bodies):
            with ledger.store.begin() as tx:
                ids = claim_due(tx, now=NOW, owner=owner, lease_until=_LEASE, limit=_CALL)
            with ledger.store.begin() as tx:
                members = [Member(delivery=each, payload_hash=hashed) for each in ids]
                begun = begin_sending(
                    tx, members, provider="postmark", idempotency_key=f"limit-{number}", owner=owner,
                    lease_until=_LEASE, now=NOW,
                )  # fmt: skip
            assert begun is not None
            assert begun.deliveries == ids
            answers = session.post(f"{url}/email/batch", data=body, timeout=30).json()
            with ledger.store.begin() as tx:
                marks = [
                    Mark(delivery=each, state=State.ACCEPTED, provider_id=answer["MessageID"])
                    for each, answer in zip(ids, answers, strict=True)
                ]
                record(tx, marks, owner=owner, now=NOW)
                finish_batch(tx, begun.id, now=NOW)

    return Case(name=LIMIT, run=run, items=[None], units=_DUE, before=ledger.put_back)
