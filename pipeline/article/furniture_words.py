"""Lines and words that web pages carry around an article, in English and Spanish.

In charge of: recognising one line as page furniture by its words alone. Not in charge of: where it stands
(``recovery_furniture`` for text, ``html_furniture`` for pages).
"""

import re

_ANYWHERE = (
    (r"(top|bottom) of (the )?page", "a site builder's page mark"),
    (r"(page|p\.|página|seite)\s*\d+(\s*(of|/|de|von)\s*\d+)?", "a page number"),
    (r"(skip|jump) to (the )?(main )?(content|navigation|menu|footer)", "a page's skip link"),
    (r"(ir|saltar) al contenido( principal)?", "a page's skip link"),
    (r"back to (the )?top|(volver|ir) arriba", "a page's jump link"),
    (
        r"(advertisement|advertising|sponsored( content)?|publicidad|anuncio|anzeige)",
        "an advertisement's mark",
    ),
    (
        r"(share|tweet|email|print|pin|save|like|bookmark) (this|the) (post|article|page|story|entry|recipe)",
        "a share link",
    ),
    (r"share (on|via|with) (facebook|twitter|x|linkedin|pinterest|whatsapp|email)\b.*", "a share link"),
    (r"(comparte|compartir|comparta) (este|esta|el|la)? ?(artículo|página|entrada)", "a share link"),
    (
        r"(leave|post|add) a (comment|reply)|no comments( yet)?|\d+ comments?|deja (un|tu) comentario",
        "a comments link",
    ),
    (r"follow us( on .{1,60})?|síguenos( en .{1,60})?", "a link to social media"),
    (r"(subscribe|sign up)( to| for) (our|the) (email )?newsletter.{0,30}", "a sign-up link"),
    (r"(suscríbase|suscríbete) a (nuestro|la) (boletín|newsletter).{0,30}", "a sign-up link"),
    (r"(©|\(c\)|copyright)\s.{0,120}|all rights reserved|todos los derechos reservados", "a copyright line"),
    (
        r"(we|this (site|website|page)) uses? cookies\b.{0,160}|(accept|reject|manage)( all)? cookies",
        "a cookie notice",
    ),
    (r"usamos cookies\b.{0,160}|(aceptar|rechazar)( todas)?( las)? cookies", "a cookie notice"),
    (r"\d+\s*[- ]?min(ute)?s?\s*(read|de lectura)", "a reading-time mark"),
)
_MONTH = (
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre)[a-z]{0,6}\.?"
)
_DATE = (
    rf"({_MONTH}\s\d{{1,2}}(st|nd|rd|th)?,?\s\d{{4}}|\d{{1,2}}(st|nd|rd|th)?\s(de\s)?{_MONTH},?\s(de\s)?\d{{4}}"
    rf"|\d{{4}}-\d\d-\d\d|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}|{_MONTH}\s\d{{4}})"
)
_DATED = (
    rf"((last |page )?(updated|reviewed|modified|published|posted)( on| by)?:?\s*)?{_DATE}"
    r"(\s*[·|•–—-]\s*\d+\s*min(ute)?s?\s*read)?"
)
_AT_THE_EDGE = (
    (_DATED, "a date line of the page"),
    (r"(home|inicio|start)(\s*[>›»/|]\s*[^.>›»|]{1,60})+", "a path of links"),
    (
        r"(related|similar|recommended|more|popular) (articles?|posts?|pages?|stories|reading|topics)",
        "related links",
    ),
    (r"(you (may|might) also like|read next|next article|previous article|read more)", "related links"),
    (r"(artículos|páginas|entradas) relacionad[ao]s|también le puede interesar", "related links"),
    (r"was this (page|article|information) helpful\??|¿le (fue|resultó) útil.{0,40}", "a feedback form"),
)
#: Marks that may stand after a link's words; a full stop makes a sentence of all but notices.
_END = r"[^\w.]*"
_NOTICE_END = r"\W*"
_NOTICES = {"a copyright line", "a cookie notice", "a page number"}


def _compiled(lines: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(pattern + (_NOTICE_END if reason in _NOTICES else _END), re.IGNORECASE), reason)
        for pattern, reason in lines
    )


_ANY = _compiled(_ANYWHERE)
_EDGE = _compiled(_AT_THE_EDGE)

#: One-line entries of menus and footers.
MENU = frozenset(
    """
    home|about|about us|contact|contact us|menu|main menu|search|log in|login|sign in|sign up|
    register|my account|account|news|blog|events|services|our services|our team|team|careers|jobs|
    shop|store|cart|basket|faq|faqs|help|support|subscribe|newsletter|privacy|privacy policy|
    privacy notice|terms|terms of use|terms of service|terms and conditions|cookies|cookie policy|
    sitemap|site map|accessibility|accessibility statement|disclaimer|legal|legal notice|imprint|
    facebook|twitter|x|linkedin|instagram|youtube|pinterest|tiktok|whatsapp|rss|email|print|share|
    tweet|close|open menu|toggle navigation|language|english|español|book now|book online|donate|
    topics|categories|tags|archive|archives|resources|locations|find us|get in touch|back|next|
    previous|yes|no|inicio|quiénes somos|contacto|menú|buscar|iniciar sesión|registrarse|noticias|
    servicios|tienda|ayuda|aviso legal|política de privacidad|política de cookies|mapa del sitio|
    compartir|imprimir
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)


def furniture_reason(line: str, *, at_the_edge: bool) -> str | None:
    """Why ``line`` is page furniture, or None; at the article's edge more lines are."""
    text = " ".join(line.split())
    if len(text) > 200:
        return None
    patterns = (*_ANY, *_EDGE) if at_the_edge else _ANY
    return next((reason for pattern, reason in patterns if pattern.fullmatch(text)), None)


def is_menu_entry(line: str) -> bool:
    """``line`` is an entry that menus and footers have everywhere."""
    return " ".join(line.split()).strip(" ›»>|•·").casefold() in MENU
