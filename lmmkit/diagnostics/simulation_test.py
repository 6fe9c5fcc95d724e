"""One test of simulated residuals: its number, its p-value, and the finding in a sentence."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from ..formatting.r_text import NARROW
from ..formatting.wording import p_value
from ..numerics.arrays import Array

__all__ = ["SimulationTest", "dispersion_in_words", "two_sided"]


@dataclass(frozen=True)
class SimulationTest:
    """One test of simulated residuals.

    Attributes
    ----------
    name : str
    statistic : float
    p_value : float
    meaning : str
        The finding in a sentence.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> lk.simulate_residuals(fit, seed=1).dispersion.name
    'dispersion'
    """

    name: str
    statistic: float
    p_value: float
    meaning: str

    def __str__(self) -> str:
        text = f"{self.name}: {self.statistic:.3g}, {p_value(self.p_value)}. {self.meaning}"
        return textwrap.fill(text, NARROW, break_on_hyphens=False)

    __repr__ = __str__


def two_sided(observed: float, simulated: Array) -> float:
    """How extreme the observed value is among the simulated ones, either way."""
    above = (1 + (simulated >= observed).sum()) / (len(simulated) + 1)
    below = (1 + (simulated <= observed).sum()) / (len(simulated) + 1)
    return float(min(1.0, 2 * min(above, below)))


def dispersion_in_words(ratio: float, p_value: float) -> str:
    if p_value >= 0.05:
        return "The responses vary about as much as the model expects; chance explains the difference."
    if ratio > 1:
        return (
            "The responses vary more than the model expects, so standard errors of what varies from row to row "
            "are too small; for counts try negative_binomial, for hits out of trials beta_binomial, or a random "
            "effect for each row."
        )
    return (
        "The responses vary less than the model expects, so standard errors of what varies from row to row are "
        "too large."
    )
