"""The whole of config.toml.

In charge of: which sections there are. Not in charge of: reading the file (``config``).
"""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from pipeline.sections.authoring import Checks, Splitting
from pipeline.sections.calendar import EnrollingRule, Schedule
from pipeline.sections.clinic import Brand, Clinic, Database, Keys, Sender, Web
from pipeline.sections.feedback import Feedback
from pipeline.sections.fields import Section
from pipeline.sections.mail import Provider, Sending


class Config(Section):
    """The whole of config.toml, checked for shape."""

    clinic: Clinic
    sender: Sender
    brand: Brand = Brand()
    web: Web = Web()
    database: Database = Database()
    keys: Keys = Keys()
    sending: Sending = Sending()
    provider: Provider = Provider()
    feedback: Feedback = Feedback()
    schedule: Schedule = Schedule()
    #: Which series a patient gets, where an import names none.
    enrolling: tuple[EnrollingRule, ...] = ()
    splitting: Splitting = Splitting()
    checks: Checks = Checks()
    #: The folder of config.toml: relative paths start here. Not a key of the file.
    folder: Annotated[Path, Field(exclude=True)] = Path()
    #: Where the file was read from, for messages. Not a key of the file.
    file: Annotated[str, Field(exclude=True)] = "config.toml"

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return ZoneInfo(self.clinic.time_zone)

    def path(self, relative: str) -> Path:
        """A path of the configuration, resolved against the folder of config.toml."""
        return self.folder / relative
