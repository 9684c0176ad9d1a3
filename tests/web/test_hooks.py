"""Where mail services report: POST with a proof, kept before the answer, and never more than that."""

import base64
import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from pipeline.app.listening import Hearing
from pipeline.delivery.states import State
from pipeline.sections.whole import Config
from pipeline.store import hook_calls, refusals
from pipeline.store.database import Store
from pipeline.store.schema import deliveries
from pipeline.store.schema import hook_calls as calls_table
from pipeline.web.hooks import LONGEST, Hooks
from tests.engine.recorder import Recorder
from tests.engine.sample import NOW, Clinic
from tests.web.conftest import Visitors

SECRET = "made-up-secret-of-the-test"
BASIC = {"authorization": "Basic " + base64.b64encode(f"pipeline:{SECRET}".encode()).decode()}
KEY = "0123456789abcdef" * 2
ENVIRONMENT = {"POSTMARK_WEBHOOK_SECRET": SECRET}


@pytest.fixture
def clinic(store, keyring) -> Clinic:
    """One patient whose part 1 the mail service took."""
    made = Clinic(store=store, keyring=keyring)
    made.prepare()
    made.enroll(1)
    made.dispatcher(Recorder()).tick(NOW)
    with store.begin() as tx:
        # The sample's keys are shorter than real ones, which alone a listener takes for ours.
        tx.connection.execute(deliveries.update().where(deliveries.c.part == 1).values(key=KEY))
    return made


@pytest.fixture
def config() -> Config:
    clinic = {
        "name": "Lakeside", "address": "1 Example St", "phone": "+1 512 555 0100", "phone_hours": "daily",
        "time_zone": "America/Chicago",
    }  # fmt: skip
    sender = {
        "from_name": "Lakeside", "from_address": "hello@clinic.example.org",
        "reply_to": "reply@clinic.example.org", "reply_hours": "daily",
    }  # fmt: skip
    return Config(clinic=clinic, sender=sender, provider={"name": "postmark"})


@pytest.fixture
def post(visitors: Visitors, store, config) -> Iterator[Callable]:
    """Post to /hooks/postmark, or elsewhere."""
    hearing = Hearing(config=config, environment=ENVIRONMENT, store=store)
    visitors.public.app = Starlette(routes=[Hooks(hearing, lambda: NOW).route()])

    def it(body: object, path: str = "/hooks/postmark", method: str = "POST", **headers: str):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return visitors.public.request(method, path, data=data, headers=headers or BASIC)

    return it


def delivered(clinic: Clinic) -> dict[str, object]:
    row = clinic.rows()[0]
    return {
        "RecordType": "Delivery", "MessageID": row.provider_id, "Recipient": "patient0@example.org",
        "DeliveredAt": "2026-03-03T16:00:00Z", "Details": "ok", "Metadata": {"delivery_key": KEY},
        "MessageStream": "outbound", "ServerID": 1, "Tag": "",
    }  # fmt: skip


def kept(store) -> int:
    with store.read() as tx:
        return len(tx.connection.execute(select(calls_table)).all())


def test_a_proven_call_is_kept_and_applied_before_the_answer(clinic, post):
    answer = post(delivered(clinic))

    assert answer.status_code == 200
    assert clinic.states()[0] == (State.DELIVERED, None)
    assert kept(clinic.store) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"x-nothing": "1"},
        {"authorization": "Basic cGlwZWxpbmU6d3Jvbmc="},
        {"authorization": f"Bearer {SECRET[:-1]}"},
    ],
)
def test_a_call_without_proof_is_refused_without_a_hint_and_counted(clinic, post, headers, caplog):
    answer = post(delivered(clinic), **headers)

    assert (answer.status_code, answer.text) == (401, "Not taken.")
    assert kept(clinic.store) == 0
    assert clinic.states()[0] == (State.ACCEPTED, None)
    with clinic.store.read() as tx:
        (counted,) = refusals.counted(tx)
    assert (counted.provider, counted.count) == ("postmark", 1)
    assert "postmark" in caplog.text
    assert SECRET not in caplog.text


def test_a_flood_of_forged_calls_makes_one_row_and_one_line(clinic, post, caplog):
    for _ in range(20):
        assert post(b"x", **{"x-nothing": "1"}).status_code == 401

    with clinic.store.read() as tx:
        assert [each.count for each in refusals.counted(tx)] == [1]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("path", ["/hooks/nobody", "/hooks/Postmark", "/hooks/outbox"])
def test_a_service_that_does_not_exist_is_not_found(post, path):
    assert post(b"{}", path).status_code == 404


def test_a_service_whose_proof_is_not_set_up_is_refused_like_a_forger(post, store):
    answer = post(b"{}", "/hooks/mailgun")

    assert (answer.status_code, answer.text) == (401, "Not taken.")
    assert kept(store) == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_nothing_but_post_changes_anything(clinic, post, method):
    answer = post(delivered(clinic), method=method)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert kept(clinic.store) == 0


def test_a_call_that_is_too_long_is_refused_as_soon_as_that_is_known(post, store):
    assert post(b"x" * (LONGEST + 1)).status_code == 413
    assert kept(store) == 0


def test_the_length_is_counted_where_none_is_announced(post, store, visitors):
    host, _, port = urlsplit(visitors.public.url).netloc.partition(":")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    lines = ["POST /hooks/postmark HTTP/1.1", "host: x", "transfer-encoding: chunked",
             f"authorization: {BASIC['authorization']}", "", ""]  # fmt: skip
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall("\r\n".join(lines).encode())
        # The answer comes before the end, and the server hangs up.
        with contextlib.suppress(ConnectionError):
            for _ in range(LONGEST // 0x10000 + 1):
                line.sendall(chunk)
        assert line.recv(64).startswith(b"HTTP/1.1 413")
    assert kept(store) == 0


def test_the_longest_call_is_taken(post, store):
    body = json.dumps({"RecordType": "Open", "Padding": ""}).encode()
    padded = body.replace(b'""', b'"' + b"x" * (LONGEST - len(body)) + b'"')

    assert len(padded) == LONGEST
    assert post(padded).status_code == 200
    assert kept(store) == 1


def test_a_proven_call_that_nobody_can_read_is_kept_and_thanked_for(post, store):
    assert post(b"{ cut off").status_code == 200

    with store.read() as tx:
        assert hook_calls.count_unreadable(tx) == {"postmark": 1}


def test_without_a_database_the_service_is_asked_to_come_again(visitors, config, tmp_path, keyring):
    path = tmp_path / "gone.db"
    with Store.open(f"sqlite:///{path}", keyring) as store:
        hearing = Hearing(config=config, environment=ENVIRONMENT, store=store)
        visitors.public.app = Starlette(routes=[Hooks(hearing, lambda: NOW).route()])
        store.close()
        path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
        answer = visitors.public.post("/hooks/postmark", data=b"{}", headers=BASIC)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_no_line_of_the_log_tells_whom_it_is_about(clinic, post, caplog):
    post(delivered(clinic))
    post(b"patient0@example.org")
    post(b"patient0@example.org", **{"x-nothing": "patient0@example.org"})

    assert "example.org" not in caplog.text
