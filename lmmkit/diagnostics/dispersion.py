"""Do the responses vary more, or less, than the model expects? Pearson's test, and one by simulation."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ModelError
from ..fitted.fit import Fit
from ..formatting.r_text import NARROW
from ..formatting.wording import p_value
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.r_names import answered
from .simulated_residuals import simulate_residuals
from .simulation_test import dispersion_in_words

__all__ = ["DispersionTest", "dispersion_test"]

#: Families whose variance about the mean follows from the mean, or from it and a theta.
COUNTED = ("binomial", "poisson", "truncated_poisson", "negative_binomial")


@dataclass(frozen=True)
class DispersionTest:
    """Whether the responses vary more around their fitted means than the family allows.

    Attributes
    ----------
    ratio : float
        Observed over expected variation; 1 is as expected.
    statistic : float
        Pearson's chi-squared, or the observed variance (by simulation).
    df : float or None
        Residual degrees of freedom of the chi-squared.
    p_value : float
        Upper tail of the chi-squared; by simulation, two-sided.
    method : {"pearson", "simulation"}

    Examples
    --------
    >>> import lmmkit as lk
    >>> dispersion_test(lk.glmer("ticks ~ year + (1 | park)", lk.load_data("ticks"), "poisson")).method
    'pearson'
    """

    ratio: float
    statistic: float
    df: float | None
    p_value: float
    method: str

    def __str__(self) -> str:
        if self.df is None:
            how = f"simulated, {p_value(self.p_value)}"
        else:
            how = f"chi-squared {self.statistic:.1f} on {self.df:g} df, {p_value(self.p_value)}"
        # Pearson's test looks for too much variation only: too little has its p-value close to 1.
        tail = self.p_value if self.df is None else min(self.p_value, 1 - self.p_value)
        text = f"Dispersion ratio {self.ratio:.2f} ({how}): {dispersion_in_words(self.ratio, tail)}"
        return textwrap.fill(text, NARROW, break_on_hyphens=False)

    __repr__ = __str__


@answered
def dispersion_test(
    fit: Fit, method: Literal["pearson", "simulation"] = "pearson", *, n_sim: int = 250, seed: Any = None
) -> DispersionTest:
    """Test whether the responses vary more than the family allows.

    Parameters
    ----------
    fit : fitted model
        Of ``glmer`` or ``glm`` with a binomial (more than one trial), Poisson or negative binomial family.
    method : {"pearson", "simulation"}
        Sum of the squared Pearson residuals against a chi-squared, quick and rough; or the variance around
        the fitted means against responses simulated for the same groups, for any model.
    n_sim : int
        Number of simulations.
    seed : int or numpy.random.Generator, optional
        For the same simulations again.

    Returns
    -------
    DispersionTest
        With ``.ratio`` (1 is as expected), ``.statistic``, ``.df`` and ``.p_value``; printed, a sentence.

    Raises
    ------
    ModelError
        Where dispersion cannot be tested: 0/1 responses, whose variance is fixed by their mean, and, by
        Pearson's residuals, families whose scale is estimated.

    Notes
    -----
    ``"pearson"`` is the ratio of ``performance::check_overdispersion`` and of Bolker's ``overdisp_fun``;
    ``"simulation"`` that of ``DHARMa::testDispersion`` with conditional simulations, as advised there.

    Examples
    --------
    >>> import lmmkit as lk
    >>> ticks = lk.load_data("ticks")
    >>> poisson = lk.glmer("ticks ~ year + (1 | park)", ticks, "poisson")
    >>> dispersion_test(poisson).ratio > 1.5
    True
    """
    family, trials = arguments.fitted("fit", fit).family, fit.design.row_trials
    method = arguments.one_of("method", method, ("pearson", "simulation"))
    if family is not None and family.name == "binomial" and (trials is None or (trials <= 1).all()):
        raise ModelError(
            "0/1 responses cannot be overdispersed: their variance follows from their mean; "
            "sum them to hits and trials per group if groups are what you suspect"
        )
    if method == "simulation":
        test = simulate_residuals(fit, n_sim, conditional=True, seed=seed)
        own, _ = test.variances
        return DispersionTest(test.dispersion.statistic, own, None, test.dispersion.p_value, method)
    if family is None or family.name not in COUNTED:
        raise ModelError(
            "this model estimates its own residual variance, so Pearson's residuals cannot show too much of "
            "it; use method='simulation', or plot the residuals"
        )
    statistic, df = float((fit.row_residuals("pearson") ** 2).sum()), float(fit.df_resid)
    return DispersionTest(statistic / df, statistic, df, float(stats.chi2.sf(statistic, df)), method)
