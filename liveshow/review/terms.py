"""What performers agree to: the setup's own words, or, where it has none, these, about its licence."""

from __future__ import annotations

import hashlib

from liveshow.events import TermsStated
from liveshow.model import Setup

USUAL = {
    "en": (
        "What was recorded of me at “{show}” may be used and built upon by anyone who keeps to this licence: {licence}\n"
        "I am named as I say on this page.\n"
        "I may take my yes back at any time. From then on nothing of it is handed on, and what was is taken out of the library. "
        "Copies that somebody made under the licence before then cannot be called back."
    ),
    "de": (
        "Was bei „{show}“ von mir aufgenommen wurde, darf von allen genutzt und weiterverarbeitet werden, die sich an diese Lizenz "
        "halten: {licence}\n"
        "Ich werde so genannt, wie ich es auf dieser Seite sage.\n"
        "Ich kann mein Ja jederzeit zurücknehmen. Von da an wird nichts mehr davon weitergegeben, und was weitergegeben war, kommt aus "
        "der Bibliothek heraus. Kopien, die jemand vorher nach der Lizenz gemacht hat, lassen sich nicht zurückholen."
    ),
    "es": (
        "Lo que se grabó de mí en «{show}» puede usarlo y transformarlo cualquiera que respete esta licencia: {licence}\n"
        "Se me nombra como digo en esta página.\n"
        "Puedo retirar mi sí en cualquier momento. Desde entonces no se entrega nada más, y lo entregado se saca de la biblioteca. "
        "Las copias que alguien hizo antes según la licencia no se pueden recuperar."
    ),
    "fr": (
        "Ce qui a été enregistré de moi lors de « {show} » peut être utilisé et transformé par toute personne qui respecte cette "
        "licence : {licence}\n"
        "Je suis crédité(e) comme je le dis sur cette page.\n"
        "Je peux retirer mon oui à tout moment. Dès lors, plus rien n’est transmis, et ce qui l’a été est retiré de la bibliothèque. "
        "Les copies faites auparavant selon la licence ne peuvent pas être rappelées."
    ),
}


def terms_of(setup: Setup) -> tuple[TermsStated, ...]:
    """Those that hold by a setup, one for each language."""
    own = setup.review.terms
    texts = own or {tag: text.format(show=setup.show.title, licence=setup.handoff.licence) for tag, text in USUAL.items()}
    return tuple(TermsStated(t=0, digest=digest_of(text), language=language, text=text) for language, text in texts.items())


def digest_of(text: str) -> str:
    """What names a text for good: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
