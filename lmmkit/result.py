"""`MixedModel`: a fitted mixed model and everything that can be asked of it.

The numbers themselves are in `quantities.py`; here stand the questions. Each answer has a module of its
own, which is loaded when the question is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import distributions as stats
from .errors import ModelError
from .quantities import Quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .equation import Equation
    from .estimate import Estimate
    from .lmm import Criterion
    from .plots import Plots
    from .summary import Summary

__all__ = ["Call", "MixedModel"]

Array = np.ndarray
DDF = ("satterthwaite", "kenward_roger", "residual", "none")


@dataclass(frozen=True)
class Call:
    """What was asked for, so that it can be printed and asked again with changes.

    Attributes
    ----------
    function : str
        ``"lmer"`` or ``"glmer"``.
    formula : str
        As written.
    data : DataFrame
        As given.
    data_name : str or None
        The caller's name for it.
    options : dict
        The other arguments.
    response : ndarray or None
        The response of a refit, which is not in the data.
    """

    function: str
    formula: str
    data: pd.DataFrame = field(repr=False)
    data_name: str | None
    options: dict[str, Any]
    response: Array | None = field(default=None, repr=False)


class MixedModel(Quantities):
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

    def __init__(self, estimate: Estimate, call: Call, criterion: Criterion | None = None) -> None:
        asked = call.options.get("family")
        free_scale = True if estimate.family is None else bool(getattr(asked, "estimates_dispersion", False))
        super().__init__(estimate, free_scale=free_scale)
        self.call = call
        self._criterion = criterion

    @property
    def criterion(self) -> Criterion:
        """The (RE)ML criterion of a linear model, holding the response that was fitted."""
        if self._criterion is None:
            from .lmm import Criterion

            self._criterion = Criterion(self.design, self.is_reml)
        if self._criterion.y is not self.design.y:  # refits share it, and one of them has used it since
            self._criterion.set_response(self.design.y)
        return self._criterion

    # ---- tables ----

    def coef_table(self, ddf: str = "satterthwaite") -> pd.DataFrame:
        """Fixed effects with standard errors and tests.

        Parameters
        ----------
        ddf : {"satterthwaite", "kenward_roger", "residual", "none"}
            Denominator degrees of freedom of the t tests: Satterthwaite's or Kenward and Roger's
            approximation, n - p, or no p-values at all. A GLMM has z tests, whatever `ddf` says.

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
        if ddf not in DDF:
            raise ModelError(f"ddf must be one of {', '.join(DDF)}, not {ddf!r}")
        if self.family is None and ddf in ("satterthwaite", "kenward_roger"):
            method = import_module(f".inference.{ddf}", __package__)
            return method.coef_tests(self, np.eye(len(self.fixef))).set_axis(self.fixef.index)
        table = pd.DataFrame({"estimate": self.fixef, "std_error": self.se})
        statistic = table["estimate"] / table["std_error"]
        if self.family is None and ddf == "residual":
            table["df"] = float(self.nobs - len(table))
        table["statistic"] = statistic
        if self.family is not None:
            table["p_value"] = 2 * stats.norm.sf(np.abs(statistic))
        elif ddf == "residual":
            table["p_value"] = 2 * stats.t.sf(np.abs(statistic), table["df"])
        return table

    def tidy(
        self,
        effects: str | Sequence[str] = "fixed",
        *,
        conf_int: bool = False,
        level: float = 0.95,
        ddf: str = "satterthwaite",
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """Estimates as a tidy table, one row each; see :func:`lmmkit.tidy.tidy`."""
        from .tidy import tidy

        return tidy(self, effects, conf_int=conf_int, level=level, ddf=ddf, exponentiate=exponentiate)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; see :func:`lmmkit.tidy.glance`."""
        from .tidy import glance

        return glance(self)

    def augment(self) -> pd.DataFrame:
        """The rows used, with fitted values and residuals beside them; see :func:`lmmkit.tidy.augment`."""
        from .tidy import augment

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
        """Predict old or new rows, with intervals if asked; see :func:`lmmkit.predict.predict`."""
        from .predict import predict

        return predict(self, newdata, re_form, allow_new_levels, kind, interval, level)

    def simulate(self, n_sim: int = 1, seed: Any = None) -> pd.DataFrame:
        """Draw new responses from the fitted model; see :func:`lmmkit.parametric.simulate`."""
        from .parametric import simulate

        return simulate(self, n_sim, seed)

    def refit(self, y: Any) -> MixedModel:
        """Fit the same model to another response; see :func:`lmmkit.parametric.refit`."""
        from .parametric import refit

        return refit(self, y)

    def update(self, formula: str | None = None, **changes: Any) -> MixedModel:
        """Change the formula or the arguments and fit again; see :func:`lmmkit.fit.update`."""
        from .fit import update

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
        from .inference.bootstrap import bootstrap

        return bootstrap(self, n_sim, stat, seed=seed, n_jobs=n_jobs, progress=progress)

    # ---- inference and diagnostics ----

    def confint(
        self,
        level: float = 0.95,
        method: str = "profile",
        parm: str | Sequence[str] | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Confidence intervals, ``wald``, ``profile`` or ``boot``; see :mod:`lmmkit.inference.confint`."""
        from .inference.confint import confint

        return confint(self, level=level, method=method, parm=parm, **options)

    def anova(self, type: int = 3, ddf: str = "satterthwaite") -> pd.DataFrame:
        """F test of each fixed term, types 1, 2, 3; see :mod:`lmmkit.inference.ftest`."""
        from .inference.ftest import anova_table

        return anova_table(self, type=type, ddf=ddf)

    def drop1(self, test: str = "chisq", ddf: str = "satterthwaite") -> pd.DataFrame:
        """What each term contributes that may be dropped; see :mod:`lmmkit.inference.likelihood_ratio`."""
        from .inference.likelihood_ratio import drop1

        return drop1(self, test=test, ddf=ddf)

    def r2(self) -> pd.Series:
        """Marginal and conditional R² of Nakagawa; see :mod:`lmmkit.diagnostics`."""
        from .diagnostics import r2

        return r2(self)

    def icc(self) -> Any:
        """Intraclass correlation; see :mod:`lmmkit.diagnostics`."""
        from .diagnostics import icc

        return icc(self)

    def variance_partition(self) -> pd.Series:
        """Share of the variance that each term explains; see :mod:`lmmkit.partition`."""
        from .partition import variance_fractions

        return variance_fractions(self)

    def influence(
        self, by: str | None = None, refit: bool = False, progress: bool | None = None
    ) -> pd.DataFrame:
        """How much single rows or groups decide; see :func:`lmmkit.diagnostics.influence`."""
        from .diagnostics import influence

        return influence(self, by=by, refit=refit, progress=progress)

    @property
    def plot(self) -> Plots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots`."""
        from .plots import Plots

        return Plots(self)

    # ---- telling ----

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do; see :mod:`lmmkit.messages`."""
        from .messages import messages

        return messages(self)

    def summary(self, ddf: str = "satterthwaite") -> Summary:
        """The model as lme4 and lmerTest print it; see :class:`lmmkit.summary.Summary`."""
        from .summary import Summary

        return Summary(self, ddf)

    def equation(self, *, estimates: bool = False) -> Equation:
        """The model in LaTeX, with its own variable names; see :func:`lmmkit.equation.equation`."""
        from .equation import equation

        return equation(self, estimates=estimates)

    def explain(self) -> str:
        """The model in plain English; see :func:`lmmkit.explain.explain`."""
        from .explain import explain

        return explain(self)

    def __repr__(self) -> str:
        from .summary import print_lines

        return "\n".join(print_lines(self))

    def _repr_html_(self) -> str:
        from .html import model

        return model(self)
