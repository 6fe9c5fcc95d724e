"""`GeneralizedLinearModel`: a fitted `glm`."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize
from scipy.special import polygamma

from ..design.design import Design
from ..errors import ModelError
from ..fitted.call import Call
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from .fixed_effects import FixedEffectsModel, statsmodels, wald

if TYPE_CHECKING:
    from ..families.family import Family

__all__ = ["GeneralizedLinearModel"]


class GeneralizedLinearModel(FixedEffectsModel):
    """A fitted generalised linear model, as made by :func:`lmmkit.glm`.

    Parameters
    ----------
    design : Design
    call : Call

    Attributes
    ----------
    family : Family
        Distribution and link; the dispersion (gamma) or theta (negative binomial) is the estimated one.
    df_resid : int
        Residual degrees of freedom, n - p.
    npar : int
        Number of parameters: the coefficients, and the dispersion or theta if it was estimated.
    n_iter : int
        Steps of iteratively reweighted least squares in the last fit.
    converged : bool
        Whether they ended at a maximum.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson")
    >>> round(fit.deviance, 2), fit.df_resid, round(fit.aic, 1)
    (558.51, 498, 1635.8)
    """

    family: Family

    def __init__(self, design: Design, call: Call) -> None:
        super().__init__(design, call)
        family = call.options["family"]
        family.check_response(design.y, design.weights, design.response)
        self._estimated = bool(family.estimates_dispersion)
        if family.name == "negative_binomial" and self._estimated:
            family = self._with_theta(family)
        fit = self._irls(family, design.X, design.offset)
        self._beta, self._cov_unscaled = fit.params, fit.cov_unscaled
        self.n_iter, self.converged = fit.n_iter, fit.converged
        self.df_resid = self.nobs - len(self._beta)
        self.npar = len(self._beta) + int(self._estimated)
        self.family = family
        slope = family.mu_eta(self._eta)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._working_weights = self._weights * slope**2 / family.variance(self._mu)
        if family.name == "gamma" and self._estimated:
            self.family = family.with_dispersion(self._pearson_dispersion())
        self.sigma = self.family.sigma

    def _irls(self, family: Family, X: Array, offset: Array, last_digits: bool = True) -> _Irls:
        """Maximise the likelihood for given dispersion, by statsmodels."""
        GLM = statsmodels("genmod.generalized_linear_model").GLM
        rows, peer = self._counts, _peer(family)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                model = GLM(
                    self.design.y[rows],
                    X[rows],
                    family=peer,
                    offset=offset[rows],
                    var_weights=self._weights[rows],
                )
                fit = model.fit(maxiter=100, atol=1e-10, rtol=1e-10)
                steps = int(fit.fit_history["iteration"])
                if (
                    fit.converged and last_digits
                ):  # a deviance that has settled leaves the coefficients half of its digits
                    fit = model.fit(
                        start_params=fit.params, tol_criterion="params", maxiter=20, atol=0.0, rtol=1e-11
                    )
                found = _Irls(fit.params, fit.normalized_cov_params, steps, bool(fit.converged))
            usable = bool(np.isfinite(found.params).all() and np.isfinite(found.cov_unscaled).all())
        except (ValueError, FloatingPointError, np.linalg.LinAlgError):
            usable = False
        if not usable:
            raise ModelError(
                f"the search left the means that the {family.name} family with the {family.link.name} link "
                "allows; try another link, or look for extreme rows"
            )
        return found

    def _with_theta(self, family: Family) -> Family:
        """The negative binomial with theta at the maximum of the likelihood.

        The score of log theta needs no derivative of the coefficients, which are at their own maximum.
        """
        design, rows = self.design, self._counts
        y, weights = design.y[rows], self._weights[rows]

        def score(log_theta: float) -> float:
            at = family.with_dispersion(float(np.exp(log_theta)))
            eta = (design.X @ self._irls(at, design.X, design.offset).params + design.offset)[rows]
            return float(at.nuisance(y, eta, weights).density.sum())

        low, high = -7.0, 16.0
        self._theta_edge = 1 if score(high) >= 0 else -1 if score(low) <= 0 else 0
        if self._theta_edge:
            return family.with_dispersion(float(np.exp(high if self._theta_edge > 0 else low)))
        return family.with_dispersion(float(np.exp(optimize.brentq(score, low, high, xtol=1e-10))))

    def _pearson_dispersion(self) -> float:
        """Pearson's statistic divided by its degrees of freedom."""
        return (
            float(self._resid("pearson") @ self._resid("pearson")) / self.df_resid if self.df_resid else 1.0
        )

    @property
    def has_scale(self) -> bool:
        """Whether a dispersion is estimated (gamma), so that tests are t tests."""
        return self.family.name == "gamma" and self._estimated

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
        return float(1 / np.sqrt(-(self._weights @ curvature)))

    @property
    def _mu(self) -> Array:
        return self.family.linkinv(self._eta)

    @cached_property
    def deviance(self) -> float:  # type: ignore[override]
        """Residual deviance, twice the distance from the saturated log-likelihood (R: ``deviance``)."""
        return self._deviance_of(self._eta)

    def _deviance_of(self, eta: Array) -> float:
        rows = self._counts
        parts = self.family.deviance_parts(
            self.design.y[rows], self.family.linkinv(eta[rows]), self._weights[rows]
        )
        return float(parts.sum())

    @cached_property
    def null_deviance(self) -> float:
        """Deviance of the model with an intercept (if this one has one) and the offset alone."""
        offset = self.design.offset
        if "(Intercept)" not in self.design.x_names:
            return self._deviance_of(offset)
        ones = np.ones((len(offset), 1))
        return self._deviance_of(offset + self._irls(self.family, ones, offset).params[0])

    @property
    def df_null(self) -> int:
        """Residual degrees of freedom of that model."""
        return self.nobs - int("(Intercept)" in self.design.x_names)

    @cached_property
    def loglik(self) -> float:  # type: ignore[override]
        """Log-likelihood (R: ``logLik``).

        For a gamma model with an estimated dispersion it is taken at the deviance divided by n, as in R.
        """
        family, rows = self.family, self._counts
        y, eta, weights = self.design.y[rows], self._eta[rows], self._weights[rows]
        if self.has_scale:
            family = family.with_dispersion(self.deviance / float(weights.sum()))
        given = None if self.design.weights is None else weights
        return float(family.derivatives(y, eta, given)[0].sum()) + family.constant(y, given)

    def _resid(self, kind: str) -> Array:
        raw = self.design.y - self._mu
        if kind == "response":
            return raw
        if kind == "working":
            return raw / self.family.mu_eta(self._eta)
        if kind == "pearson":
            return np.sqrt(self._weights) * raw / np.sqrt(self.family.variance(self._mu))
        return self.family.deviance_residuals(self.design.y, self._mu, self._weights)

    def draw(self, rng: np.random.Generator) -> Array:
        """One new response (of ``cbind(hits, misses)`` the hits), shape (n,)."""
        y, trials = self.family.simulate(self._mu, self.design.weights, rng), self.design.trials
        return y if trials is None else np.round(y * trials)

    def _new_observation(
        self, eta: Array, variance: Array, weights: Array | None, level: float
    ) -> tuple[Array, Array]:
        from ..fitted.predict import simulated_limits

        fit: Any = self
        return simulated_limits(fit, eta, variance, weights, level)

    def _profile_interval(self, j: int, cutoff: float) -> tuple[float, float]:
        """Where the root of the drop in deviance reaches `cutoff`, on either side of the estimate."""
        design, best = self.design, self._beta[j]
        others = np.delete(design.X, j, axis=1)

        def excess(value: float) -> float:
            offset = design.offset + value * design.X[:, j]
            if others.size:
                fit = self._irls(self.family, others, offset, last_digits=False)
                if not fit.converged:
                    raise ModelError(
                        "the profile of the likelihood cannot be followed to its ends; try method='wald'"
                    )
                offset = offset + others @ fit.params
            return (self._deviance_of(offset) - self.deviance) / self.sigma**2 - cutoff**2

        def end(side: float) -> float:
            step = cutoff * float(self.se.iloc[j])
            for reach in (1.0, 1.5, 2.5, 5.0, 10.0, 20.0):
                far = best + side * reach * step
                if excess(far) > 0:
                    return float(optimize.brentq(excess, best, far, xtol=1e-7 * step))
            return side * np.inf  # the likelihood never falls that far: a separated binomial response

        return end(-1.0), end(1.0)

    def anova(self, type: int = 3, ddf: str = "residual") -> pd.DataFrame:
        """Test each term.

        Parameters
        ----------
        type : {1, 2, 3}
            1 adds the terms one by one and compares likelihoods, as R's ``anova``; 2 and 3 are Wald tests of
            the hypotheses that a mixed model's table has.
        ddf : str
            Accepted, as for a mixed model, and without effect.

        Returns
        -------
        DataFrame
            Index: terms. Columns ``num_df statistic p_value``, chi-square tests; with an estimated dispersion
            (gamma) ``num_df den_df statistic p_value``, F tests.

        Raises
        ------
        ModelError
            For another type.

        Notes
        -----
        Type 1 agrees with R's ``anova(fit, test = "Chisq")`` and ``test = "F"``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson").anova(type=1).round(2)
                 num_df  statistic  p_value
        disease       1      273.6      0.0
        """
        from ..inference.contrasts import term_contrasts

        contrasts = {label: L for label, L in term_contrasts(self.design, type).items() if len(L)}
        drops = self._sequential_drops() if type == 1 else {}
        rows: dict[str, tuple[float, ...]] = {}
        for label, L in contrasts.items():
            total, num_df = (drops[label], len(L)) if type == 1 else wald(L, self._beta, self.vcov.to_numpy())
            if self.has_scale:
                statistic = total / num_df
                rows[label] = (
                    num_df,
                    self.df_resid,
                    statistic,
                    float(stats.f.sf(statistic, num_df, self.df_resid)),
                )
            else:
                rows[label] = (num_df, np.inf, total, float(stats.chi2.sf(total, num_df)))
        columns = ["num_df", "den_df", "statistic", "p_value"]
        table = pd.DataFrame(list(rows.values()), index=list(rows), columns=columns)
        return table if self.has_scale else table.drop(columns="den_df")

    def _sequential_drops(self) -> dict[str, float]:
        """How much the deviance falls, in units of the dispersion, when the terms are added one by one."""
        design, assign = self.design, np.array(self.design.assign)
        drops, before = {}, self.null_deviance
        for number, label in enumerate(design.term_labels, start=1):
            if (assign == number).any():
                X = design.X[:, assign <= number]
                after = self._deviance_of(
                    design.offset + X @ self._irls(self.family, X, design.offset).params
                )
                drops[label], before = (before - after) / self.sigma**2, after
        return drops

    def r2(self) -> pd.Series:
        """How much of the deviance the model explains: ``deviance_explained nagelkerke``.

        Returns
        -------
        Series
            The share by which the deviance falls from that of the model without predictors, and Nagelkerke's
            (1991) generalisation of R²; the latter is NaN where a dispersion is estimated or rows have weights
            (as hits out of several trials have), because it needs to know what one observation is.

        Notes
        -----
        Agrees with ``performance::r2_nagelkerke``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("Days ~ Reaction", lk.load_data("sleepstudy"), "poisson").r2().round(3).to_dict()
        {'deviance_explained': 0.217, 'nagelkerke': 0.435}
        """
        residual, null, n = self.deviance, self.null_deviance, self.nobs
        nagelkerke = np.nan
        if not self.has_scale and self.design.weights is None and null > 0:
            nagelkerke = -np.expm1((residual - null) / n) / -np.expm1(-null / n)
        explained = 1 - residual / null if null > 0 else np.nan
        return pd.Series({"deviance_explained": explained, "nagelkerke": nagelkerke})

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        Returns
        -------
        DataFrame
            ``null_deviance df_null loglik aic bic deviance df_residual nobs``.

        Notes
        -----
        As broom's ``glance``, with underscores for dots.
        """
        row = {
            "null_deviance": self.null_deviance, "df_null": self.df_null,
            "loglik": self.loglik, "aic": self.aic, "bic": self.bic,
            "deviance": self.deviance, "df_residual": self.df_resid, "nobs": self.nobs,
        }  # fmt: skip
        return pd.DataFrame([row])

    def influence(self) -> pd.DataFrame:
        """How much each row decides, by the weighted least squares of the last step.

        Returns
        -------
        DataFrame
            ``hat`` (leverage), ``cooksd`` (Cook's distance), ``std_resid`` (deviance residual divided by its
            standard deviation).

        Notes
        -----
        As R's ``hatvalues``, ``cooks.distance`` and ``rstandard``; Pregibon (1981), *Annals of Statistics*
        9(4).
        """
        hat, p = self._leverage, len(self._beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            cooksd = (self._resid("pearson") / (self.sigma * (1 - hat))) ** 2 * hat / p
            std_resid = self._resid("deviance") / (self.sigma * np.sqrt(1 - hat))
        table = pd.DataFrame({"hat": hat, "cooksd": cooksd, "std_resid": std_resid})
        return table.set_axis(self.design.frame.index)

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        from ..likelihood.separation import separated_columns

        design, family, found = self.design, self.family, super().messages
        columns = separated_columns(design.X, design.y, design.weights, family)
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
        if family.name == "negative_binomial" and self._estimated and abs(self._theta_edge) == 1:
            found.append(
                "The negative binomial's theta runs off to infinity: the counts vary no more than a "
                "Poisson's around their means, so fit them with family='poisson'."
                if self._theta_edge > 0
                else "The negative binomial's theta runs off to zero: nearly all counts are 0, and a few are "
                "huge; look for extreme rows."
            )
        return found


class _Irls(NamedTuple):
    """What iteratively reweighted least squares found."""

    params: Array
    cov_unscaled: Array
    n_iter: int
    converged: bool


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
