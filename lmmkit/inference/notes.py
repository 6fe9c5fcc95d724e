"""Sentences that belong under a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit


def singular_notes(fit: MixedFit) -> list[str]:
    """What to keep in mind about p-values of a singular fit; nothing for any other."""
    if not fit.is_singular:
        return []
    return [
        "Singular fit: a variance is estimated as zero or a correlation as ±1, so these p-values hold only "
        "as well as that estimate; consider a simpler random-effects part, or check them with lk.pb_modcomp."
    ]
