"""Every page is valid HTML: staff pages, previews, patients' pages."""

from pathlib import Path

import pytest

from pipeline.keys import TokenPurpose
from tests.peers import VNU
from tests.validators import broken, nu_errors
from tests.web.conftest import PATHS, Site

PREVIEW = (
    "/preview", "/preview/parts/1", "/preview/parts/2?look=text", "/preview/parts/2?look=source",
    "/preview/parts/2?look=headers", "/preview/parts/2?scheme=dark&images=off", "/preview/parts/99",
)  # fmt: skip


@pytest.fixture
def pages(site: Site) -> dict[str, str]:
    """What staff and a patient can open, also after a yes, and where a link is wrong."""
    staff = {path: site.staff.get(path).text for path in ("/", "/deliveries", "/nothing", *PREVIEW)}
    links = [site.link(purpose) for purpose in PATHS]
    patients = {path[:3]: site.public.get(path).text for path in links}
    unsubscribed = site.public.post(site.link(TokenPurpose.UNSUBSCRIBE)).text
    return {**staff, **patients, "cut off": site.public.get("/u/cut-off").text, "unsubscribed": unsubscribed}


def test_every_page_is_valid(pages: dict[str, str]) -> None:
    assert all("</html>" in html for html in pages.values())
    assert broken(pages) == {}


@pytest.mark.parametrize("jar", VNU, ids=["vnu"] * len(VNU))
def test_the_nu_validator_finds_no_error(jar: Path, pages: dict[str, str], tmp_path: Path) -> None:
    assert nu_errors(jar, pages, tmp_path) == []
