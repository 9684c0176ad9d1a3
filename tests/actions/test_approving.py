"""Who may sign what: another person, with a credential, nothing with open errors, nothing in the past."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.actions.approving import approve
from pipeline.actions.offers import current_offer
from pipeline.errors import NotAllowedError
from pipeline.rendering.model import Finding, Severity
from pipeline.store import editions, users
from tests.actions.desk import TODAY, Desk
from tests.actions.dump import dump
from tests.engine.sample import SERIES, edition

WARNING = Finding(
    code="long_sentence", severity=Severity.WARNING, part=1, message="A long sentence.", mend="cut it"
)
ERROR = replace(WARNING, severity=Severity.ERROR, part=2, message="No alt text.", mend="describe the picture")


@pytest.fixture
def desk(store) -> Desk:
    """Two people, nothing signed yet."""
    made = Desk(store)
    with store.begin() as tx:
        users.add_user(tx, name="ana", display="Ana Sample, PT", credential="PT", now=made.now)
        users.add_user(tx, name="ben", display="Ben Sample, DPT", credential="DPT", now=made.now)
    return made


def sign(desk: Desk, **changes: object):
    terms = {
        "findings": (WARNING,), "author": "ben", "approver": "ana", "credential": " PT, DPT ",
        "review_by": TODAY + timedelta(days=365), "now": desk.now,
    }  # fmt: skip
    with desk.store.begin() as tx:
        return approve(tx, edition(), **{**terms, **changes})


def offer_on(desk: Desk, day):
    with desk.store.read() as tx:
        return current_offer(tx, SERIES, today=day)


def test_a_signed_edition_can_be_offered_until_its_review_date(desk: Desk) -> None:
    approval = sign(desk)

    assert (approval.user, approval.credential) == ("ana", "PT, DPT")
    assert offer_on(desk, approval.review_by).edition == edition().sha256
    assert offer_on(desk, approval.review_by + timedelta(days=1)) is None
    (entry,) = desk.trail()
    assert (entry.actor, entry.action, entry.subject) == (
        "staff:ana",
        "approve",
        f"edition:{edition().sha256}",
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"findings": (WARNING, ERROR)}, "part 2: No alt text."),
        ({"approver": "ana", "author": "ANA"}, "another person"),
        ({"approver": "ana", "author": "ana sample, pt"}, "another person"),
        ({"approver": "carla"}, "There is no user 'carla'"),
        ({"credential": "  "}, "credential"),
        ({"review_by": TODAY}, "not in the future"),
        ({"review_by": TODAY - timedelta(days=1)}, "not in the future"),
    ],
    ids=["errors", "author", "author's full name", "unknown", "no credential", "today", "past"],
)
def test_what_may_not_be_signed_is_refused_in_words_and_nothing_is_kept(desk: Desk, changes, says) -> None:
    before = dump(desk.store)

    with pytest.raises(NotAllowedError) as refused:
        sign(desk, **changes)

    assert says in str(refused.value)
    assert refused.value.mend
    assert dump(desk.store) == before


def test_an_unknown_user_is_told_who_is_known(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="ana, ben"):
        sign(desk, approver="carla")


def test_who_changed_the_series_last_in_the_console_cannot_sign_it(desk: Desk) -> None:
    with desk.store.begin() as tx:
        editions.record_change(tx, SERIES, user="ben", now=desk.now)
        editions.record_change(tx, SERIES, user="ana", now=desk.now)

    with pytest.raises(NotAllowedError, match="last to change"):
        sign(desk, author=None)
    assert sign(desk, author=None, approver="ben").user == "ben", "ben's change was not the last"


def test_signing_again_counts_from_then_on(desk: Desk) -> None:
    sign(desk, review_by=TODAY + timedelta(days=30))
    sign(desk, review_by=TODAY + timedelta(days=400), approver="ben", author=None)

    assert offer_on(desk, TODAY + timedelta(days=400)) is not None


def test_the_newest_signed_edition_is_offered_and_an_unsigned_one_is_not(desk: Desk) -> None:
    sign(desk)
    newer = edition(words=30)
    with desk.store.begin() as tx:
        from pipeline.rendering.edition import to_bytes

        editions.save_edition(tx, newer, to_bytes(newer), now=desk.now + timedelta(days=1))
    assert offer_on(desk, TODAY).edition == edition().sha256

    with desk.store.begin() as tx:
        approve(
            tx, newer, findings=(), author="ben", approver="ana", credential="PT",
            review_by=TODAY + timedelta(days=30), now=desk.now + timedelta(days=1),
        )  # fmt: skip
    assert offer_on(desk, TODAY).edition == newer.sha256
