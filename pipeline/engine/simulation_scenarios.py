"""Scripts that come with the product, each a page long.

In charge of: their text, in the very format of a script file, so that each is an example too. Not in charge
of: reading it (``simulation_file``).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

_OUTAGE = """
# The mail service fails for days, in every way it can. Then it is well again.
[[outage]]
from = "day 2 06:00"
until = "day 3 12:00"
kind = "timeout"

[[outage]]
from = "day 4 06:00"
until = "day 4 16:00"
kind = "503"
retry_after_seconds = 120

[[outage]]
from = "day 5 06:00"
until = "day 6 12:00"
kind = "refused"

[[outage]]
from = "day 8 06:00"
until = "day 8 12:00"
kind = "429"

[[outage]]
from = "day 9 06:00"
until = "day 9 12:00"
kind = "500"
"""

_CRASH = """
# The process is killed at every point of a batch, and for three days two schedulers run side by side.
[[restart]]
at = "day 2 08:00"
point = "claimed"

[[restart]]
at = "day 3 08:00"
point = "before_send"

[[restart]]
at = "day 4 08:00"
point = "after_send"
down_minutes = 30

[[second_scheduler]]
from = "day 5 00:00"
until = "day 8 00:00"
"""

_CLOCK_CHANGE = """
# The machine's clock is wrong, is mended, and is wrong again.
[[clock_jump]]
at = "day 2 10:00"
by_minutes = 90

[[clock_jump]]
at = "day 2 15:00"
by_minutes = -90

[[clock_jump]]
at = "day 4 09:30"
by_minutes = -60
"""

_BUSY_PATIENTS = """
# Patients answer their mail, some of them while a batch is on its way out; the clinic moves visits.
[[patient]]
at = "day 2 12:00"
do = "slower"
random = 2

[[patient]]
at = "day 3 12:00"
do = "pause"
days = 5
random = 2

[[patient]]
at = "day 3 13:00"
do = "next_now"
random = 2

[[patient]]
at = "day 4 09:00"
do = "unsubscribe"
random = 1
amid = "claimed"

[[patient]]
at = "day 5 09:00"
do = "stop_series"
random = 1
amid = "before_send"

[[patient]]
at = "day 6 12:00"
do = "not_me"
random = 1

[[staff]]
at = "day 2 16:00"
do = "move"
days = 7
random = 2

[[staff]]
at = "day 2 16:30"
do = "cancel_visit"
random = 1

[[staff]]
at = "day 9 16:30"
do = "discharge"
random = 1
"""


class Scenario(StrEnum):
    """The names, as the command line takes them."""

    #: Nothing happens but time passing.
    CALM = "calm"
    OUTAGE = "outage"
    CRASH = "crash"
    CLOCK_CHANGE = "clock-change"
    BUSY_PATIENTS = "busy-patients"


SCENARIOS: Mapping[Scenario, str] = MappingProxyType(
    {
        Scenario.CALM: "",
        Scenario.OUTAGE: _OUTAGE,
        Scenario.CRASH: _CRASH,
        Scenario.CLOCK_CHANGE: _CLOCK_CHANGE,
        Scenario.BUSY_PATIENTS: _BUSY_PATIENTS,
    }
)
