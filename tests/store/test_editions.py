from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from pipeline.errors import StoreError
from pipeline.series.model import Purpose
from pipeline.store import editions, users
from pipeline.store.schema import editions as table

REVIEW_BY = date(2027, 1, 1)


def save(clinic, canonical: bytes = b"canonical", series: str = "first-weeks"):
    made = clinic.edition(canonical, series)
    with clinic.store.begin() as tx:
        return made, editions.save_edition(tx, made, canonical, now=clinic.now)


def sign(clinic, sha256: str, name: str, review_by: date = REVIEW_BY):
    with clinic.store.begin() as tx:
        user = users.find_user(tx, name) or users.add_user(
            tx, name=name, display=name.title(), credential="DPT", now=clinic.now
        )
        return editions.approve(
            tx, sha256, user=user, credential="PT, DPT", review_by=review_by, now=clinic.now
        )


def test_an_edition_comes_back_byte_for_byte(clinic):
    canonical = bytes(range(256)) * 40
    made, saved = save(clinic, canonical)
    assert saved
    with clinic.store.read() as tx:
        assert editions.edition_bytes(tx, made.sha256) == canonical
        row = editions.find_edition(tx, made.sha256)
    assert (row.series, row.title, row.language, row.purpose) == (
        made.series, made.title, made.language, Purpose.TREATMENT,
    )  # fmt: skip
    assert (row.parts, row.created_at) == (len(made.parts), clinic.now)


def test_an_edition_is_kept_once(clinic):
    assert save(clinic)[1]
    assert not save(clinic)[1]


def test_bytes_that_are_not_what_the_hash_says_are_not_kept(clinic):
    made = replace(clinic.edition(b"canonical"), sha256="0" * 64)
    with pytest.raises(ValueError, match="SHA-256"), clinic.store.begin() as tx:
        editions.save_edition(tx, made, b"canonical", now=clinic.now)


def test_bytes_that_were_changed_in_the_database_are_never_handed_out(clinic):
    made, _ = save(clinic)
    with clinic.store.begin() as tx:
        tx.connection.execute(update(table).values(canonical=b"Canonical"))
    with pytest.raises(StoreError, match="not what was approved"), clinic.store.read() as tx:
        editions.edition_bytes(tx, made.sha256)


def test_an_edition_that_is_not_there_is_an_error_for_people(clinic):
    with pytest.raises(StoreError, match="no edition"), clinic.store.read() as tx:
        editions.edition_bytes(tx, "f" * 64)


def test_the_newest_signature_counts_and_says_who_gave_it(clinic):
    signed, _ = save(clinic)
    unsigned, _ = save(clinic, b"unsigned")
    sign(clinic, signed.sha256, "ana")
    newest = sign(clinic, signed.sha256, "ben", date(2026, 12, 1))
    with clinic.store.read() as tx:
        assert editions.approvals_of(tx, [signed.sha256, unsigned.sha256]) == {signed.sha256: newest}
    assert (newest.user, newest.display, newest.credential) == ("ben", "Ben", "PT, DPT")
    assert (newest.review_by, newest.approved_at) == (date(2026, 12, 1), clinic.now)


def test_the_last_person_who_changed_a_series_is_known(clinic):
    with clinic.store.begin() as tx:
        assert editions.last_changed_by(tx, "first-weeks") is None
        for user, series in (("ana", "first-weeks"), ("ben", "first-weeks"), ("cara", "other")):
            editions.record_change(tx, series, user=user, now=clinic.now)
        assert editions.last_changed_by(tx, "first-weeks") == "ben"


def test_editions_are_listed_by_series(clinic):
    first, _ = save(clinic)
    other, _ = save(clinic, b"other", "other")
    with clinic.store.read() as tx:
        assert [row.sha256 for row in editions.editions_of(tx, "first-weeks")] == [first.sha256]
        assert {row.sha256 for row in editions.editions_of(tx)} == {first.sha256, other.sha256}


def test_a_users_name_is_taken_once(clinic):
    with clinic.store.begin() as tx:
        ana = users.add_user(tx, name="ana", display="Ana Example", credential="DPT", now=clinic.now)
        users.add_user(tx, name="Ben", display="Ben Example", credential="", now=clinic.now)
        assert users.find_user(tx, "ana") == ana
        assert users.find_user(tx, "nobody") is None
        assert [user.name for user in users.list_users(tx)] == ["Ben", "ana"]
        with pytest.raises(StoreError, match="already"):
            users.add_user(tx, name="ana", display="Another", credential="", now=clinic.now)
