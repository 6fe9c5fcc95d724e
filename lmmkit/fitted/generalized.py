"""The numbers of a generalised linear model without random effects."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import optimize
from scipy.special import polygamma

from ..errors import ModelError
from ..likelihood.glm_search import GlmRows, natural_unit
from ..likelihood.glm_start import start_without_random_effects
from ..likelihood.separation import separated_columns
from ..numerics.arrays import Array
from ..numerics.trust_region import Search
from .fixed import FixedFit, statsmodels
from .messages import without_residuals

if TYPE_CHECKING:
    from ..design.design import Design
    from ..families.family import Family
    from .call import Call


#: Pearson's statistic, relative to the sum of the weights, that is rounding and nothing else.
EXACT = 1e-24
#: How far, as a logarithm, the most likely dispersion may be from the mean deviance.
WIDE = 5.0
#: Links with which whole steps may end elsewhere than at the maximum.
UNSAFE = ("sqrt", "identity", "inverse", "cauchit")


class Irls(NamedTuple):
    """What iteratively reweighted least squares found."""

    params: Array
    cov_unscaled: Array
    n_iter: int
    converged: bool


class GeneralizedFit(FixedFit):
    """A maximum-likelihood fit of a generalised linear model; the base of `GeneralizedLinearModel`.

    Parameters
    ----------
    design : Design
    call : Call

    Attributes
    ----------
    n_iter : int
        Steps of iteratively reweighted least squares in the last fit.
    converged : bool
        Whether they ended at a maximum.
    """

    family: Family

    def __init__(self, design: Design, call: Call) -> None:
        super().__init__(design, call)
        family = call.options["family"]
        family.check_response(design.y, design.row_trials, design.response)
        self._theta_edge = 0
        if family.name == "negative_binomial" and self.estimates_dispersion:
            family = self._with_theta(family)
        fit = self.irls(family, design.X, design.offset)
        self.beta, self.cov_unscaled = fit.params, fit.cov_unscaled
        self.n_iter, self.converged = fit.n_iter, fit.converged
        self.family = family
        slope = family.mu_eta(self._eta)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._working_weights = design.row_weights * slope**2 / family.variance(self._mu)
        if family.name == "gamma" and self.estimates_dispersion:
            self.family = family.with_dispersion(self._pearson_dispersion())

    @property
    def estimates_dispersion(self) -> bool:
        """Whether the dispersion (gamma) or theta (negative binomial) was estimated."""
        return bool(self.call.options["family"].estimates_dispersion)

    @property
    def has_scale(self) -> bool:
        """Whether a dispersion is estimated (gamma), so that tests are t tests."""
        return self.family.name == "gamma" and self.estimates_dispersion

    @cached_property
    def is_exact(self) -> bool:
        """Whether the fixed effects reproduce measurements, so that only rounding is left of the residuals."""
        residuals = self._resid("pearson")
        return self.has_scale and float(residuals @ residuals) <= EXACT * float(self.design.row_weights.sum())

    @property
    def sigma(self) -> float:
        """Root of the dispersion (gamma), NaN where there is nothing to tell it by; 1.0 without a scale."""
        measured = not self.has_scale or (self.df_resid > 0 and not self.is_exact)
        return self.family.sigma if measured else np.nan

    @property
    def npar(self) -> int:
        """Number of parameters: the coefficients, and the dispersion or theta if it was estimated."""
        return len(self.beta) + int(self.estimates_dispersion)

    # ---- the search ----

    def irls(self, family: Family, X: Array, offset: Array) -> Irls:
        """Maximise the likelihood of this response for given dispersion.

        statsmodels does; where its steps do not arrive, and for links with which they may end elsewhere than
        at the maximum, a search that only goes uphill takes over.

        Parameters
        ----------
        family : Family
        X : ndarray (n, p)
        offset : ndarray (n,)

        Raises
        ------
        ModelError
            When the search leaves the means that family and link allow.
        """
        if X.shape[1] == 0:
            return Irls(np.zeros(0), np.zeros((0, 0)), 0, True)
        found = self._by_statsmodels(family, X, offset)
        if found is None or not found.converged or family.link.name in UNSAFE:
            found = self._uphill(family, X, offset, found)
        if found is None:
            raise ModelError(
                f"the search left the means that the {family.name} family with the {family.link.name} link "
                "allows; try another link, or look for extreme rows"
            )
        return found

    def _by_statsmodels(self, family: Family, X: Array, offset: Array) -> Irls | None:
        """Iteratively reweighted least squares; None where it breaks down."""
        GLM = statsmodels("genmod.generalized_linear_model").GLM
        rows, peer = self.counts, _peer(family)
        # Columns of one size: statsmodels' pseudo-inverse takes a much smaller one for none.
        size = np.sqrt((X[rows] ** 2).mean(axis=0))
        size = np.where(np.isfinite(size) & (size > 0), size, 1.0)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                model = GLM(
                    self.design.y[rows],
                    X[rows] / size,
                    family=peer,
                    offset=offset[rows],
                    var_weights=self.design.row_weights[rows],
                )
                fit = model.fit(maxiter=100, atol=1e-10, rtol=1e-10)
                steps = int(fit.fit_history["iteration"])
                if fit.converged:
                    # A deviance that has settled leaves the coefficients half of its digits.
                    fit = model.fit(
                        start_params=fit.params, tol_criterion="params", maxiter=20, atol=0.0, rtol=1e-11
                    )
                covariance = fit.normalized_cov_params / np.outer(size, size)
                found = Irls(fit.params / size, covariance, steps, bool(fit.converged))
        except (ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
        usable = np.isfinite(found.params).all() and np.isfinite(found.cov_unscaled).all()
        return found if usable else None

    def _uphill(self, family: Family, X: Array, offset: Array, found: Irls | None) -> Irls | None:
        """What is found, or a better maximum if there is one; None if no coefficients are possible at all."""
        kept = replace(self.design, X=X, offset=offset).take(self.counts)
        known = family.with_dispersion(1.0) if family.name == "gamma" else family
        rows = GlmRows(kept.y, kept.row_weights, known)
        starts = [] if found is None else [found.params]
        with suppress(ModelError):
            starts.append(start_without_random_effects(kept, kept.y, known)[0])
        Q, R = np.linalg.qr(kept.X)
        best: Search | None = None
        for start in starts:
            eta = kept.X @ start + kept.offset
            size = np.sqrt(len(eta)) * natural_unit(known, eta)
            if np.isfinite(rows.deviance(eta)):
                search = rows.search(Q * size, kept.offset, R @ start / size, last_digits=True)
                search.x = np.linalg.solve(R, search.x * size)
                best = search if best is None or search.value < best.value - 1e-9 else best
        if best is None or (found is not None and found.converged and _as_good(rows, kept, found, best)):
            return found if best is not None else None
        eta = kept.X @ best.x + kept.offset
        with np.errstate(all="ignore"):
            weight = known.expected_information(eta, kept.row_weights)[0]
            information = (kept.X.T * np.where(np.isfinite(weight), weight, 0.0)) @ kept.X
        try:
            covariance: Array = np.asarray(np.linalg.inv(information))
        except np.linalg.LinAlgError:
            return found
        return Irls(best.x, covariance, best.evaluations, best.converged)

    def _with_theta(self, family: Family) -> Family:
        """The negative binomial with theta at the maximum of the likelihood.

        The score of log theta needs no derivative of the coefficients, which are at their own maximum.
        """
        design, rows = self.design, self.counts
        y, weights = design.y[rows], design.row_weights[rows]

        def score(log_theta: float) -> float:
            at = family.with_dispersion(float(np.exp(log_theta)))
            eta = (design.X @ self.irls(at, design.X, design.offset).params + design.offset)[rows]
            return float(at.nuisance(y, eta, weights).density.sum())

        low, high = -7.0, 16.0
        self._theta_edge = 1 if score(high) >= 0 else -1 if score(low) <= 0 else 0
        if self._theta_edge:
            return family.with_dispersion(float(np.exp(high if self._theta_edge > 0 else low)))
        return family.with_dispersion(float(np.exp(optimize.brentq(score, low, high, xtol=1e-10))))

    def _pearson_dispersion(self) -> float:
        """Pearson's statistic divided by its degrees of freedom."""
        residuals = self._resid("pearson")
        return float(residuals @ residuals) / self.df_resid if self.df_resid else 1.0

    @property
    def theta_se(self) -> float:
        """Standard error of the negative binomial's theta, from the curvature of its likelihood."""
        theta = self.family.dispersion
        if self.family.name != "negative_binomial" or theta is None:
            raise ModelError(f"only a negative binomial model has a theta; this one is {self.family.name}")
        y, mu = self.design.y, self._mu
        curvature = (
            polygamma(1, theta + y)
            - polygamma(1, theta)
            + 1 / theta
            - 2 / (mu + theta)
            + (y + theta) / (mu + theta) ** 2
        )
        return float(1 / np.sqrt(-(self.design.row_weights @ curvature)))

    # ---- likelihood ----

    @cached_property
    def deviance(self) -> float:
        """Residual deviance, twice the distance from the saturated log-likelihood (R: ``deviance``)."""
        return self.deviance_at(self._eta)

    def deviance_at(self, eta: Array) -> float:
        """Deviance of this response for another linear predictor (n,)."""
        rows, design = self.counts, self.design
        mu = self.family.linkinv(eta[rows])
        return float(self.family.deviance_parts(design.y[rows], mu, design.row_weights[rows]).sum())

    @cached_property
    def null_deviance(self) -> float:
        """Deviance of the model with an intercept (if this one has one) and the offset alone."""
        offset = self.design.offset
        if not self.has_intercept:
            return self.deviance_at(offset)
        ones = np.ones((len(offset), 1))
        return self.deviance_at(offset + self.irls(self.family, ones, offset).params[0])

    @property
    def df_null(self) -> int:
        """Residual degrees of freedom of that model."""
        return self.nobs - int(self.has_intercept)

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood (R: ``logLik``).

        For a gamma model with an estimated dispersion it is taken at the deviance divided by n, as in R.
        """
        if self.is_exact:
            return np.inf
        if not self.has_scale:
            return self._loglik_under(self.family)
        dispersion = self.deviance / float(self.design.row_weights[self.counts].sum())
        return self._loglik_under(self.family.with_dispersion(dispersion))

    @cached_property
    def highest_loglik(self) -> float:
        """:attr:`loglik` at its maximum: for an estimated dispersion at the most likely one."""
        if not self.has_scale or self.is_exact:
            return self.loglik
        rows = self.counts
        y, eta, weights = self.design.y[rows], self._eta[rows], self.design.row_weights[rows]

        def score(log_dispersion: float) -> float:
            at = self.family.with_dispersion(float(np.exp(log_dispersion)))
            return float(at.nuisance(y, eta, weights).density.sum())

        middle = float(np.log(self.deviance / weights.sum()))
        best = optimize.brentq(score, middle - WIDE, middle + WIDE, xtol=1e-12)
        return self._loglik_under(self.family.with_dispersion(float(np.exp(best))))

    def _loglik_under(self, family: Family) -> float:
        """Log-likelihood of these coefficients with the dispersion that a family has."""
        rows = self.counts
        y, eta, weights = self.design.y[rows], self._eta[rows], self.design.row_weights[rows]
        given = None if self.design.weights is None else weights
        trials = None if self.design.row_trials is None else self.design.row_trials[rows]
        return float(family.derivatives(y, eta, given)[0].sum()) + family.constant(y, given, trials)

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        design, found = self.design, [*super().messages]
        columns = separated_columns(design.X, design.y, design.weights, self.family)
        if columns:
            names = ", ".join(design.x_names[j] for j in columns)
            found.append(
                f"The outcomes are separated: some combination of {names} predicts part of them without "
                "error, so these estimates run off to infinity, and their standard errors and z tests mean "
                "nothing. Merge rare factor levels or leave the predictor out; a likelihood ratio test of it "
                "(lk.anova) still holds."
            )
        elif not self.converged:
            found.append("The search for the coefficients did not converge; look for extreme rows.")
        if self.has_scale:
            found += without_residuals(self.is_exact, self.df_resid)
        if self._theta_edge > 0:
            found.append(
                "The negative binomial's theta runs off to infinity: the counts vary no more than a "
                "Poisson's around their means, so fit them with family='poisson'."
            )
        elif self._theta_edge < 0:
            found.append(
                "The negative binomial's theta runs off to zero: nearly all counts are 0, and a few are "
                "huge; look for extreme rows."
            )
        return found


def _as_good(rows: GlmRows, design: Design, found: Irls, best: Search) -> bool:
    """Whether what was found first is the maximum too."""
    return rows.deviance(design.X @ found.params + design.offset) < best.value + 1e-8


def _peer(family: Family) -> Any:
    """statsmodels' name for one of our families."""
    sm, links = statsmodels("genmod.families"), statsmodels("genmod.families.links")
    link = {
        "logit": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog, "cauchit": links.Cauchy,
        "log": links.Log, "sqrt": links.Sqrt, "identity": links.Identity, "inverse": links.InversePower,
    }[family.link.name]()  # fmt: skip
    if family.name == "negative_binomial":
        return sm.NegativeBinomial(link, alpha=1 / float(family.dispersion or 1.0))
    return {"binomial": sm.Binomial, "poisson": sm.Poisson, "gamma": sm.Gamma}[family.name](link)
