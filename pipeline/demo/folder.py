"""The demo's clinic on disk: a config.toml that mails the stand-in, the sample series, the sample patients.

In charge of: laying that folder out, and moving the sample patients' dates to the demo's day. Not in
charge of: what then happens in it (``story``).
"""

import csv
import io
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import tomlkit

from pipeline.app.files import BUNDLED, write_whole
from pipeline.app.new_clinic import lay_out
from pipeline.demo.standin import GENERIC_BODY, IDEMPOTENCY_HEADER
from pipeline.errors import NotAllowedError, Place
from pipeline.schedule.model import Rules

#: The day around which the dates of content/patients/sample.csv stand.
ANCHOR = date(2026, 1, 12)
#: The demo's clock starts at this hour, clinic time.
_FIRST_HOUR = time(10, 0)
_DATES = ("first_visit", "birth_date")
SERIES = "first-weeks"
PATIENTS = "patients.csv"
CLOCK = "clock.txt"
#: Lies in every demo's folder, so that no real clinic's configuration is ever taken for one.
_MARK = "this-is-a-demo.txt"
_MARK_TEXT = "A scratch folder of `pipeline demo`: nobody in it is real, and it may be deleted at any time.\n"


def first_moment(now: datetime, zone: ZoneInfo, rules: Rules) -> datetime:
    """10:00 clinic time on the last open day that is not in the future: mail is due then."""
    day = now.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, _FIRST_HOUR, zone)
        if moment <= now and day.isoweekday() in rules.weekdays and day not in rules.closed:
            return moment
        day -= timedelta(days=1)


def refuse_real_clinic(folder: Path) -> None:
    """Raises NotAllowedError where ``folder`` holds a clinic that no demo made."""
    if (folder / "config.toml").exists() and not (folder / _MARK).exists():
        raise NotAllowedError(
            "This folder holds a clinic that is no demo; a demo would change its configuration.",
            where=Place(file=str(folder / "config.toml")),
            mend="choose an empty folder, or none: the demo then makes its own",
        )


def make_clinic(folder: Path, *, today: date) -> Path:
    """Lay out the demo's clinic around ``today``; returns its config.toml. Ports come with ``with_ports``."""
    write_whole(folder / _MARK, _MARK_TEXT)
    sample = (BUNDLED / "content" / "patients" / "sample.csv").read_text(encoding="utf-8")
    write_whole(folder / PATIENTS, shifted(sample, by=today - ANCHOR))
    text = (BUNDLED / "config.toml").read_text(encoding="utf-8")
    return lay_out(folder, config_text=text, copy=("content",))


def with_ports(config: Path, *, mail_url: str, staff_port: int, public_port: int) -> None:
    """Write where the stand-in and the pages are this time into the demo's config.toml."""
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    web, sending = document["web"], document["sending"]
    web["staff_port"], web["public_port"] = staff_port, public_port
    web["public_url"] = f"http://127.0.0.1:{public_port}"
    sending["tick_seconds"] = 2
    # Whoever kills the demo and starts it again sees within seconds what is in doubt.
    sending["lease_seconds"] = 20
    document["provider"] = {
        "name": "http",
        "http": {
            "url": f"{mail_url}/send",
            "body": dict(GENERIC_BODY),
            "id_path": "id",
            "idempotency_header": IDEMPOTENCY_HEADER,
        },
    }
    write_whole(config, tomlkit.dumps(document))


def shifted(text: str, *, by: timedelta) -> str:
    """The sample patients with every date moved by the same number of days."""
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        for column in _DATES:
            if row[column]:
                row[column] = (date.fromisoformat(row[column]) + by).isoformat()
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def save_clock(folder: Path, moment: datetime) -> None:
    """Remember where the demo's clock stands, for the next start."""
    write_whole(folder / CLOCK, moment.isoformat())


def saved_clock(folder: Path) -> datetime | None:
    """Where the demo's clock stood; None at the first start."""
    try:
        saved = datetime.fromisoformat((folder / CLOCK).read_text(encoding="utf-8").strip())
    except (FileNotFoundError, ValueError):
        return None
    return saved if saved.tzinfo else None
