import json
import os
import stat
from base64 import urlsafe_b64decode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import KeyringError
from pipeline.keys import Keyring, TokenPurpose, create_keyring, load_keyring

RING = Keyring.generate()
IDS = st.integers(min_value=0, max_value=(1 << 48) - 1)


@given(st.text(), st.text())
@settings(deadline=None, max_examples=50)
def test_what_is_sealed_opens_again_for_the_same_record(plain, record):
    assert RING.open(RING.seal(plain, record=record), record=record) == plain


def test_a_value_moved_to_another_row_does_not_open():
    sealed = RING.seal("Ana", record="patients.given/1")
    with pytest.raises(KeyringError, match="does not open"):
        RING.open(sealed, record="patients.given/2")


def test_the_same_value_is_sealed_differently_each_time():
    assert RING.seal("Ana", record="r") != RING.seal("Ana", record="r")


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_sealed_value_with_one_bit_changed_does_not_open(place):
    sealed = bytearray(RING.seal("Ana", record="r"))
    sealed[place] ^= 1
    with pytest.raises(KeyringError):
        RING.open(bytes(sealed), record="r")


@pytest.mark.parametrize("length", [0, 1, 5, 20])
def test_a_sealed_value_cut_short_does_not_open(length):
    with pytest.raises(KeyringError):
        RING.open(RING.seal("Ana", record="r")[:length], record="r")


def test_a_value_sealed_by_another_clinics_key_does_not_open():
    with pytest.raises(KeyringError, match="key file"):
        Keyring.generate().open(RING.seal("Ana", record="r"), record="r")


def test_digests_find_equal_values_and_differ_by_purpose_and_ring():
    assert RING.digest("a@example.org", purpose="address") == RING.digest("a@example.org", purpose="address")
    assert RING.digest("a", purpose="address") != RING.digest("a", purpose="record")
    assert RING.digest("a", purpose="address") != Keyring.generate().digest("a", purpose="address")


def test_purpose_and_value_cannot_be_shifted_into_each_other():
    assert RING.digest("bc", purpose="a") != RING.digest("c", purpose="ab")


@given(IDS, st.sampled_from(TokenPurpose))
@settings(deadline=None, max_examples=100)
def test_a_token_gives_back_its_subject_for_its_own_purpose_only(subject, purpose):
    token = RING.token(purpose, subject)
    assert RING.read_token(token, purpose) == subject
    for other in set(TokenPurpose) - {purpose}:
        assert RING.read_token(token, other) is None


@given(IDS, st.integers(0, 31), st.sampled_from("ABCxyz019-_"))
@settings(deadline=None, max_examples=100)
def test_a_token_with_any_sign_changed_is_refused(subject, place, sign):
    token = RING.token(TokenPurpose.VIEW, subject)
    forged = token[:place] + sign + token[place + 1 :]
    if forged != token:
        assert RING.read_token(forged, TokenPurpose.VIEW) is None


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_other_text_is_no_token(text):
    assert RING.read_token(text, TokenPurpose.VIEW) is None


def test_a_token_is_url_safe_and_shows_nothing_of_its_subject():
    tokens = [RING.token(TokenPurpose.VIEW, subject) for subject in (1, 2, 3)]
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)
    hidden = [urlsafe_b64decode(token)[7:13] for token in tokens]
    assert all(int.from_bytes(each, "big") not in {1, 2, 3} for each in hidden)
    assert len({each[:5] for each in hidden}) == len(tokens)


def test_a_rotated_ring_still_opens_finds_and_verifies_what_the_old_key_made():
    old = Keyring.generate()
    sealed, token = old.seal("Ana", record="r"), old.token(TokenPurpose.VIEW, 7)
    new = old.rotated()
    assert new.open(sealed, record="r") == "Ana"
    assert new.read_token(token, TokenPurpose.VIEW) == 7
    assert old.digest("a", purpose="address") in new.digests("a", purpose="address")
    assert new.digest("a", purpose="address") == new.digests("a", purpose="address")[0]
    assert new.digest("a", purpose="address") != old.digest("a", purpose="address")
    assert len(new) == len(old) + 1


def test_what_a_rotated_ring_makes_the_old_one_does_not_know():
    old = Keyring.generate()
    new = old.rotated()
    assert old.read_token(new.token(TokenPurpose.VIEW, 7), TokenPurpose.VIEW) is None
    with pytest.raises(KeyringError, match="not in the key file"):
        old.open(new.seal("Ana", record="r"), record="r")


def test_a_ring_written_out_and_read_back_is_the_same():
    ring = Keyring.generate().rotated()
    again = Keyring.from_text(ring.to_text(), name="keys.json")
    assert again.open(ring.seal("Ana", record="r"), record="r") == "Ana"
    assert again.to_text() == ring.to_text()


def test_a_rings_repr_shows_no_secret():
    ring = Keyring.generate()
    (secret,) = json.loads(ring.to_text())["keys"].values()
    assert secret not in repr(ring)
    assert repr(ring) == "<Keyring of 1>"


def _changed(**changes) -> str:
    return json.dumps({**json.loads(RING.to_text()), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '"keys"', RING.to_text()[:40], _changed(current=9), _changed(current=None),
        _changed(keys={}), _changed(keys={"1": "AAAA"}), _changed(keys={"1": "not base64!"}),
        _changed(keys={"0": json.loads(RING.to_text())["keys"]["1"]}, current=0), _changed(keys=[1]),
    ],
)  # fmt: skip
def test_a_malformed_key_file_is_named_without_showing_what_is_in_it(text):
    with pytest.raises(KeyringError) as caught:
        Keyring.from_text(text, name="keys.json")
    assert "keys.json" in str(caught.value)
    assert "backup" in str(caught.value)
    assert json.loads(RING.to_text())["keys"]["1"] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_new_key_file_is_readable_by_its_owner_only(tmp_path):
    previous = os.umask(0)
    try:
        create_keyring(tmp_path / "keys.json")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(tmp_path):
    path = tmp_path / "keys.json"
    create_keyring(path)
    before = path.read_bytes()
    with pytest.raises(KeyringError, match="never overwritten"):
        create_keyring(path)
    assert path.read_bytes() == before


def test_a_key_file_in_a_folder_that_is_not_there_cannot_be_written(tmp_path):
    with pytest.raises(KeyringError, match="cannot be written"):
        create_keyring(tmp_path / "nowhere" / "keys.json")


def test_the_key_file_is_used_unless_the_environment_holds_the_keys(tmp_path):
    from_file = create_keyring(tmp_path / "keys.json")
    from_environment = Keyring.generate()
    assert load_keyring(tmp_path / "keys.json", None).to_text() == from_file.to_text()
    loaded = load_keyring(tmp_path / "keys.json", from_environment.to_text())
    assert loaded.to_text() == from_environment.to_text()


def test_a_missing_key_file_says_so_with_its_place(tmp_path):
    with pytest.raises(KeyringError, match="does not exist") as caught:
        load_keyring(tmp_path / "keys.json", None)
    assert str(tmp_path / "keys.json") in str(caught.value)


def test_a_key_file_that_is_not_text_or_a_folder_cannot_be_read(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("binary", "."):
        with pytest.raises(KeyringError, match="cannot be read"):
            load_keyring(tmp_path / name, None)
