"""`Fit`: what every fitted model can tell, with random effects or without."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar, cast, get_args

import numpy as np
import pandas as pd

from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.r_names import answered, missing_member

if TYPE_CHECKING:
    from ..design.design import Design
    from ..families.family import Family
    from .call import Call

ResidualKind = Literal["response", "pearson", "deviance", "working", "scaled", "studentized"]
RESIDUALS = get_args(ResidualKind)
T = TypeVar("T", bound=pd.Series | pd.DataFrame)
#: What the rooms of the library ask of a fit, and its users need not see: left out of `dir(fit)`.
INTERNAL = frozenset({
    "beta", "call", "counts", "cov_unscaled", "criterion", "derivatives", "design", "deviance_at", "estimate",
    "estimates_dispersion", "has_intercept", "has_rows", "irls", "leverage", "model_ss", "of", "on_all_rows",
    "readings", "row_fitted", "row_residuals", "unit_free_factors",
})  # fmt: skip


@answered
class Fit(Protocol):
    """What :class:`~lmmkit.fitted.mixed.MixedFit` and :class:`~lmmkit.fitted.fixed.FixedFit` have in common.

    What has a body here is the same for both. Code that takes any fitted model is annotated with this class.

    Attributes
    ----------
    design : Design
        Response, model matrix and random-effects terms; the latter are an empty list for `lm` and `glm`.
    call : Call
        What was asked for.
    family : Family or None
        Distribution and link of a generalised model; None for a linear one.
    """

    design: Design
    call: Call
    family: Family | None
    beta: Array  # (p,)
    cov_unscaled: Array  # (p, p), without sigma**2

    @classmethod
    def of(cls, design: Design, call: Call) -> Self:
        """The model of a design, fitted as the call asks."""
        ...

    def __getstate__(self) -> dict[str, Any]:
        """Without what was computed on demand: it would travel to every worker, and is soon computed again."""
        kind = type(self)
        return {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(kind, name, None), cached_property)
        }

    if not TYPE_CHECKING:  # to a type checker a fit has what it has

        def __getattr__(self, name: str) -> Any:
            if hasattr(type(self), name):  # a property that failed on its own: its error, not ours
                return object.__getattribute__(self, name)
            raise missing_member(type(self), name)

    @property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        ...

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in INTERNAL]

    @property
    def has_rows(self) -> bool:
        """Whether the rows of the data are at hand; of data in parts there are only sums."""
        return True

    # ---- coefficients ----

    @property
    def fixef(self) -> pd.Series:
        """Fixed effects, a Series of length p (lme4: ``fixef``; R: ``coef`` of a model without random effects)."""
        return pd.Series(self.beta, index=self.design.x_names, name="estimate")

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance of the fixed effects, p × p (R: ``vcov``)."""
        names = self.design.x_names
        return pd.DataFrame(self.sigma**2 * self.cov_unscaled, index=names, columns=names)

    @property
    def se(self) -> pd.Series:
        """Standard errors of the fixed effects, a Series of length p."""
        roots = np.sqrt(np.diag(self.cov_unscaled))
        return pd.Series(self.sigma * roots, index=self.design.x_names, name="std_error")

    @property
    def sigma(self) -> float:
        """Residual standard deviation; 1.0 for families without a scale (R: ``sigma``)."""
        ...

    @property
    def has_scale(self) -> bool:
        """Whether the model has a residual variance or dispersion to estimate."""
        ...

    @property
    def X(self) -> pd.DataFrame:
        """Model matrix of the fixed effects on the rows used, n × p (R: ``model.matrix``, ``getME(fit, "X")``)."""
        return pd.DataFrame(self.design.X.copy(), index=self.design.frame.index, columns=self.design.x_names)

    @property
    def weights(self) -> pd.Series:
        """Prior weights of the rows used, ones where none were given (R: ``weights``).

        For ``cbind(hits, misses)`` they are the numbers of trials, times the weights given.
        """
        return pd.Series(self.design.row_weights.copy(), index=self.design.frame.index, name="weight")

    # ---- likelihood ----

    @property
    def is_reml(self) -> bool:
        """Whether the fit is by REML (lme4: ``isREML``); False for `lm` and `glm`."""
        return False

    @property
    def loglik(self) -> float:
        """Log-likelihood (R: ``logLik``)."""
        ...

    @property
    def deviance(self) -> float:
        """Deviance (R: ``deviance``)."""
        ...

    @property
    def npar(self) -> int:
        """Number of estimated parameters."""
        ...

    @property
    def aic(self) -> float:
        """-2 :attr:`loglik` + 2 :attr:`npar` (from the REML criterion for a REML fit, as lme4's ``AIC``)."""
        return -2 * self.loglik + 2 * self.npar

    @property
    def bic(self) -> float:
        """-2 :attr:`loglik` + log(:attr:`nobs`) :attr:`npar` (R: ``BIC``)."""
        return -2 * self.loglik + float(np.log(self.nobs)) * self.npar

    @property
    def aicc(self) -> float:
        """:attr:`aic` corrected for few rows: plus 2k(k + 1) / (n - k - 1), with k = :attr:`npar` (MuMIn: ``AICc``).

        NaN where there are no more rows than k + 1. Hurvich and Tsai (1989), *Biometrika* 76:297-307.
        """
        left = self.nobs - self.npar - 1
        return self.aic + 2 * self.npar * (self.npar + 1) / left if left > 0 else float("nan")

    @property
    def nobs(self) -> int:
        """Number of rows used."""
        ...

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom."""
        ...

    # ---- rows ----

    @property
    def fitted(self) -> pd.Series:
        """Fitted values with all random effects, on the scale of the response (R: ``fitted``)."""
        return self.on_all_rows(pd.Series(self._mu, index=self.design.frame.index, name="fitted"))

    @property
    def row_fitted(self) -> Array:
        """Fitted values of the rows used, (n,)."""
        return self._mu

    def on_all_rows(self, values: T) -> T:
        """Values of the rows used as ``na_action`` asks: with NaN for rows left out if it is ``"exclude"``."""
        used = self.design.used
        if used is None or self.call.options["na_action"] != "exclude":
            return values
        places = np.full(len(used), -1)
        places[used] = np.arange(used.sum())
        whole: Any = values.reset_index(drop=True).reindex(places)
        return cast(T, whole.set_axis(self.call.data.index))

    def resid(self, kind: ResidualKind = "response") -> pd.Series:
        """Residuals.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance", "working", "scaled", "studentized"}
            ``response`` is y - fitted; ``pearson`` divides by the root of weight and variance function;
            ``deviance`` is the signed root of each row's deviance; ``working`` is on the scale of the
            linear predictor; ``scaled`` is pearson divided by sigma, the residuals which the summary of a
            mixed model shows; ``studentized`` is pearson divided by its own standard error, of a model
            without random effects by that of a fit without the row (R's ``rstudent``).

        Returns
        -------
        Series
            Under the index of the rows used.

        Raises
        ------
        ModelError
            For another kind.

        Notes
        -----
        As R's ``residuals(fit, type = kind)``, except that the default is ``response`` for a generalised
        model as well, and that working residuals of outcomes fitted with certainty are exact: they are ±1 for
        the logit link, as R has them, but R gives ±1 also for probit and cloglog, since it keeps means and
        slopes away from zero.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.resid("scaled").head(2).round(3).tolist()
        [-0.16, -0.571]
        """
        kind = arguments.one_of("kind", kind, RESIDUALS)
        values = self._studentized() if kind == "studentized" else self.row_residuals(kind)
        return self.on_all_rows(pd.Series(values, index=self.design.frame.index, name="resid"))

    def row_residuals(self, kind: ResidualKind) -> Array:
        """Residuals of the rows used, (n,), of any kind but ``"studentized"``."""
        if kind == "scaled":
            return self._resid("pearson") / self._unit_of_pearson
        return self._resid(kind)

    @property
    def _unit_of_pearson(self) -> float:
        """Standard deviation of Pearson's residuals under the model."""
        return self.sigma

    def _studentized(self) -> Array:
        """Residuals over their standard errors, (n,)."""
        ...

    def _resid(self, kind: str) -> Array:
        """Residuals of one of the first four kinds, (n,)."""
        design, family, mu = self.design, self.family, self._mu
        raw = design.y - mu
        if kind == "response" or (kind == "working" and family is None):
            return raw
        if kind == "working" and family is not None:
            return family.link.working(design.y, self._eta)
        if family is None:
            return np.sqrt(design.row_weights) * raw
        if kind == "pearson":
            return np.sqrt(design.row_weights) * _over(raw, np.sqrt(family.variance(mu)))
        return family.deviance_residuals(design.y, mu, design.weights)

    @property
    def _eta(self) -> Array:
        """Linear predictor of each row with offset and random effects, (n,)."""
        ...

    @cached_property
    def _mu(self) -> Array:
        """Fitted values, (n,)."""
        return self._eta if self.family is None else self.family.linkinv(self._eta)


def _over(raw: Array, size: Array) -> Array:
    """Residuals in units of their size; zero, their limit, where an outcome that was certain came about."""
    return np.divide(raw, size, out=np.zeros(len(raw)), where=(raw != 0) | (size != 0))
