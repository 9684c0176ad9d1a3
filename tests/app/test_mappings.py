"""A clinic's column mappings on disk: found by name, written once, never through another folder."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.app.mappings import load_mapping, mapping_names, save_mapping
from pipeline.errors import NotAllowedError, PipelineError, RosterError
from pipeline.patients.columns import PRESETS, WEBPT, ColumnMapping, Field, plain
from pipeline.patients.model import DateOrder, VisitStatus

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
spoken = words.filter(plain)
mappings = st.builds(
    ColumnMapping,
    name=st.just("ours"),
    columns=st.dictionaries(
        st.sampled_from(Field), st.lists(words, min_size=1, max_size=3).map(tuple), min_size=1
    ),
    times_are_utc=st.booleans(),
    date_order=st.none() | st.sampled_from(DateOrder),
    statuses=st.dictionaries(spoken.map(plain), st.sampled_from(VisitStatus), max_size=4),
    answers=st.dictionaries(spoken.map(plain), st.booleans(), max_size=3),
    is_saved=st.just(True),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mapping=mappings)
def test_whatever_a_mapping_says_is_read_back_from_its_file(tmp_path_factory, mapping) -> None:
    folder = tmp_path_factory.mktemp("clinic")
    save_mapping(folder, mapping)

    assert load_mapping(folder, "ours") == mapping
    assert save_mapping(folder, mapping).read_text(encoding="utf-8"), "the same again is no change"


@pytest.mark.parametrize("preset", PRESETS, ids=lambda each: each.name)
def test_the_bundled_ones_are_there_without_any_file(tmp_path, preset) -> None:
    assert load_mapping(tmp_path, preset.name) is preset
    assert not preset.is_saved
    assert preset.name in mapping_names(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_clinics_own_mapping_goes_before_a_bundled_one(tmp_path) -> None:
    own = replace(WEBPT, columns={Field.EMAIL: ("Mail",)}, is_saved=True)
    save_mapping(tmp_path, own)

    assert load_mapping(tmp_path, "webpt") == own


def test_another_mapping_of_that_name_is_left_alone(tmp_path) -> None:
    first = replace(WEBPT, name="desk", is_saved=True)
    path = save_mapping(tmp_path, first)
    before = path.read_bytes()

    with pytest.raises(NotAllowedError, match="something else"):
        save_mapping(tmp_path, replace(first, times_are_utc=True))

    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../keys", "a/b", "a.b", ".hidden", "x" * 51, "a b"])
def test_a_name_never_leads_out_of_the_folder(tmp_path, name: str) -> None:
    with pytest.raises(RosterError, match="no name for a mapping"):
        load_mapping(tmp_path, name)
    with pytest.raises(RosterError, match="no name for a mapping"):
        save_mapping(tmp_path, replace(WEBPT, name=name))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[columns", "not valid TOML"),
        ("\xff", "not valid TOML"),
        ("[columns]\n", "needs a table 'columns'"),
        ("[columns]\nemial = 'x'", "did you mean 'email'"),
        ("date_oder = 'x'\n[columns]\nemail = 'x'", "did you mean 'date_order'"),
        ("date_order = 'mdy'\n[columns]\nemail = 'x'", "month_first"),
        ("times = 'UTC'\n[columns]\nemail = 'x'", "local, utc"),
        ("[columns]\nemail = 'x'\n[statuses]\ncancelled = ['y']", "did you mean 'canceled'"),
        ("[columns]\nemail = 'x'\n[answers]\nzzz = ['y']", "yes, no"),
        ("statuses = 3\n[columns]\nemail = 'x'", "has to be a table"),
    ],
)
def test_a_broken_file_is_told_with_its_place_and_a_way_out(tmp_path, text: str, says: str) -> None:
    (tmp_path / "mappings").mkdir()
    path = tmp_path / "mappings" / "ours.toml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(PipelineError) as caught:
        load_mapping(tmp_path, "ours")

    assert says.casefold() in str(caught.value).casefold()
    assert str(path) in str(caught.value)
