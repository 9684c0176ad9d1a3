"""The wheel carries templates, content and a sample configuration, and works far from this folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked where only its own files can be found."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return target


def pipeline(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_wheel_makes_a_clinic_and_plays_the_demo(installed: Path, tmp_path: Path) -> None:
    made = pipeline(installed, tmp_path, "init", "clinic")
    assert made.returncode == 0, made.stderr
    clinic = tmp_path / "clinic"
    assert (clinic / "templates" / "email" / "part.html").is_file()
    checked = pipeline(installed, clinic, "check", "first-weeks")
    assert checked.returncode == 0, checked.stderr
    played = pipeline(installed, clinic, "demo", "--days", "7", "--exit", "--json")
    assert played.returncode == 0, played.stderr
    assert "accepted" in {row["state"] for row in json.loads(played.stdout)}
