"""`lmer` and `glmer`: from a formula and a data frame to a fitted model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from .design import Design, build_design, check_grouping
from .errors import FormulaError, ModelError
from .formula import Formula, parse
from .result import Call, MixedModel
from .update import update as update_formula

if TYPE_CHECKING:
    from .families import Family

__all__ = ["glmer", "lmer", "update"]


def lmer(
    formula: str,
    data: pd.DataFrame,
    *,
    reml: bool = True,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, str] | None = None,
    na_action: str = "omit",
    start: Any = None,
    optimize: bool = True,
) -> MixedModel:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str
        In lme4's language: ``"Reaction ~ Days + (Days | Subject)"``.
    data : DataFrame
        One row per observation. Text, categorical and boolean columns are factors.
    reml : bool
        Fit by restricted maximum likelihood (the default) or by maximum likelihood.
    weights : column name, array or Series of length n, optional
        Prior weights, above zero: row i has residual variance ``sigma**2 / weights[i]``.
    offset : column name, array or Series of length n, optional
        A known addition to the linear predictor, besides any ``offset()`` in the formula.
    contrasts : dict, optional
        Factor -> ``"treatment"`` (the default), ``"sum"``, ``"helmert"`` or ``"poly"``.
    na_action : {"omit", "raise"}
        Leave out rows with missing values (and say so in ``.messages``), or refuse them.
    start : sequence of float, optional
        First theta of the search, in lme4's order.
    optimize : bool
        With False nothing is searched: the model is evaluated at `start`.

    Returns
    -------
    MixedModel

    Raises
    ------
    FormulaError
        When the formula cannot be read, or has no random effects.
    DataError
        When the data do not fit the formula: an unknown column, a response that is no number, no rows
        left, a grouping factor with one level or with as many levels as rows, more random effects than
        rows, and more.
    ModelError
        When `start` does not fit the model, or the fixed effects reproduce the response exactly.

    Notes
    -----
    Bates, Mächler, Bolker and Walker (2015), *Journal of Statistical Software* 67(1). Agrees with
    ``lme4::lmer``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> lk.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    Linear mixed model fit by REML ['lmerMod']
    Formula: Reaction ~ Days + (Days | Subject)
       Data: sleepstudy
    REML criterion at convergence: 1743.628
    Random effects:
     Groups   Name        Std.Dev. Corr
     Subject  (Intercept) 24.740
              Days         5.922   0.07
     Residual             25.592
    Number of obs: 180, groups:  Subject, 18
    Fixed Effects:
    (Intercept)         Days
         251.41        10.47
    """
    options = {
        "reml": reml, "weights": weights, "offset": offset, "contrasts": contrasts, "na_action": na_action,
        "start": start, "optimize": optimize,
    }  # fmt: skip
    call = Call("lmer", formula, data, _name_of(data), options)
    return fit_lmer(_design(call, gaussian=True), call)


def glmer(
    formula: str,
    data: pd.DataFrame,
    family: str | Family | type[Family],
    *,
    n_agq: int = 1,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, str] | None = None,
    na_action: str = "omit",
) -> MixedModel:
    """Fit a generalised linear mixed model.

    Parameters
    ----------
    formula : str
        In lme4's language. The response of a binomial model is 0/1, a factor of two levels,
        ``cbind(hits, misses)``, or a proportion with the numbers of trials as `weights`.
    data : DataFrame
        One row per observation.
    family : str or Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"``, or one of ``lk.families``
        with a link of your choice, ``lk.families.Binomial(link="probit")``.
    n_agq : int
        1 is the Laplace approximation; more are points of adaptive Gauss-Hermite quadrature, for a model
        with a single scalar random effect.
    weights, offset, contrasts, na_action
        As in :func:`lmer`; weights multiply each row's log density.

    Returns
    -------
    MixedModel

    Raises
    ------
    FormulaError, DataError
        As :func:`lmer`; also for a response that the family cannot produce.
    ModelError
        For an unknown family or link, and for ``n_agq > 1`` with more than one random effect per group.

    Notes
    -----
    Binomial and Poisson agree with ``lme4::glmer``. For gamma and negative binomial the dispersion is a
    parameter of the Laplace likelihood like any other, as in ``glmmTMB``; ``lk.families`` says how lme4
    differs. Standard errors come from the Hessian over all parameters (lme4's default). As in lme4, the
    log-likelihood of a binomial or Poisson fit with ``n_agq > 1`` is relative to the saturated model, and
    ``.messages`` says by how much.

    Examples
    --------
    >>> import pandas as pd, lmmkit as lk
    >>> herds = pd.DataFrame({
    ...     "herd": list("aaabbbcccddd"), "period": [1, 2, 3] * 4,
    ...     "ill": [2, 3, 4, 3, 1, 1, 8, 2, 0, 7, 4, 2],
    ...     "size": [14, 12, 9, 22, 18, 21, 22, 16, 16, 27, 20, 10],
    ... })
    >>> fit = lk.glmer("cbind(ill, size - ill) ~ period + (1 | herd)", herds, "binomial")
    >>> bool(fit.fixef["period"] < 0)
    True
    """
    from .families import resolve

    options = {
        "family": resolve(family), "n_agq": n_agq, "weights": weights, "offset": offset,
        "contrasts": contrasts, "na_action": na_action,
    }  # fmt: skip
    call = Call("glmer", formula, data, _name_of(data), options)
    return fit_glmer(_design(call, gaussian=False), call)


