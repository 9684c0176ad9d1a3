"""Finds or installs the system's Chromium for the browser tests; says in one line what it found.

Run by ``make browser``. With ``CI=true`` a missing browser is a failure, elsewhere a sentence.
"""

import os
import shutil
import subprocess
import sys

from pipeline.app.screenshots import find_browser as find


def _install() -> None:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    _quietly("apt-get", "update", "-qq")
    _quietly("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core")


def _quietly(*command: str) -> None:
    """Run a command whose failure shows in what is missing afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, capture_output=True, check=False)


def main() -> int:
    """0 when a browser is there or may be missing, 1 when CI must have one."""
    if find() is None:
        print("Looking for a Chromium through the package manager ...")
        _install()
    path = find()
    if path:
        print(f"Browser tests use {path}.")
        return 0
    print("No Chromium here: the browser tests are not run (install the package 'chromium' to run them).")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
