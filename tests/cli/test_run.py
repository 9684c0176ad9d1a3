"""``pipeline run`` as a process of its own: it says where it is, sends what is due, and ends when asked."""

import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import requests
import tomlkit

from pipeline.web.server import bind
from tests.cli.conftest import Run


def choose_ports(config: Path) -> None:
    """Free ports of this machine instead of the usual ones."""
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    with closing(bind("127.0.0.1", 0)) as staff, closing(bind("127.0.0.1", 0)) as public:
        document["web"]["staff_port"] = staff.getsockname()[1]
        document["web"]["public_port"] = public.getsockname()[1]
    config.write_text(tomlkit.dumps(document), encoding="utf-8")


def test_it_serves_both_sites_and_ends_quietly_when_asked(run: Run, running_clinic: Path) -> None:
    choose_ports(running_clinic / "config.toml")
    before = run("calendar", "--json").json

    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        staff = re.search(r"http\S+", running.stdout.readline()).group()
        public = re.search(r"http\S+", running.stdout.readline()).group()
        assert "trial" in running.stdout.readline()
        assert requests.get(f"{staff}/healthz", timeout=20).json()["status"] == "ok"
        assert requests.get(f"{public}/healthz", timeout=20).text == "ok"
        assert requests.get(f"{public}/deliveries", timeout=20).status_code == 404, "staff pages are apart"
        assert requests.get(f"{staff}/preview", timeout=60).status_code == 200
        running.send_signal(signal.SIGTERM)
        told, complaints = running.communicate(timeout=60)

    assert (running.returncode, complaints) == (0, "")
    assert told.rstrip().endswith("the next start goes on where this one was.")
    after = run("calendar", "--json").json
    assert len(after) == len(before)
    assert {row["state"] for row in after}.isdisjoint({"claimed", "sending", "unknown"})


def test_the_pages_alone_send_nothing(run: Run, running_clinic: Path) -> None:
    choose_ports(running_clinic / "config.toml")
    before = run("calendar", "--json").json

    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "web"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        staff = re.search(r"http\S+", running.stdout.readline()).group()
        assert requests.get(f"{staff}/healthz", timeout=20).json()["status"] == "ok"
        running.send_signal(signal.SIGTERM)
        _told, complaints = running.communicate(timeout=60)

    assert (running.returncode, complaints) == (0, "")
    assert run("calendar", "--json").json == before


def test_workers_are_for_postgresql(run: Run, running_clinic: Path) -> None:
    ended = run("worker")

    assert ended.code == 1
    assert "need PostgreSQL" in ended.err
    assert "pipeline run" in ended.err
    assert "database.url" in ended.err