def fit_lmer(design: Design, call: Call) -> MixedModel:
    """The last steps of :func:`lmer`, for a design already made."""
    from .lmm import Criterion, fit_criterion

    options = call.options
    if options["start"] is None and not options["optimize"]:
        raise ModelError("optimize=False evaluates the model at a given theta; give it as start=")
    criterion = Criterion(design, options["reml"])
    return MixedModel(fit_criterion(criterion, options["start"], options["optimize"]), call, criterion)


def fit_glmer(design: Design, call: Call) -> MixedModel:
    """The last steps of :func:`glmer`, for a design already made."""
    from .glmm import fit_glmm

    return MixedModel(fit_glmm(design, call.options["family"], n_agq=call.options["n_agq"]), call)


def _design(call: Call, gaussian: bool) -> Design:
    """Parse, build, and refuse what cannot be fitted."""
    parsed = parse(call.formula)
    if not parsed.bars:
        plain = "lk.lm" if gaussian else "lk.glm"
        raise FormulaError(
            f"the formula '{parsed.text}' has no random effects; add one such as (1 | group) or use {plain}"
        )
    given = {name: call.options[name] for name in ("weights", "offset", "contrasts", "na_action")}
    design = build_design(parsed, call.data, binary_response=not gaussian, **given)
    check_grouping(design, gaussian=gaussian)
    return design


def _name_of(data: Any, depth: int = 2) -> str | None:
    """The name that the caller of `lmer` or `glmer` has for the data, as R prints it."""
    caller = sys._getframe(depth)
    for scope in (caller.f_locals, caller.f_globals):
        for name, value in scope.items():
            if value is data and name.isidentifier() and not name.startswith("_"):
                return name
    return None


def update(fit: MixedModel, formula: str | None = None, **changes: Any) -> MixedModel:
    """Fit again with another formula or other arguments.

    Parameters
    ----------
    fit : MixedModel
    formula : str, optional
        The change, as in R's ``update``: `.` stands for what was there, on either side of the tilde, and
        terms are added by ``+`` and taken away by ``-``, random-effects terms as well:
        ``". ~ . - Days + (1 | lab)"``.
    **changes
        Any argument of :func:`lmer` or :func:`glmer`: ``reml=False``, ``data=other``.

    Returns
    -------
    MixedModel

    Raises
    ------
    ModelError
        For an argument that the function does not have, or when a refitted model is given a formula to
        which its new response does not belong.
    FormulaError, DataError
        As :func:`lmer`.

    Notes
    -----
    As R's ``update``. A `start` is not carried over to another formula or other data.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> fit.update(". ~ . - (Days | Subject) + (1 | Subject)", reml=False).npar
    4
    """
    old, old_design = fit.call, fit.design
    known = [*old.options, "data"]
    for argument in changes:
        if argument not in known:
            raise ModelError(f"{old.function} has no argument '{argument}'; it takes {', '.join(known)}")
    if "family" in changes:
        from .families import resolve

        changes["family"] = resolve(changes["family"])
    data = changes.pop("data", old.data)
    text = old.formula if formula is None else update_formula(_written_out(old_design.formula), formula)
    options = old.options | changes
    same_design = (
        formula is None
        and data is old.data
        and not {"weights", "offset", "contrasts", "na_action"} & {*changes}
    )
    if "start" in options and "start" not in changes and not same_design:
        options["start"], options["optimize"] = None, True
    name = old.data_name if data is old.data else _name_of(data, depth=3)  # through MixedModel.update
    call = Call(old.function, text, data, name, options)
    gaussian = old.function == "lmer"
    design = old_design if same_design else _design(call, gaussian)
    if old.response is not None and data is old.data:
        if design.response != old_design.response or not design.frame.index.equals(old_design.frame.index):
            raise ModelError(
                "this model was refitted to a response that is not in its data, and the change needs another "
                "response or other rows; put the response into a column and use data="
            )
        call, design = replace(call, response=old.response), replace(design, y=old.response)
    return fit_lmer(design, call) if gaussian else fit_glmer(design, call)


def _written_out(formula: Formula) -> str:
    """The formula's text; with `.` spelled out where it stood for all other columns."""
    if parse(formula.text).fixed == formula.fixed:
        return formula.text
    terms = [formula.fixed, *(f"offset({inner})" for inner in formula.offsets)]
    return f"{formula.response} ~ {' + '.join([*terms, *(f'({bar.text})' for bar in formula.bars)])}"
