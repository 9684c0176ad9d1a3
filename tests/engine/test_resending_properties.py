"""However calls end and whatever staff say truly, nobody gets a part twice where the provider knows keys."""

import shutil
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.delivery.states import State
from pipeline.store.database import Store
from pipeline.store.ledger import resolve
from pipeline.store.steps import Mark
from tests.engine.remembering import Ends, KilledError, Remembering
from tests.engine.sample import Clinic

PEOPLE = 5
STEPS = st.lists(
    st.one_of(st.sampled_from(Ends), st.integers(1, 60), st.just("staff")), min_size=1, max_size=16
)


def play(clinic: Clinic, provider: Remembering, steps: list) -> None:
    """A tick for each ending, minutes that go by, and staff who looked whether the first unknown arrived."""
    dispatcher = clinic.dispatcher(provider, batch_size=3)
    for step in steps:
        if isinstance(step, Ends):
            provider.ends = [step]
            try:
                dispatcher.tick(clinic.clock.moment)
            except KilledError:
                dispatcher = clinic.dispatcher(provider, batch_size=3)
        elif isinstance(step, int):
            clinic.clock.moment += timedelta(minutes=step)
        else:
            say_what_arrived(clinic, provider)


def say_what_arrived(clinic: Clinic, provider: Remembering) -> None:
    unknown = [row for row in clinic.rows() if row.state == State.UNKNOWN]
    if unknown and unknown[0].key in provider.taken:
        marks = [Mark(delivery=unknown[0].id, state=State.ACCEPTED)]
        with clinic.store.begin() as tx:
            resolve(tx, marks, actor="staff", now=clinic.clock.moment)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, key_each=st.booleans())
def test_nothing_arrives_twice_and_what_is_called_sent_arrived(
    steps, key_each, keyring, sqlite_template, database_folder
) -> None:
    path = database_folder / "pipeline.db"
    for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        stale.unlink(missing_ok=True)
    shutil.copy(sqlite_template, path)
    with Store.open(f"sqlite:///{path}", keyring) as store:
        clinic = Clinic(store=store, keyring=keyring)
        clinic.prepare()
        clinic.enroll(PEOPLE)
        provider = Remembering(key_each=key_each, clock=clinic.clock)
        play(clinic, provider, steps)

        assert len(provider.taken) == len(set(provider.taken))
        accepted = {row.key for row in clinic.rows() if row.state == State.ACCEPTED}
        in_doubt = {row.key for row in clinic.rows() if row.state in {State.UNKNOWN, State.SENDING}}
        assert accepted <= set(provider.taken) <= accepted | in_doubt
