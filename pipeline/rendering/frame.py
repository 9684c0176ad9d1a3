"""Everything around the article that an email needs: who writes, how it looks, what it must say.

In charge of: the ``Frame`` value, and gathering it from the configuration and the content folders. Not
in charge of: the article (``series``) or the templates themselves (``loader``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Config
from pipeline.errors import ConfigError, Place
from pipeline.rendering.colours import check_brand
from pipeline.rendering.loader import TemplateSource
from pipeline.rendering.model import Attachment
from pipeline.rendering.pictures import PictureRefusedError, attachment
from pipeline.rendering.safety import SafetyText, load_safety
from pipeline.rendering.texts import Catalog
from pipeline.sections.clinic import Brand, Clinic, Sender

#: A logo is in every email: larger ones cost every patient, every time.
LOGO_LIMIT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every part. Plain data: compiling reads nothing else."""

    clinic: Clinic
    sender: Sender
    brand: Brand
    #: By language tag, as the files have it (placeholders open).
    safety: Mapping[str, SafetyText]
    #: Frame texts by language tag; English needs none.
    catalogs: Mapping[str, Catalog]
    #: Start of patients' links, without a trailing slash.
    public_url: str
    words_per_minute: int
    logo: Attachment | None = None
    #: Where the settings come from, for messages.
    file: str = "config.toml"


def load_frame(config: Config, *, templates: TemplateSource, content: Sequence[Path]) -> Frame:
    """The frame from ``config``; ``content`` are the content folders, the clinic's own first.

    Raises ConfigError (colour, logo) and TemplateError (safety texts, catalogs), each with its place.
    """
    check_brand(config.brand.colour, file=config.file)
    return Frame(
        clinic=config.clinic,
        sender=config.sender,
        brand=config.brand,
        safety=load_safety(content),
        catalogs=templates.catalogs(),
        public_url=config.web.public_url.rstrip("/"),
        words_per_minute=config.splitting.words_per_minute,
        logo=_logo(config),
        file=config.file,
    )


def _logo(config: Config) -> Attachment | None:
    if config.brand.logo is None:
        return None
    path = config.path(config.brand.logo)
    where = Place(file=config.file, key="brand.logo")
    mend = f"put a PNG or JPEG of at most {LOGO_LIMIT // 1000} KB there"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The logo {path} cannot be read.", where=where, mend=mend) from error
    if len(data) > LOGO_LIMIT:
        raise ConfigError(f"The logo {path.name} has {len(data) // 1000} KB.", where=where, mend=mend)
    try:
        return attachment(data, name="logo")
    except PictureRefusedError as error:
        what = f"The logo {path.name} is no picture we can send: {error}."
        raise ConfigError(what, where=where, mend=mend) from error
