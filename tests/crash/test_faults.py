"""Every fault between a dispatcher and a mail API, seen from the ledger: what was in flight is in doubt at
most, what never left goes later, nothing goes twice.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.delivery.states import State
from pipeline.demo.faults import Fault, in_turn
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.store.database import Store
from tests.crash.disturbances import DOUBTFUL
from tests.crash.invariants import WENT, is_settled, look
from tests.crash.ordered import APIS
from tests.crash.rounds import STEP
from tests.engine.sample import NOW, Clinic

PEOPLE, BATCH = 12, 4
#: Longer than a breaker's first pauses, shorter than the day's window.
LATER = tuple(NOW + STEP * number for number in range(1, 16))
#: For an answer that never comes: nobody waits longer.
IMPATIENT = 0.5


def tick(clinic: Clinic, api: str, url: str, moment: datetime, *, seconds: float = 20.0) -> None:
    provider = APIS[api].open(url, seconds)
    clinic.clock.moment = moment
    # Live: in a trial nothing would even try to leave this machine.
    clinic.dispatcher(provider, batch_size=BATCH, trial=False).tick(moment)
    provider.close()


def until_settled(clinic: Clinic, api: str, url: str) -> None:
    for moment in LATER:
        tick(clinic, api, url, moment)
        if is_settled(clinic.store, moment, doubt=not APIS[api].keyed) and not planned(clinic):
            return


def planned(clinic: Clinic) -> bool:
    return any(state is State.PLANNED for state, _ in clinic.states())


# What the line does is the same for both databases.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
def test_a_fault_twice_in_a_row(clinic, standin, fault, api) -> None:
    clinic.enroll(PEOPLE)
    standin.plan = in_turn(fault, fault)
    tick(clinic, api, standin.url, NOW, seconds=IMPATIENT if fault is Fault.SLOW else 20.0)
    until_settled(clinic, api, standin.url)

    # After a first doubt only one message goes at a time.
    doubted = BATCH + 1 if fault in DOUBTFUL and not APIS[api].keyed else 0
    left = look(clinic.store, standin.taken(), now=LATER[-1], in_flight=doubted)
    went = frozenset().union(*(left.keys.get(state, frozenset()) for state in WENT))
    assert left.wrong == ()
    assert left.count(State.UNKNOWN) == (doubted if not APIS[api].keyed else 0)
    assert (left.count(State.REFUSED) > 0) == (fault is Fault.FAILED_ITEMS)
    assert len(went) + left.count(State.REFUSED) + left.count(State.UNKNOWN) == PEOPLE


def goes_later(clinic: Clinic, standin, broken: str, why: str) -> None:
    """Through ``broken`` nothing leaves, nothing is in doubt and no attempt counts; then all of it goes."""
    clinic.enroll(PEOPLE)
    tick(clinic, "postmark", broken, NOW, seconds=5)
    rows = clinic.rows()
    assert {(row.state, row.attempts) for row in rows} == {(State.PLANNED, 0)}
    assert {row.detail for row in rows if row.detail} == {why}
    until_settled(clinic, "postmark", standin.url)
    left = look(clinic.store, standin.taken(), now=LATER[-1], in_flight=0)
    assert left.wrong == ()
    assert left.count(State.ACCEPTED) == PEOPLE


def test_a_name_that_nobody_can_resolve(clinic, standin) -> None:
    # RFC 6761 6.4: nothing ever has a name under .invalid.
    goes_later(clinic, standin, "http://mail-api.invalid", "the mail API's name cannot be resolved")


def test_a_server_that_is_not_there(clinic, standin) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = server.server_port
    goes_later(clinic, standin, f"http://127.0.0.1:{port}", "the mail API refused the connection")


def test_a_certificate_that_nobody_vouches_for(clinic, standin, tmp_path) -> None:
    with tls_server(tmp_path) as (url, requests):
        goes_later(clinic, standin, url, "no secure connection to the mail API (TLS)")
    assert requests == [], "not one request was read"


def test_a_server_that_speaks_no_tls(clinic, standin) -> None:
    url = standin.url.replace("http://", "https://")
    goes_later(clinic, standin, url, "no secure connection to the mail API (TLS)")


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """It would take everything, if anybody trusted its certificate."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.path)

        def log_message(self, *_args: object) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, *_args: object) -> None:
            """A client that hangs up is what this server is for."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder / "own.pem"))
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", requests
    server.shutdown()
    thread.join()
    server.server_close()


def self_signed(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail-api.example.org")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_two_embedded_schedulers_on_one_database(clinic, standin, database_url, keyring) -> None:
    """As two copies of the same service started by mistake, each with its own connections."""
    clinic.enroll(60)
    done = threading.Event()

    def look_whether_all_went(_report: object) -> None:
        if all(state == (State.ACCEPTED, None) for state in clinic.states()):
            done.set()

    with Store.open(database_url, keyring) as other:
        second = Clinic(store=other, keyring=keyring)
        providers = [APIS["postmark"].open(standin.url, 20.0) for _ in range(2)]
        engines = [
            EmbeddedEngine(
                each.dispatcher(provider, owner=f"scheduler-{number}", batch_size=BATCH), clock=each.clock,
                every=timedelta(milliseconds=20), on_report=look_whether_all_went,
            )
            for number, (each, provider) in enumerate(zip((clinic, second), providers, strict=True))
        ]  # fmt: skip
        with engines[0], engines[1]:
            assert done.wait(30)
        for provider in providers:
            provider.close()

    left = look(clinic.store, standin.taken(), now=NOW, in_flight=0)
    assert left.wrong == ()
    assert left.count(State.ACCEPTED) == 60
    assert {row.actor for row in clinic.history() if row.state == State.CLAIMED} == {
        "scheduler-0", "scheduler-1",
    }  # fmt: skip
