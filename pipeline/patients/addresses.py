"""Email addresses: which ones mail can be sent to, in words for staff, and when two are the same.

In charge of: the shape of an address (RFC 5321, RFC 5322 through the ``email-validator`` library, without
DNS) and the key it is compared by. Not in charge of: whether anyone may be mailed (``eligibility``).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from pipeline.patients.wording import shown

#: Invisible characters that spreadsheets and web pages leave at the ends of a copied address.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_TRIM = f" \t\r\n\u00a0{_INVISIBLE}"

#: RFC 5322, 3.2.3: what needs no quotes before the @; lengths of RFC 5321, 4.5.3.1, with room for the
#: domain's ASCII form below the library's own limit of 254.
_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LONGEST_LOCAL = 64
_LONGEST_ASCII = 150

#: What nearly all addresses look like; none of the mistakes below is made in it.
_PLAIN = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE | re.ASCII)

_SEVERAL = re.compile(r"@[^@]*[;,\s/|]+[^@]*@")

#: Checked in this order before the library: what staff most often type, in words they can act on.
_MISTAKES: tuple[tuple[Callable[[str], object], str], ...] = (
    (_SEVERAL.search, "holds more than one address: keep one"),
    (lambda text: "<" in text or text.lower().startswith("mailto:"), "holds more than the address itself"),
    (lambda text: text.startswith(("=", "|")), "looks like a spreadsheet formula, not an address"),
    (lambda text: text.startswith('"'), "has quotes before the @, which many mail services refuse"),
    (lambda text: "@" not in text, "has no @"),
    (lambda text: text.count("@") > 1, "has more than one @"),
    (lambda text: text.startswith("@"), "has nothing before the @"),
    (lambda text: text.endswith("@"), "has nothing after the @"),
    (lambda text: re.search(r"\s", text), "has a space in it"),
    (lambda text: not text.split("@")[0].isascii(), "has letters before the @ that are not plain a to z"),
    (lambda text: ".." in text, "has two dots in a row"),
    (lambda text: text.startswith(".") or ".@" in text, "has a dot at the edge of the part before the @"),
    (lambda text: text.endswith("."), "ends with a dot"),
    (lambda text: "." not in text.split("@")[1], "has no domain ending"),
    (lambda text: re.search(r"\.[A-Za-z]$", text), "has a domain ending of one letter"),
)


def trimmed(text: str) -> str:
    """The address without the blanks and invisible characters around it; otherwise as written."""
    return text.strip(_TRIM)


def address_problem(text: str) -> str | None:
    """What is wrong with the address as a sentence for staff that quotes it; None where it is fine.

    ``text`` is trimmed and not blank. Internationalised domains are fine; quoted and non-ASCII local parts
    are not (DESIGN 9.5).
    """
    if not _PLAIN.fullmatch(text):
        for is_made, words in _MISTAKES:
            if is_made(text):
                return f"{shown(text)} {words}"
    try:
        _parts(text)
    except EmailNotValidError as error:
        return f"{shown(text)} is not an email address: {error}"
    return None


def address_key(text: str) -> str:
    """What two addresses are compared by: the whole address, casefolded; no dots or tags are merged.

    The domain is in its ASCII form (RFC 5891), so that both spellings of one international domain meet,
    and casefolding cannot turn one domain into another (ß and ss). Text that is no valid address is its
    own casefolded key.
    """
    text = trimmed(text)
    try:
        local, domain = _parts(text)
    except EmailNotValidError:
        return text.casefold()
    return f"{local.casefold()}@{domain}"


def wire_address(text: str) -> str:
    """A valid address as mail APIs and headers take it: as written, its domain in ASCII form."""
    local, domain = _parts(trimmed(text))
    return f"{local}@{domain}"


def _parts(text: str) -> tuple[str, str]:
    """Local part as written, domain in ASCII lower case. Raises EmailNotValidError."""
    local, _, domain = text.rpartition("@")
    if len(local) <= _LONGEST_LOCAL and len(text) <= _LONGEST_ASCII and _DOT_ATOM.fullmatch(local):
        return local, _ascii_domain(domain)
    valid = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    return valid.local_part, valid.ascii_domain.lower()


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    """Patients share few domains, and a domain is most of the work."""
    valid = validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=False, strict=True)
    return valid.ascii_domain.lower()
