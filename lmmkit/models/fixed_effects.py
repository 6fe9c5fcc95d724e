"""What a user asks of `lm` and `glm` alike: the members of a mixed model that make sense without random effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from ..errors import ModelError
from ..fitted.fixed import FixedFit

if TYPE_CHECKING:
    from ..inference.bootstrap import Bootstrap
    from ..plots.namespace import LinearPlots
    from ..report.equation import Equation
    from ..report.summary_linear import LinearSummary

__all__ = ["FixedEffectsModel"]


class FixedEffectsModel(FixedFit):
    """What :class:`LinearModel` and :class:`GeneralizedLinearModel` share: the members of a mixed model that
    make sense without random effects. Each hands its question to a room below.
    """

    # ---- tables ----

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
                     estimate  std_error  df  statistic p_value
        (Intercept)    26.964      0.937  48     28.772  <0.001
        Dose           -2.439      0.295  48     -8.270  <0.001
        """
        from ..inference.coef_tests import coef_table

        return coef_table(self, ddf)

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
        from ..fitted.predict import predict

        return predict(self, newdata, None, False, kind, interval, level)

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
        from ..fitted.simulate import simulate

        return simulate(self, n_sim, seed)

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
        from ..fitted.simulate import refit

        return refit(self, y)

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
        from ..fitted.refit import update

        return update(self, formula, **changes)

    # ---- inference ----

    def confint(
        self,
        level: float = 0.95,
        method: str | None = None,
        parm: str | int | Sequence[str | int] | None = None,
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
        parm : str, int or list of these, optional
            Which coefficients, by name or by position from 0; all otherwise.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``conf_low conf_high``. A limit of a profile is infinite where the
            likelihood never falls far enough (a separated outcome), NaN where its curve could not be
            followed; ``.notes`` says so.

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
        from ..inference.confint import confint_fixed

        return confint_fixed(self, level, method, parm)

    def contest(
        self, L: Any, rhs: Any = 0, *, ddf: str = "residual", joint: bool = True, level: float = 0.95
    ) -> pd.DataFrame:
        """Test ``L beta = rhs``, together or one by one; see :func:`lmmkit.inference.contest.contest`."""
        from ..inference.contest import contest

        return contest(self, L, rhs, ddf=ddf, joint=joint, level=level)

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
            without the row. A glm's `_resid` is the deviance residual. A name that the data have already
            gets another underscore.

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
        from ..report.tidy import with_measures

        measures = self.influence().filter(["hat", "sigma", "cooksd", "std_resid"])
        kind = "response" if self.family is None else "deviance"
        return with_measures(self, {"fitted": self.fitted, "resid": self.resid(kind), **measures})

    def influence(self) -> pd.DataFrame:
        """How much each row decides."""
        raise NotImplementedError

    @property
    def plot(self) -> LinearPlots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots.namespace`."""
        from ..plots.namespace import LinearPlots

        return LinearPlots(self)

    # ---- telling ----

    def summary(self, ddf: str = "residual") -> LinearSummary:
        """The model as R prints it; see :class:`lmmkit.report.summary_linear.LinearSummary`."""
        from ..report.summary_linear import LinearSummary

        return LinearSummary(self, ddf)

    def equation(self, *, estimates: bool = False) -> Equation:
        """The model in LaTeX, with its own variable names."""
        from ..report.equation import equation

        return equation(self, estimates=estimates)

    def explain(self) -> str:
        """The model in plain English."""
        from ..report.explain import explain

        return explain(self)

    def _repr_html_(self) -> str:
        from ..report.summary_linear import html

        return html(self)

    def __repr__(self) -> str:
        from ..report.summary_linear import print_lines

        return "\n".join(line.rstrip() for line in print_lines(self))
