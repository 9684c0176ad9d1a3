"""Sample patients with hard names: each comes through in every part, as a name and as nothing else."""

from html import escape

import pytest
from lxml import html

from pipeline.app.authoring import Compiled, Desk
from pipeline.app.samples import SAMPLE_PATIENTS, SamplePatient, browsable, sample_message, sample_patient
from pipeline.app.settings import sample_settings
from pipeline.errors import EnvironmentRefusedError


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return Desk.open(sample_settings()).compiled("first-weeks")


@pytest.mark.parametrize("patient", SAMPLE_PATIENTS, ids=lambda each: each.id)
def test_a_hard_name_is_shown_letter_by_letter_and_changes_nothing_else(
    compiled: Compiled, patient: SamplePatient
) -> None:
    for part in compiled.edition.parts:
        plain = html.document_fromstring(sample_message(compiled, part.number).html)
        message = sample_message(compiled, part.number, patient=patient)
        shown = html.document_fromstring(message.html)
        assert [each.tag for each in shown.iter()] == [each.tag for each in plain.iter()]
        words = shown.find(".//p[@class='greeting']").text_content()
        assert words.replace("\u2068", "").replace("\u2069", "") == (
            f"Hello {patient.given}," if patient.given else "Hello,"
        )
        assert patient.given is None or patient.given in message.text
        assert patient.given is None or patient.given not in str(message.headers)


def test_names_cover_what_emails_get_wrong() -> None:
    names = {each.id: each.given for each in SAMPLE_PATIENTS}
    assert len(names) == len(SAMPLE_PATIENTS)
    assert None in names.values()
    assert "{{7*7}}" in names.values()
    assert any(name and len(name) > 60 for name in names.values())
    assert any(name and len(name) == 1 for name in names.values())
    assert any(name and "\u200d" in name for name in names.values())
    assert any(name and "'" in name and "&" in name and name != escape(name) for name in names.values())


def test_an_unknown_name_lists_them_all_and_says_that_real_patients_are_not_written() -> None:
    with pytest.raises(EnvironmentRefusedError) as error:
        sample_patient("P-1001")
    assert "real patient's values are never written" in str(error.value)
    assert all(each.id in str(error.value) for each in SAMPLE_PATIENTS)


def test_a_browsable_message_holds_its_pictures(compiled: Compiled) -> None:
    pages = [browsable(sample_message(compiled, part.number)) for part in compiled.edition.parts]
    assert any('src="data:image/' in page for page in pages)
    assert not any('"cid:' in page for page in pages)
