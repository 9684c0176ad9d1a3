"""Addresses: what staff type, what mail can reach, and when two addresses are one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.patients.addresses import address_key, address_problem, trimmed, wire_address


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org",
        "Ana.Maple+PT@Example.ORG",
        "o'brien@example.org",
        "a@xn--bcher-kva.example.org",
        "ana@bücher.example.org",
        "a@пример.рф",
        "_x-1@mail.example.co.uk",
        "x" * 64 + "@example.org",
    ],
)
def test_an_address_that_mail_can_reach_is_fine(address: str) -> None:
    assert address_problem(address) is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ana@clinic", "has no domain ending"),
        ("ana", "has no @"),
        ("@example.org", "has nothing before the @"),
        ("ana@", "has nothing after the @"),
        ("ana@@example.org", "has more than one @"),
        ("ana@example.org; bo@example.org", "holds more than one address"),
        ("ana@example.org / bo@example.org", "holds more than one address"),
        ("Ana <ana@example.org>", "holds more than the address itself"),
        ("mailto:ana@example.org", "holds more than the address itself"),
        ('"ana maple"@example.org', "has quotes before the @"),
        ("jörg@example.org", "are not plain a to z"),
        ("ana maple@example.org", "has a space"),
        ("ana..m@example.org", "two dots in a row"),
        ("ana.@example.org", "has a dot at the edge"),
        (".ana@example.org", "has a dot at the edge"),
        ("ana@example.org.", "ends with a dot"),
        ("ana@example.o", "domain ending of one letter"),
        ("ana@exa_mple.org", "is not an email address"),
        ("ana@-example.org", "is not an email address"),
        ("ana@[192.0.2.1]", "is not an email address"),
        ("ana@192.0.2.1", "is not an email address"),
        ("ana@clinic.test", "is not an email address"),
        ("x" * 65 + "@example.org", "is not an email address"),
        ("a@" + ".".join(["x" * 60] * 5) + ".org", "is not an email address"),
    ],
)
def test_a_mistake_is_told_in_words_that_quote_the_address(address: str, words: str) -> None:
    problem = address_problem(address)
    assert problem is not None
    assert words in problem
    assert problem.startswith(f"'{address[:40]}")


@pytest.mark.parametrize("around", ["  {} ", "\u00a0{}", "{}\u200b", "\ufeff{}", "\t{}\n"])
def test_blanks_and_invisible_characters_around_a_copied_address_are_taken_off(around: str) -> None:
    assert trimmed(around.format("ana@example.org")) == "ana@example.org"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Example.org", "ana@example.ORG"),
        ("ana@bücher.example.org", "ana@XN--BCHER-KVA.example.org"),
        (" ana@example.org\u200b", "ana@example.org"),
    ],
)
def test_two_spellings_of_one_address_have_one_key(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.maple@example.org", "anamaple@example.org"),
        ("ana+pt@example.org", "ana@example.org"),
        ("anna-marie@example.org", "anna@example.org"),
        ("ana@straße.de", "ana@strasse.de"),
    ],
)
def test_dots_tags_and_letters_that_only_look_alike_are_never_merged(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


def test_the_wire_form_keeps_the_local_part_and_makes_the_domain_ascii() -> None:
    assert wire_address("Ana.M@bücher.example.org") == "Ana.M@xn--bcher-kva.example.org"


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.text(max_size=40))
def test_whatever_stands_in_the_cell_there_is_an_answer_and_the_key_is_stable(text: str) -> None:
    text = trimmed(text)
    problem = address_problem(text) if text else "blank"
    assert problem is None or problem
    assert address_key(address_key(text)) == address_key(text)
