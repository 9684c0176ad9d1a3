import json
from dataclasses import replace

import pytest

from pipeline.errors import TemplateError
from pipeline.rendering.edition import FORM, from_bytes, sealed, to_bytes


def test_an_edition_comes_back_exactly(edition) -> None:
    data = to_bytes(edition)
    assert from_bytes(data) == edition
    assert to_bytes(from_bytes(data)) == data


def test_the_hash_covers_every_field_but_itself(edition) -> None:
    fields = json.loads(to_bytes(edition))["edition"]
    assert "sha256" not in fields
    assert sealed(edition) == edition


def test_one_changed_byte_changes_the_hash(edition) -> None:
    data = to_bytes(edition).replace(b"Hello {name}", b"Hallo {name}")
    assert from_bytes(data).sha256 != edition.sha256


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"form":1,"edition":{}}', b"[]"])
def test_bytes_that_are_no_edition_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(TemplateError, match="cannot be read"):
        from_bytes(data)


def test_a_newer_form_says_so(edition) -> None:
    data = to_bytes(edition).replace(b'"form":%d' % FORM, b'"form":%d' % (FORM + 1))
    with pytest.raises(TemplateError, match="newer"):
        from_bytes(data)


def test_an_edition_from_before_calendars_still_opens(edition) -> None:
    whole = json.loads(to_bytes(edition))
    whole["form"] = 1
    for each in (whole["edition"], *whole["edition"]["parts"]):
        del each["calendar"]
    old = from_bytes(json.dumps(whole).encode())
    assert replace(old, sha256=edition.sha256) == edition
