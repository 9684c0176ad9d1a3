import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rendering.compose import Composer, MessageRefusedError, address, compose, compose_many, joiner
from pipeline.rendering.model import Skeleton, Slot


def test_a_message_greets_by_name_and_carries_the_links_in_both_bodies(
    edition, make_recipient, links
) -> None:
    message = compose(edition, 1, make_recipient(given="Ana"), trial=False)
    assert "Hello Ana," in message.text
    assert ">Hello Ana,<" in message.html
    for link in links.values():
        assert link in message.text
        assert link.replace("&", "&amp;") in message.html


@pytest.mark.parametrize("given_name", [None, "", "  ", "\u202e\x00"])
def test_without_a_name_the_greeting_stands_alone(edition, make_recipient, given_name) -> None:
    message = compose(edition, 1, make_recipient(given=given_name), trial=False)
    assert ">Hello,<" in message.html
    assert "\nHello,\n" in message.text


def test_a_hostile_name_is_only_ever_text(edition, make_recipient) -> None:
    message = compose(
        edition, 1, make_recipient(given='<img src=x onerror="x">\r\nBcc: a@b\u202e'), trial=False
    )
    assert "<img src=x" not in message.html
    assert "Hello &lt;img src=x onerror=&#34;x&#34;&gt; Bcc: a@b," in message.html
    assert 'Hello <img src=x onerror="x"> Bcc: a@b,' in message.text.splitlines()


def test_the_trial_banner_is_in_a_trial_and_only_there(edition, make_recipient) -> None:
    for trial in (True, False):
        message = compose(edition, 1, make_recipient(), trial=trial)
        assert ("draft for checking" in message.html) is trial
        assert ("draft for checking" in message.text) is trial


def test_the_headers_say_list_unsubscribe_and_automatic(edition, make_recipient, links) -> None:
    message = compose(edition, 1, make_recipient(key="k-1"), trial=False)
    assert message.headers == (
        ("List-Unsubscribe", f"<{links[Slot.UNSUBSCRIBE_URL]}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "<first-weeks.clinic.example.org>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Delivery-Key", "k-1"),
    )
    assert message.message_id == "<k-1@clinic.example.org>"


def test_the_same_delivery_gives_the_same_message_and_another_domain_can_be_set(
    edition, make_recipient
) -> None:
    assert compose(edition, 2, make_recipient(), trial=True) == compose(
        edition, 2, make_recipient(), trial=True
    )
    other = compose(edition, 2, make_recipient(message_domain="mail.example.org"), trial=True)
    assert other.message_id.endswith("@mail.example.org>")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "https://a.example/x y", 'https://a.example/"x', "https://a.example/<", "",
     "https://a.example/\r\nBcc:x", "https://a.example/é", "https://a.example/'",
     "https://a.example/" + "x" * 900],
)  # fmt: skip
def test_a_link_that_could_break_out_is_refused(edition, make_recipient, links, link: str) -> None:
    for slot in links:
        with pytest.raises(MessageRefusedError):
            compose(edition, 1, make_recipient(links={**links, slot: link}), trial=False)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nBcc: x", "a@b", "<a>", ".a", "é"])
def test_a_key_that_could_forge_a_header_is_refused(edition, make_recipient, key: str) -> None:
    with pytest.raises(MessageRefusedError):
        compose(edition, 1, make_recipient(key=key), trial=False)


@pytest.mark.parametrize(
    "to",
    ["ana", "ana@", "@example.org", "ana@example", "ana@example.org\r\nBcc: x@example.org",
     "a@example.org,b@example.org",
     "Ana <ana@example.org>", '"a b"@example.org', "jörg@example.org", "a..b@example.org", "a@-example.org",
     "a" * 65 + "@example.org", "ana@example.org "],
)  # fmt: skip
def test_an_address_that_is_not_one_plain_mailbox_is_refused_without_showing_it(to: str) -> None:
    with pytest.raises(MessageRefusedError) as error:
        address(to)
    assert to not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


def test_an_international_domain_is_written_in_ascii() -> None:
    assert address("ana@bücher.example.org") == "ana@xn--bcher-kva.example.org"


def test_many_messages_are_what_one_by_one_gives(edition, make_recipient) -> None:
    recipients = [make_recipient(given=name, key=f"k-{name}") for name in ("Ana", "Ben", "Cem")]
    one_by_one = [compose(edition, 3, recipient, trial=True) for recipient in recipients]
    assert list(compose_many(edition, 3, recipients, trial=True)) == one_by_one


def test_a_part_that_is_not_there_is_a_lookup_error(edition) -> None:
    with pytest.raises(LookupError):
        Composer(edition, 9, trial=True)


def test_neither_recipient_nor_message_shows_the_patient_in_its_repr(edition, make_recipient) -> None:
    recipient = make_recipient(given="Wilhelmina", to="wilhelmina@example.org")
    message = compose(edition, 1, recipient, trial=False)
    for shown in (repr(recipient), repr(message)):
        assert "ilhelmina" not in shown
        assert "patients.clinic.example.org" not in shown.replace(repr(message.headers), "")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(list(Slot)), st.text()), max_size=8), st.text())
def test_the_fast_joiner_gives_what_the_skeleton_gives(pairs, first: str) -> None:
    skeleton = Skeleton(
        literals=(first, *(text for _, text in pairs)), slots=tuple(slot for slot, _ in pairs)
    )
    values = {slot: f"<{slot}>" for slot in Slot}
    assert joiner(skeleton)(values) == skeleton.join(values)
