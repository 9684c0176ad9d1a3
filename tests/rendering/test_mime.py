import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.rendering.compose import Composer, compose
from pipeline.rendering.headers import HeaderRefusedError, address_header, header
from pipeline.rendering.mime import MimeComposer, quoted_printable, to_mime

DATE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
#: Names that an encoding could stumble over.
HARD = st.sampled_from(
    [
        "x" * 1000,
        "= é" * 300,
        "עדי",
        "ליאור ليلى",
        "👩‍👩‍👧‍👦 Kim",
        'O\'Neil & "Sons" <b>',
        "a\r\nBcc: b\n\nc",
        "=3D=",
        ". ",
    ]
)
printable = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co"]),
    min_size=1,
)


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert not message.defects
    return message


def by_the_standard_library(message) -> EmailMessage:
    """The same message as the standard library writes and reads it."""
    made = EmailMessage(policy=email.policy.SMTP)
    local, _, domain = message.from_address.partition("@")
    made["From"] = Address(message.from_name, local, domain)
    made["To"] = message.to
    made["Reply-To"] = message.reply_to
    made["Subject"] = message.subject
    made["Date"] = format_datetime(DATE)
    made["Message-ID"] = message.message_id
    for name, value in message.headers:
        made[name] = value
    made.set_content(message.text, cte="quoted-printable")
    made.add_alternative(message.html, subtype="html", cte="quoted-printable")
    body = made.get_payload()[1]
    for picture in message.pictures:
        maintype, subtype = picture.media_type.split("/")
        body.add_related(
            picture.data,
            maintype,
            subtype,
            cid=f"<{picture.cid}>",
            filename=picture.filename,
            disposition="inline",
        )
    return parsed(made.as_bytes())


def read_back(line: bytes) -> str:
    """A header's value as RFC 2047 says; the newer parser of Python 3.11 loses no-break spaces."""
    _, _, value = line.decode("ascii").removesuffix("\r\n").replace("\r\n", "").partition(": ")
    return str(make_header(decode_header(value)))


def shape(message: EmailMessage) -> list[tuple[str, object]]:
    """Structure and content, without the boundaries and the spelling of the encoding."""
    leaves = []
    for part in message.walk():
        content = None if part.is_multipart() else part.get_content()
        if isinstance(content, str):
            content = content.replace("\r\n", "\n")
        identity = (part.get("Content-ID"), part.get_filename(), part.get_content_disposition())
        leaves.append((part.get_content_type(), identity, content))
    return leaves


def heads(message: EmailMessage) -> dict[str, str]:
    names = {name for name in message.keys() if not name.lower().startswith(("content-", "mime-"))}  # noqa: SIM118
    # The standard library moves a long link to a line of its own and then reads the fold as a space.
    return {name: str(message[name]).strip() for name in names}


@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("trial", [True, False])
def test_a_message_reads_as_the_standard_librarys_own(
    edition, make_recipient, part: int, *, trial: bool
) -> None:
    message = compose(edition, part, make_recipient(given="Zoë"), trial=trial)
    ours, theirs = parsed(to_mime(message, date=DATE)), by_the_standard_library(message)
    assert shape(ours) == shape(theirs)
    assert heads(ours) == heads(theirs)


