"""Who may sign what: another person, with a credential, nothing with open errors, nothing in the past."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from pipeline.actions.approving import Signing, approve, check_signing, propose
from pipeline.actions.offers import current_offer
from pipeline.errors import NotAllowedError
from pipeline.rendering.edition import sealed, to_bytes
from pipeline.rendering.model import Edition, Finding, Severity
from pipeline.rendering.word_difference import Kind
from pipeline.store import editions, users
from tests.actions.desk import TODAY, Desk
from tests.actions.dump import dump
from tests.engine.sample import SERIES, ZONE, edition

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


def terms(desk: Desk, **changes: object) -> Signing:
    usual = {
        "findings": (WARNING,), "author": "ben", "approver": "ana", "credential": " PT, DPT ",
        "review_by": TODAY + timedelta(days=365), "today": TODAY, "now": desk.now,
    }  # fmt: skip
    return Signing(**{**usual, **changes})


def sign(desk: Desk, made: Edition | None = None, **changes: object):
    with desk.store.begin() as tx:
        return approve(tx, made or edition(), terms(desk, **changes))


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
        editions.save_edition(tx, newer, to_bytes(newer), now=desk.now + timedelta(days=1))
    assert offer_on(desk, TODAY).edition == edition().sha256

    desk.later(days=1)
    sign(desk, newer)
    assert offer_on(desk, TODAY).edition == newer.sha256


def test_signing_an_older_editions_bytes_again_goes_back_to_it(desk: Desk) -> None:
    older, newer = edition(), edition(words=30)
    sign(desk, older)
    desk.later(days=1)
    sign(desk, newer)
    desk.later(days=1)

    sign(desk, older, review_by=TODAY + timedelta(days=100))

    assert offer_on(desk, TODAY).edition == older.sha256


def test_the_same_signature_given_twice_is_given_once(desk: Desk) -> None:
    """A command that was interrupted is started again with the same words."""
    first = sign(desk)
    before = dump(desk.store)
    desk.later(hours=1)

    assert sign(desk) == first
    assert dump(desk.store) == before


def test_a_day_that_has_begun_in_the_clinic_alone_is_today(desk: Desk) -> None:
    """At 23:30 in Chicago it is tomorrow in UTC; what counts is the clinic's own calendar."""
    late = datetime.combine(TODAY, time(23, 30), tzinfo=ZONE)
    assert late.astimezone(UTC).date() > TODAY

    tomorrow = TODAY + timedelta(days=1)
    assert sign(desk, review_by=tomorrow, now=late).review_by == tomorrow


def test_what_would_be_signed_is_set_beside_what_was_signed_last(desk: Desk) -> None:
    def proposal(made: Edition):
        with desk.store.read() as tx:
            return propose(tx, made)

    assert proposal(edition()).last is None
    assert proposal(edition()).difference is None

    signed = sign(desk)
    assert proposal(edition()).last == signed
    assert not proposal(edition()).difference.changed

    changed = proposal(edition(words=21)).difference
    assert changed.before == edition().sha256
    added = [
        span.text
        for each in (*changed.around, *(text for part in changed.parts for text in part.texts))
        for line in each.lines
        for span in line
        if span.kind is Kind.ADDED
    ]
    assert added == ["word20"], "the same word in every part is told once"


def test_a_series_in_another_language_is_a_first_edition(desk: Desk) -> None:
    sign(desk)

    with desk.store.read() as tx:
        assert propose(tx, sealed(replace(edition(), language="es-US"))).last is None
        assert propose(tx, sealed(replace(edition(), language="en-GB"))).last is not None


def test_asking_whether_one_may_sign_changes_nothing(desk: Desk) -> None:
    before = dump(desk.store)

    with desk.store.read() as tx:
        assert check_signing(tx, edition(), terms(desk)).display == "Ana Sample, PT"
        with pytest.raises(NotAllowedError, match="open errors"):
            check_signing(tx, edition(), terms(desk, findings=(ERROR,)))

    assert dump(desk.store) == before


def test_signatures_are_kept_newest_first(desk: Desk) -> None:
    sign(desk)
    desk.later(days=1)
    sign(desk, edition(words=30), approver="ben", author="ana")

    with desk.store.read() as tx:
        assert [each.user for each in editions.history(tx, SERIES)] == ["ben", "ana"]
        assert editions.history(tx, "another-series") == ()
