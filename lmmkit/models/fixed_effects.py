"""What `lm` and `glm` share: the members of a fitted mixed model that make sense without random effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ..design.design import Design, build_design
from ..errors import FormulaError, ModelError
from ..fitted.call import DDF, Call
from ..fitted.mixed import RESIDUALS
from ..fitted.refit import caller_name
from ..formula.parse import parse
from ..formula.update import update as update_formula
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags

if TYPE_CHECKING:
    from ..families.family import Family
    from ..inference.bootstrap import Bootstrap
    from ..plots.namespace import LinearPlots
    from ..report.equation import Equation
    from ..report.summary_linear import LinearSummary

__all__ = ["FixedEffectsModel"]


class FixedEffectsModel:
    """What :class:`LinearModel` and :class:`GeneralizedLinearModel` share: the members of a mixed model that
    make sense without random effects.

    Attributes
    ----------
    design : Design
        Response and model matrix.
    call : Call
        What was asked for.
    """

    family: Family | None = None
    df_resid: int
    sigma: float
    loglik: float
    npar: int
    deviance: float
    _beta: Array
    _cov_unscaled: Array  # (p, p), without sigma**2
    _working_weights: Array  # (n,): of the (last) weighted least-squares fit

    def __init__(self, design: Design, call: Call) -> None:
        self.design, self.call = design, call

    # ---- coefficients ----

    @property
    def fixef(self) -> pd.Series:
        """Coefficients, a Series of length p (R: ``coef``)."""
        return pd.Series(self._beta, index=self.design.x_names, name="estimate")

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance of the coefficients, p × p."""
        names = self.design.x_names
        return pd.DataFrame(self.sigma**2 * self._cov_unscaled, index=names, columns=names)

    @property
    def se(self) -> pd.Series:
        """Standard errors of the coefficients, a Series of length p."""
        return pd.Series(
            self.sigma * np.sqrt(np.diag(self._cov_unscaled)), index=self.design.x_names, name="std_error"
        )

    @property
    def has_scale(self) -> bool:
        """Whether the spread around the mean is estimated, so that tests are t and F tests."""
        raise NotImplementedError

    def coef_table(self, ddf: str = "residual") -> pd.DataFrame:
        """Coefficients with standard errors and tests.

        Parameters
        ----------
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            Without random effects the first three are the same, n - p; ``"none"`` leaves out the p-values.
            Models without a scale (binomial, poisson, negative binomial) have z tests, whatever `ddf` says.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``estimate std_error df statistic p_value``; z tests have no ``df``,
            and ``ddf="none"`` has neither ``df`` nor ``p_value``.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As ``coef(summary(fit))`` of R.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).coef_table().round(3)
                     estimate  std_error  df  statistic  p_value
        (Intercept)    26.964      0.937  48     28.772      0.0
        Dose           -2.439      0.295  48     -8.270      0.0
        """
        if ddf not in DDF:
            raise ModelError(f"ddf must be one of {', '.join(DDF)}, not {ddf!r}")
        table = pd.DataFrame({"estimate": self.fixef, "std_error": self.se})
        statistic = table["estimate"] / table["std_error"]
        if self.has_scale and ddf != "none":
            table["df"] = self.df_resid
        table["statistic"] = statistic
        if ddf != "none" or not self.has_scale:
            table["p_value"] = 2 * stats.t.sf(np.abs(statistic), self._t_df)
        return table

    @property
    def _t_df(self) -> float:
        """Degrees of freedom of a coefficient's t; without a scale it is normal, which is t with infinitely many."""
        return float(self.df_resid) if self.has_scale else np.inf

    # ---- likelihood ----

    @property
    def aic(self) -> float:
        """-2 :attr:`loglik` + 2 :attr:`npar`."""
        return -2 * self.loglik + 2 * self.npar

    @property
    def bic(self) -> float:
        """-2 :attr:`loglik` + log(:attr:`nobs`) :attr:`npar`."""
        return -2 * self.loglik + float(np.log(self.nobs)) * self.npar

    @property
    def nobs(self) -> int:
        """Number of rows that count: used, and of weight above zero."""
        return int(self._counts.sum())

    @property
    def is_reml(self) -> bool:
        """False: :attr:`loglik` is a likelihood, not a restricted one."""
        return False

    @cached_property
    def _counts(self) -> Flags:
        """Which rows have a weight above zero."""
        weights = self.design.weights
        return np.ones(len(self.design.y), dtype=bool) if weights is None else weights > 0

    @cached_property
    def _weights(self) -> Array:
        weights = self.design.weights
        return np.ones(len(self.design.y)) if weights is None else weights

    # ---- rows ----

    @cached_property
    def _eta(self) -> Array:
        return np.asarray(self.design.X @ self._beta + self.design.offset)

    @property
    def _mu(self) -> Array:
        return self._eta

    @property
    def fitted(self) -> pd.Series:
        """Fitted values, on the scale of the response."""
        return pd.Series(self._mu, index=self.design.frame.index, name="fitted")

    def resid(self, kind: str = "response") -> pd.Series:
        """Residuals.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance", "working", "scaled"}
            As for a mixed model: ``scaled`` is pearson divided by sigma.

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
        As R's ``residuals(fit, type = kind)``.
        """
        if kind not in RESIDUALS:
            raise ModelError(f"there are no residuals of kind {kind!r}; choose one of {', '.join(RESIDUALS)}")
        values = self._resid("pearson") / self.sigma if kind == "scaled" else self._resid(kind)
        return pd.Series(values, index=self.design.frame.index, name="resid")

    def _resid(self, kind: str) -> Array:
        raise NotImplementedError

    @cached_property
    def _leverage(self) -> Array:
        """Diagonal of the hat matrix, (n,)."""
        X = self.design.X
        return self._working_weights * np.einsum("ij,jk,ik->i", X, self._cov_unscaled, X)

    # ---- predicting ----

    def predict(
        self,
        newdata: pd.DataFrame | None = None,
        *,
        kind: str = "response",
        interval: str | None = None,
        level: float = 0.95,
    ) -> pd.Series | pd.DataFrame:
        """Predict old or new rows, with intervals if asked.

        Parameters
        ----------
        newdata : DataFrame, optional
            New rows; those of the fit otherwise.
        kind : {"response", "link"}
            The scale: of the response, or of the linear predictor.
        interval : {"confidence", "prediction"}, optional
            For the mean of such rows, or for a new observation (of the weight that its row has, if weights
            came from a column).
        level : float
            Coverage of the interval.

        Returns
        -------
        Series, or DataFrame with columns ``fit conf_low conf_high``
            Under the index of `newdata`.

        Raises
        ------
        DataError
            When `newdata` lacks a column or has an unseen level.
        ModelError
            For an unknown kind or interval.

        Notes
        -----
        As R's ``predict.lm``. A glm's confidence interval is that of the linear predictor, carried over by
        the link; its prediction interval is made of 2000 simulated responses, as for a mixed model.

        Examples
        --------
        >>> import lmmkit as lk, pandas as pd
        >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
        >>> fit.predict(pd.DataFrame({"Dose": [1, 5]}), interval="confidence").round(2)
             fit  conf_low  conf_high
        0  24.52     23.16      25.89
        1  14.77     13.31      16.23
        """
        if kind not in ("response", "link"):
            raise ModelError(f"kind must be 'response' or 'link', not {kind!r}")
        if interval not in (None, "confidence", "prediction"):
            raise ModelError(f"interval must be 'confidence' or 'prediction', not {interval!r}")
        if not 0 < level < 1:
            raise ModelError(f"level must lie between 0 and 1, not {level!r}")
        if interval == "prediction" and kind == "link":
            raise ModelError("a prediction interval is about the response; leave out kind='link'")
        design = self.design
        if newdata is None:
            X, eta, index = design.X, self._eta, design.frame.index
        else:
            X, index = design.new_X(newdata), newdata.index
            eta = X @ self._beta + design.new_offset(newdata)
        point = self._inverse_link(eta) if kind == "response" else eta
        if interval is None:
            return pd.Series(point, index=index, name="fit")
        variance = self.sigma**2 * np.einsum("ij,jk,ik->i", X, self._cov_unscaled, X)
        if interval == "prediction":
            ends = self._new_observation(eta, variance, self._row_weights(newdata), level)
        else:
            half = stats.t.ppf((1 + level) / 2, self._t_df) * np.sqrt(variance)
            ends = eta - half, eta + half
            if kind == "response":
                ends = self._inverse_link(ends[0]), self._inverse_link(ends[1])
        low, high = np.minimum(*ends), np.maximum(*ends)  # a link may turn the order round
        return pd.DataFrame({"fit": point, "conf_low": low, "conf_high": high}, index=index)

    def _row_weights(self, newdata: pd.DataFrame | None) -> Array | None:
        from ..fitted.predict import new_weights

        fit: Any = self
        return self.design.weights if newdata is None else new_weights(fit, newdata)

    def _new_observation(
        self, eta: Array, variance: Array, weights: Array | None, level: float
    ) -> tuple[Array, Array]:
        """Limits for new responses, given the linear predictor and the variance of its error."""
        raise NotImplementedError

    def _inverse_link(self, eta: Array) -> Array:
        return eta if self.family is None else self.family.linkinv(eta)

    # ---- simulating and fitting again ----

    def simulate(self, n_sim: int = 1, seed: Any = None) -> pd.DataFrame:
        """Draw new responses from the fitted model.

        Parameters
        ----------
        n_sim : int
            How many columns to draw.
        seed : int, Generator or None

        Returns
        -------
        DataFrame
            n rows × `n_sim` columns ``sim_1`` …, each fit for :meth:`refit`. Where the response is
            ``cbind(hits, misses)``, the number of hits.

        Raises
        ------
        ModelError
            If `n_sim` is not a positive whole number.

        Notes
        -----
        As R's ``simulate``: parameters are taken as known.
        """
        if not isinstance(n_sim, (int, np.integer)) or n_sim < 1:
            raise ModelError(f"n_sim must be a positive whole number, not {n_sim!r}")
        rng = np.random.default_rng(seed)
        columns = {f"sim_{i + 1}": self.draw(rng) for i in range(n_sim)}
        return pd.DataFrame(columns, index=self.design.frame.index)

    def draw(self, rng: np.random.Generator) -> Array:
        """One new response, fit for :meth:`refit`, shape (n,)."""
        raise NotImplementedError

    def bootstrap(
        self,
        n_sim: int,
        stat: Callable[[Self], Any] | None = None,
        seed: Any = None,
        n_jobs: int = 1,
        progress: bool | None = None,
    ) -> Bootstrap:
        """Parametric bootstrap: refit the model to responses simulated from it.

        Parameters
        ----------
        n_sim : int
            Number of simulations.
        stat : callable, optional
            Takes a fitted model, gives a number, a Series, a dict or an array of numbers. By default sigma
            (where it is estimated) and the coefficients.
        seed : int, optional
            For the same result again, whatever `n_jobs` is.
        n_jobs : int
            Number of worker processes, -1 for one per core.
        progress : bool, optional
            Show a progress bar; by default only if it takes longer than two seconds.

        Returns
        -------
        Bootstrap
            With ``.replicates``, ``.summary`` and ``.interval()``, as for a mixed model.

        Raises
        ------
        ModelError
            When `n_sim` is not a positive whole number, or `stat` gives something else.

        Notes
        -----
        As ``boot::boot(sim = "parametric")`` with R's ``simulate``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> boot = lk.lm("Weight ~ Dose", lk.load_data("mouse")).bootstrap(20, seed=1, progress=False)
        >>> list(boot.replicates.columns)
        ['sigma', '(Intercept)', 'Dose']
        """
        from ..inference.bootstrap import bootstrap

        return bootstrap(self, n_sim, stat, seed=seed, n_jobs=n_jobs, progress=progress)

    def refit(self, y: Any) -> Self:
        """Fit the same model to another response.

        Parameters
        ----------
        y : array or Series of length n
            One value for each row used, on the scale of the left side of the formula (of ``log(y)`` the
            logarithms); for ``cbind(hits, misses)`` the hits. A Series is matched by its index.

        Returns
        -------
        LinearModel or GeneralizedLinearModel

        Raises
        ------
        DataError
            When there are not n finite numbers.
        """
        from ..fitted.simulate import checked_response

        fit: Any = self
        design = replace(self.design, y=checked_response(fit, y))
        return type(self)(design, replace(self.call, response=design.y))

    def update(self, formula: str | None = None, **changes: Any) -> Self:
        """Change the formula or the arguments and fit again.

        Parameters
        ----------
        formula : str, optional
            As in R's ``update``: ``". ~ . - Dose"``.
        **changes
            Any other argument of the fitting function: ``data=other``, ``weights="w"``.

        Returns
        -------
        LinearModel or GeneralizedLinearModel

        Raises
        ------
        ModelError
            For an argument that the function does not have.
        FormulaError, DataError
            As :func:`lm`.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
        >>> list(fit.update(". ~ . + Strain").fixef.index)
        ['(Intercept)', 'Dose', 'Strainm2', 'Strainm3', 'Strainm4', 'Strainm5']
        """
        call = self.call
        known = [*call.options, "data"]
        for name in changes:
            if name not in known:
                raise ModelError(f"{call.function} has no argument '{name}'; it takes {', '.join(known)}")
        if "family" in changes:
            from ..families.resolve import resolve

            changes["family"] = resolve(changes["family"])
        data = changes.pop("data", call.data)
        text = call.formula if formula is None else update_formula(call.formula, formula)
        data_name = call.data_name if data is call.data else caller_name(data)
        new = Call(call.function, text, data, data_name, call.options | changes)
        return type(self)(make_design(new), new)

    # ---- inference ----

    def confint(
        self, level: float = 0.95, method: str | None = None, parm: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Confidence intervals of the coefficients.

        Parameters
        ----------
        level : float
            Coverage.
        method : {"t", "wald", "profile"}, optional
            ``t`` (the default of a linear model, where it is exact) takes quantiles of t, ``wald`` of the
            normal distribution; ``profile`` (the default of a glm) is where the likelihood has fallen too
            far.
        parm : str or list of str, optional
            Which coefficients; all otherwise.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``conf_low conf_high``.

        Raises
        ------
        ModelError
            For an unknown method or coefficient.

        Notes
        -----
        As R's ``confint`` (for a glm that of MASS), and ``confint.default`` for ``"wald"``. For a linear
        model the profile of the likelihood with sigma taken as known gives the t interval, so ``profile`` is
        ``t`` there.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).confint().round(2)
                     conf_low  conf_high
        (Intercept)     25.08      28.85
        Dose            -3.03      -1.85
        """
        if not 0 < level < 1:
            raise ModelError(f"level must lie between 0 and 1, not {level!r}")
        names = self.design.x_names
        wanted = names if parm is None else [parm] if isinstance(parm, str) else list(parm)
        for name in wanted:
            if name not in names:
                raise ModelError(f"there is no coefficient {name!r}; the model has {', '.join(names)}")
        tail = (1 + level) / 2
        method = method or ("t" if self.family is None else "profile")
        if method not in ("t", "wald", "profile"):
            raise ModelError(f"method must be 't', 'wald' or 'profile', not {method!r}")
        if method == "profile" and self.family is not None:
            ends = [self._profile_interval(names.index(name), stats.norm.ppf(tail)) for name in wanted]
            return pd.DataFrame(ends, index=wanted, columns=["conf_low", "conf_high"])
        half = self.se * stats.t.ppf(tail, np.inf if method == "wald" else self._t_df)
        return pd.DataFrame({"conf_low": self.fixef - half, "conf_high": self.fixef + half}).loc[wanted]

    def _profile_interval(self, j: int, cutoff: float) -> tuple[float, float]:
        raise NotImplementedError

    def anova(self, type: int = 3, ddf: str = "residual") -> pd.DataFrame:
        """Test each term."""
        raise NotImplementedError

    def drop1(self) -> pd.DataFrame:
        """What each term contributes that may be dropped; see :mod:`lmmkit.inference.likelihood_ratio`."""
        from ..inference.likelihood_ratio import drop1

        return drop1(self)

    # ---- tables ----

    def tidy(
        self, effects: str = "fixed", *, conf_int: bool = False, level: float = 0.95, ddf: str = "residual"
    ) -> pd.DataFrame:
        """The coefficients as a tidy table, one row each.

        Parameters
        ----------
        effects : {"fixed"}
            There are no others.
        conf_int : bool
            Add ``conf_low conf_high`` (:meth:`confint`).
        level : float
            Their coverage.
        ddf : str
            As in :meth:`coef_table`.

        Returns
        -------
        DataFrame
            Columns ``effect term estimate std_error df statistic p_value``.

        Raises
        ------
        ModelError
            For other effects.

        Notes
        -----
        As broom's ``tidy``, with underscores for dots.
        """
        if effects != "fixed":
            raise ModelError(f"a model without random effects has only 'fixed' effects, not {effects!r}")
        table = self.coef_table(ddf)
        if conf_int:
            table = table.join(self.confint(level))
        table = table.rename_axis("term").reset_index()
        table.insert(0, "effect", "fixed")
        return table

    def glance(self) -> pd.DataFrame:
        """One row about the whole model."""
        raise NotImplementedError

    def augment(self) -> pd.DataFrame:
        """The rows used, with what the model says about each.

        Returns
        -------
        DataFrame
            The columns used and ``_fitted _resid _hat _cooksd _std_resid``: leverage, Cook's distance, and
            the residual divided by its standard deviation; for a linear model ``_sigma`` as well, sigma
            without the row. A glm's `_resid` is the deviance residual.

        Notes
        -----
        As broom's ``augment``, whose dots in front are underscores here. Sources: R's ``hatvalues``,
        ``influence``, ``cooks.distance``, ``rstandard``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).augment().filter(like="_").round(3).head(2)
           _fitted  _resid   _hat  _sigma  _cooksd  _std_resid
        0   24.525   1.142  0.063   2.734    0.006       0.435
        1   22.086   3.495  0.030   2.690    0.026       1.309
        """
        frame = self.design.frame.copy()
        if self.call.response is not None and self.design.response in frame:
            frame[self.design.response] = self.call.response
        measures = self.influence().filter(["hat", "sigma", "cooksd", "std_resid"]).add_prefix("_")
        kind = "response" if self.family is None else "deviance"
        return frame.assign(_fitted=self.fitted, _resid=self.resid(kind)).join(measures)

    def influence(self) -> pd.DataFrame:
        """How much each row decides."""
        raise NotImplementedError

    @property
    def plot(self) -> LinearPlots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots.namespace`."""
        from ..plots.namespace import LinearPlots

        return LinearPlots(self)

    # ---- telling ----

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do."""
        from ..fitted.messages import dropped_columns, omitted_rows

        fit: Any = self
        return [*omitted_rows(fit), *dropped_columns(fit)]

    def summary(self, ddf: str = "residual") -> LinearSummary:
        """The model as R prints it; see :class:`lmmkit.report.summary_linear.LinearSummary`."""
        from ..report.summary_linear import LinearSummary

        return LinearSummary(self, ddf)

    def equation(self, *, estimates: bool = False) -> Equation:
        """The model in LaTeX, with its own variable names."""
        from ..report.equation import equation

        fit: Any = self
        return equation(fit, estimates=estimates)

    def explain(self) -> str:
        """The model in plain English."""
        from ..report.explain import explain

        fit: Any = self
        return explain(fit)

    def _repr_html_(self) -> str:
        from ..report.summary_linear import html

        return html(self)

    def __repr__(self) -> str:
        from ..report.summary_linear import print_lines

        return "\n".join(line.rstrip() for line in print_lines(self))


def make_design(call: Call) -> Design:
    """Parse, build, and refuse what is no model without random effects."""
    parsed = parse(call.formula)
    if parsed.bars:
        mixed = "lk.lmer" if call.function == "lm" else "lk.glmer"
        raise FormulaError(
            f"{call.function} has no random effects, but the formula has ({parsed.bars[0].text}); use {mixed}"
        )
    given = {name: call.options[name] for name in ("weights", "offset", "contrasts", "na_action")}
    design = build_design(parsed, call.data, binary_response=call.function == "glm", **given)
    if design.X.shape[1] == 0:
        raise ModelError(
            f"the formula '{parsed.text}' leaves nothing to estimate; add an intercept or a predictor"
        )
    return design


def statsmodels(module: str) -> Any:
    """A module of statsmodels, loaded when a model is fitted.

    Raises
    ------
    ModelError
        When statsmodels is not installed.
    """
    try:
        return import_module(f"statsmodels.{module}")
    except ModuleNotFoundError:
        raise ModelError(
            "lm and glm are fitted by statsmodels, which is not installed; try: pip install statsmodels"
        ) from None


def wald(L: Array, beta: Array, vcov: Array) -> tuple[float, int]:
    """Sum of squared, uncorrelated, standardised contrasts, and their number."""
    from ..inference.contrasts import uncorrelated

    rotated, variances = uncorrelated(L, vcov)
    return float(((rotated @ beta) ** 2 / variances).sum()), len(variances)