def test_the_structure_is_alternative_with_pictures_beside_the_html(edition, make_recipient) -> None:
    with_picture = parsed(to_mime(compose(edition, 2, make_recipient(), trial=False), date=DATE))
    assert [part.get_content_type() for part in with_picture.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    without = parsed(to_mime(compose(edition, 1, make_recipient(), trial=False), date=DATE))
    assert [part.get_content_type() for part in without.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.one_of(st.none(), st.text(max_size=90), HARD))
def test_the_batch_way_reads_as_the_single_way(edition, make_recipient, name: str | None) -> None:
    recipient = make_recipient(given=name)
    composer = Composer(edition, 2, trial=True)
    joined = MimeComposer(composer).to_bytes(recipient, date=DATE)
    single = to_mime(composer.message(recipient), date=DATE)
    assert shape(parsed(joined)) == shape(parsed(single))
    assert heads(parsed(joined)) == heads(parsed(single))
    _lines_are_right(joined)


def _lines_are_right(data: bytes) -> None:
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.isascii()
    head, _, body = data.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert all(len(line) <= 78 for line in body.split(b"\r\n") if b"Content-" not in line)


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r")))
def test_quoted_printable_decodes_to_the_same_text_in_short_lines(text: str) -> None:
    import quopri

    encoded = quoted_printable(text)
    assert quopri.decodestring(encoded).decode().replace("\r\n", "\n") == text
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


@pytest.mark.parametrize("tail", ["", "x", "é", "xx", " ", "\n", "=", "\t"])
@pytest.mark.parametrize("length", range(70, 80))
def test_a_value_between_soft_breaks_never_makes_a_line_too_long(
    edition, make_recipient, length: int, tail: str
) -> None:
    recipient = make_recipient(given="x" * length + tail)
    composer = Composer(edition, 1, trial=False)
    data = MimeComposer(composer).to_bytes(recipient, date=DATE)
    _lines_are_right(data)
    assert shape(parsed(data)) == shape(parsed(to_mime(composer.message(recipient), date=DATE)))


@settings(deadline=None, max_examples=100)
@given(printable)
def test_any_subject_reads_back_and_is_folded(subject: str) -> None:
    line = header("Subject", subject)
    encoded = b"=?" in line
    assert not encoded or all(len(part) <= 76 for part in line.split(b"\r\n"))
    assert read_back(line) == subject


@pytest.mark.parametrize(
    "subject",
    [
        "Part 2 of 5 from Riverbend",
        "Teil 2: Rücken",
        "=?utf-8?q?trick?=",
        "é" * 300,
        "word " * 60 + "end",
        "👩‍👧" * 30,
    ],
)
def test_subjects_of_every_kind_read_back(subject: str) -> None:
    assert read_back(header("Subject", subject)) == subject


@pytest.mark.parametrize(
    "name",
    [
        "Riverbend",
        "Dr. Who, PT",
        'The "Back" Clinic',
        "Clínica Río (Austin)",
        "a\\b",
        "=?x?=",
        "很好诊所" * 12,
    ],
)
def test_senders_of_every_kind_read_back(name: str) -> None:
    line = address_header("From", "series@clinic.example.org", name)
    raw = email.message_from_bytes(line + b"\r\n", policy=email.policy.compat32)["From"]
    display, address = parseaddr("".join(raw.splitlines()))
    assert (str(make_header(decode_header(display))), address) == (name, "series@clinic.example.org")
    assert not email.message_from_bytes(line + b"\r\n", policy=email.policy.default)["From"].defects


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x00b", "a\x1bb"])
def test_a_value_that_would_forge_a_header_is_refused(edition, make_recipient, value: str) -> None:
    message = compose(edition, 1, make_recipient(), trial=False)
    for forged in (
        replace(message, subject=value),
        replace(message, from_name=value),
        replace(message, reply_to=value),
        replace(message, to=value),
        replace(message, message_id=value),
        replace(message, headers=(("X-Delivery-Key", value),)),
    ):
        with pytest.raises(HeaderRefusedError):
            to_mime(forged, date=DATE)


def test_a_header_beyond_the_hard_limit_is_refused() -> None:
    with pytest.raises(HeaderRefusedError, match="too long"):
        header("Subject", "x" * 1200)


def test_no_boundary_can_stand_in_a_body(edition, make_recipient) -> None:
    message = compose(edition, 2, make_recipient(), trial=False)
    data = to_mime(message, date=DATE)
    for boundary in re.findall(rb'boundary="([^"]+)"', data):
        assert boundary.startswith(b"=_")
        bodies = quoted_printable(message.text + message.html)
        assert boundary not in bodies
