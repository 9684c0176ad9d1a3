"""Opening a clinic for a command.

In charge of: what every command on a clinic's data begins with. Not in charge of: any command, nor
printing (``printing``).
"""

from pathlib import Path

from pipeline.app.clinic import Clinic
from pipeline.app.clock import system_clock
from pipeline.app.settings import check_settings


def open_clinic(config: Path) -> Clinic:
    """The clinic of ``config``; use it in a ``with``."""
    return Clinic.open(check_settings(config, today=system_clock().date()))
