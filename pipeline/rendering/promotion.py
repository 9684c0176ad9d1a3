"""Words that sell: they turn a treatment message into marketing, which needs another permission.

In charge of: finding them, in English and Spanish. Not in charge of: what follows from it (``check_mail``).

Source: 45 CFR 164.501 (marketing needs an authorisation); UK practice that a promotional tone makes an
individual-care message direct marketing (Data Protection Network).
"""

import re

_PHRASES = {
    "en": (
        r"\d+\s?% off", r"discounts?", r"book now", r"buy (?:now|one|today)", r"special offers?", r"on sale",
        r"limited[- ]time", r"free (?:trial|gift|consultation)s?", r"coupons?", r"refer a friend",
        r"act now", r"order (?:now|today)", r"best prices?", r"sponsored", r"gift cards?", r"money[- ]back",
        r"sign up (?:now|today)", r"don['’]t miss", r"while (?:supplies|stocks) last", r"guaranteed results?",
    ),
    "es": (
        r"\d+\s?% de descuento", r"descuentos?", r"reserve (?:ya|ahora)", r"compre (?:ya|ahora|hoy)",
        r"ofertas? especial(?:es)?", r"por tiempo limitado", r"(?:prueba|regalo|consulta) gratis",
        r"rebajas?", r"cupon(?:es)?", r"cupón", r"recomiende a un amigo", r"patrocinad[oa]s?",
        r"resultados garantizados", r"no se lo pierda", r"mejor(?:es)? precios?",
    ),
}  # fmt: skip


def promotional_words(text: str, language: str) -> tuple[str, ...]:
    """Promotional phrases in ``text``, in order; none for a language without a list."""
    phrases = _PHRASES.get(language.split("-", maxsplit=1)[0], ())
    if not phrases:
        return ()
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)
    return tuple(match.group(0) for match in pattern.finditer(text))
