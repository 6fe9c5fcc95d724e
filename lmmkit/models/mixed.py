"""`MixedModel`: a fitted mixed model and everything that can be asked of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from ..fitted.mixed import MixedFit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..plots.namespace import Plots
    from ..report.equation import Equation
    from ..report.summary import Summary


class MixedModel(MixedFit):
    """A fitted mixed model, as made by :func:`lmmkit.lmer` and :func:`lmmkit.glmer`.

    Parameters
    ----------
    estimate : Estimate
        What the fitter found.
    call : Call
        What was asked for.
    criterion : Criterion, optional
        The design's sums, kept so that :meth:`refit` need not touch the rows again (linear models only).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> fit.fixef.round(2).to_dict()
    {'(Intercept)': 251.41, 'Days': 10.47}
    """

    # ---- tables ----

    def coef_table(self, ddf: str = "satterthwaite") -> pd.DataFrame:
        """Fixed effects with standard errors and tests.

        Parameters
        ----------
        ddf : str
            Denominator degrees of freedom of the t tests: ``"satterthwaite"``, ``"kenward_roger"``,
            ``"kenward_roger_observed"``, ``"between_within"``, ``"containment"``, ``"residual"`` or
            ``"none"``; see :func:`lmmkit.inference.coef_tests.coef_table`. A GLMM has z tests, whatever it
            says.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``estimate std_error df statistic p_value``; a GLMM has no
            ``df``, and ``ddf="none"`` has neither ``df`` nor ``p_value``.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As ``coef(summary(fit))`` of lmerTest, and of lme4 for ``ddf="none"`` and for GLMMs.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.coef_table(ddf="none").round(3)
                     estimate  std_error  statistic
        (Intercept)   251.405      6.825     36.838
        Days           10.467      1.546      6.771
        """
        from ..inference.coef_tests import coef_table

        return coef_table(self, ddf)

    def tidy(
        self,
        effects: str | Sequence[str] = "fixed",
        *,
        conf_int: bool = False,
        level: float = 0.95,
        ddf: str = "satterthwaite",
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """Estimates as a tidy table, one row each; see :func:`lmmkit.report.tidy.tidy`."""
        from ..report.tidy import tidy

        return tidy(self, effects, conf_int=conf_int, level=level, ddf=ddf, exponentiate=exponentiate)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; see :func:`lmmkit.report.tidy.glance`."""
        from ..report.tidy import glance

        return glance(self)

    def augment(self) -> pd.DataFrame:
        """The rows used, with fitted values and residuals beside them; see :func:`lmmkit.report.tidy.augment`."""
        from ..report.tidy import augment

        return augment(self)

    # ---- predicting, simulating, fitting again ----

    def predict(
        self,
        newdata: pd.DataFrame | None = None,
        *,
        re_form: str | None = None,
        allow_new_levels: bool = False,
        kind: str = "response",
        interval: str | None = None,
        level: float = 0.95,
    ) -> pd.Series | pd.DataFrame:
        """Predict old or new rows, with intervals if asked; see :func:`lmmkit.fitted.predict.predict`."""
        from ..fitted.predict import predict

        return predict(self, newdata, re_form, allow_new_levels, kind, interval, level)

    def simulate(self, n_sim: int = 1, seed: Any = None) -> pd.DataFrame:
        """Draw new responses from the fitted model; see :func:`lmmkit.fitted.simulate.simulate`."""
        from ..fitted.simulate import simulate

        return simulate(self, n_sim, seed)

    def refit(self, y: Any) -> Self:
        """Fit the same model to another response; see :func:`lmmkit.fitted.simulate.refit`."""
        from ..fitted.simulate import refit

        return refit(self, y)

    def update(self, formula: str | None = None, **changes: Any) -> Self:
        """Change the formula or the arguments and fit again; see :func:`lmmkit.fitted.refit.update`."""
        from ..fitted.refit import update

        return update(self, formula, **changes)

    def bootstrap(
        self,
        n_sim: int,
        stat: Callable[[MixedModel], Any] | None = None,
        seed: Any = None,
        n_jobs: int = 1,
        progress: bool | None = None,
    ) -> Any:
        """Parametric bootstrap; see :mod:`lmmkit.inference.bootstrap`."""
        from ..inference.bootstrap import bootstrap

        return bootstrap(self, n_sim, stat, seed=seed, n_jobs=n_jobs, progress=progress)

    # ---- inference and diagnostics ----

    def confint(
        self,
        level: float = 0.95,
        method: str = "profile",
        parm: str | int | Sequence[str | int] | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Confidence intervals, ``wald``, ``profile`` or ``boot``; see :mod:`lmmkit.inference.confint`."""
        from ..inference.confint import confint

        return confint(self, level=level, method=method, parm=parm, **options)

    def contest(
        self, L: Any, rhs: Any = 0, *, ddf: str = "satterthwaite", joint: bool = True, level: float = 0.95
    ) -> pd.DataFrame:
        """Test ``L beta = rhs``, together or one by one; see :func:`lmmkit.inference.contest.contest`."""
        from ..inference.contest import contest

        return contest(self, L, rhs, ddf=ddf, joint=joint, level=level)

    def anova(self, type: int = 3, ddf: str = "satterthwaite") -> pd.DataFrame:
        """F test of each fixed term, types 1, 2, 3; see :mod:`lmmkit.inference.f_tests`."""
        from ..inference.f_tests import anova_table

        return anova_table(self, type=type, ddf=ddf)

    def drop1(self, test: str = "chisq", ddf: str = "satterthwaite") -> pd.DataFrame:
        """What each term contributes that may be dropped; see :mod:`lmmkit.inference.likelihood_ratio`."""
        from ..inference.likelihood_ratio import drop1

        return drop1(self, test=test, ddf=ddf)

    def r2(self) -> pd.Series:
        """Marginal and conditional R² of Nakagawa; see :mod:`lmmkit.diagnostics.explained_variance`."""
        from ..diagnostics.explained_variance import r2

        return r2(self)

    def icc(self) -> Any:
        """Intraclass correlation; see :mod:`lmmkit.diagnostics.explained_variance`."""
        from ..diagnostics.explained_variance import icc

        return icc(self)

    def variance_partition(self) -> pd.Series:
        """Share of the variance that each term explains; see :mod:`lmmkit.diagnostics.variance_fractions`."""
        from ..diagnostics.variance_fractions import variance_fractions

        return variance_fractions(self)

    def influence(
        self, by: str | None = None, refit: bool = False, progress: bool | None = None
    ) -> pd.DataFrame:
        """How much single rows or groups decide; see :func:`lmmkit.diagnostics.influence.influence`."""
        from ..diagnostics.influence import influence

        return influence(self, by=by, refit=refit, progress=progress)

    @property
    def plot(self) -> Plots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots.namespace`."""
        from ..plots.namespace import Plots

        return Plots(self)

    # ---- telling ----

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do; see :mod:`lmmkit.fitted.messages`."""
        from ..fitted.messages import messages

        return messages(self)

    def summary(self, ddf: str = "satterthwaite") -> Summary:
        """The model as lme4 and lmerTest print it; see :class:`lmmkit.report.summary.Summary`."""
        from ..report.summary import Summary

        return Summary(self, ddf)

    def equation(self, *, estimates: bool = False) -> Equation:
        """The model in LaTeX, with its own variable names; see :func:`lmmkit.report.equation.equation`."""
        from ..report.equation import equation

        return equation(self, estimates=estimates)

    def explain(self) -> str:
        """The model in plain English; see :func:`lmmkit.report.explain.explain`."""
        from ..report.explain import explain

        return explain(self)

    def __repr__(self) -> str:
        from ..report.summary import print_lines

        return "\n".join(print_lines(self))

    def _repr_html_(self) -> str:
        from ..report.notebook import model

        return model(self)
