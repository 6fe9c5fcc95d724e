"""`from_parameters`: a mixed model whose parameters are given, before there are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..design.rows import ModelFrame
from ..errors import DataError, ModelError
from ..families.resolve import resolve
from ..fitted.call import PLAIN, Call
from ..fitted.refit import caller_name, design_of
from ..fitted.simulate import draw
from ..fitted.simulated_rows import SimulatedRows
from ..formula.functions import columns_of
from ..formula.parse import parse
from ..formula.syntax import read
from ..formula.tree import Binary, FunctionCall, Name, write
from ..inference.study_sizes import in_any_order
from ..likelihood.estimate import Estimate
from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.frames import Table, as_pandas, if_frame
from ..numerics.r_names import answered
from .mixed import MixedModel

if TYPE_CHECKING:
    from ..design.design import Design, RandomTerm
    from ..families.family import Family

__all__ = ["from_parameters"]

SEED = 0  # of the response that stands for the one to come
TOLD = (
    "Its parameters were given, not estimated: the response was simulated from them, and stands for the one to "
    "come. Likelihoods and residuals are about that response."
)


@answered
def from_parameters(
    formula: str,
    data: Table,
    *,
    fixef: Mapping[str, float] | pd.Series,
    varcorr: Mapping[str, Any] | Table,
    sigma: float | None = None,
    family: str | Family | type[Family] | None = None,
) -> MixedModel:
    """Make a mixed model from its parameters, to plan a study that has no data yet.

    Parameters
    ----------
    formula : str
        As for :func:`lmmkit.lmer`.
    data : DataFrame
        The rows of the study: predictors and groups. The response need not be there (of
        ``cbind(hits, n - hits)`` only `n`). Of any library, as in :func:`lmmkit.lmer`.
    fixef : dict or Series
        Coefficient -> its true value, such as ``fit.fixef`` of another fit. The names are those of a fit, an
        interaction's in either order; what is left out is zero.
    varcorr : dict or DataFrame
        Grouping factor -> covariance matrix of its random effects, or their variance if it is one; a list of
        them for a factor with several terms. Or a table such as ``fit.varcorr.frame`` of another fit.
        That of a structured term, as ``ar1(0 + time | g)``, must have its pattern.
    sigma : float, optional
        Residual standard deviation of a linear mixed model; may stand in the table of `varcorr`.
    family : str or Family, optional
        As for :func:`lmmkit.glmer`; a linear mixed model if not given. A dispersion must be part of it, as
        in ``lk.families.NegativeBinomial(theta=2)``.

    Returns
    -------
    MixedModel
        For ``.simulate()``, ``.predict()`` (random effects are zero) and :func:`lmmkit.power`. Its standard
        errors are those that the study would have. Its response was simulated, and ``.messages`` says so: it
        stands for the one to come.

    Raises
    ------
    ModelError
        For a coefficient or grouping factor that the model does not have, one whose variance is not given, a
        matrix of the wrong size, of another pattern or that is no covariance, or a family whose dispersion is not
        known.
    FormulaError, DataError
        As :func:`lmmkit.lmer`.

    Notes
    -----
    As ``simr::makeLmer`` and ``makeGlmer`` (Green and MacLeod 2016, *Methods in Ecology and Evolution* 7:493).

    Examples
    --------
    >>> import pandas as pd, lmmkit as lk
    >>> plan = pd.DataFrame([(s, day) for s in range(20) for day in range(4)], columns=["subject", "day"])
    >>> model = lk.from_parameters(
    ...     "score ~ day + (1 | subject)", plan, fixef={"(Intercept)": 50, "day": 2}, varcorr={"subject": 9}, sigma=5
    ... )
    >>> model.fixef.to_dict(), round(float(model.se["day"]), 3)
    ({'(Intercept)': 50.0, 'day': 2.0}, 0.5)
    >>> found = lk.power(model, "day", 20, seed=1, progress=False)
    >>> float(found.table["power"].iloc[0])
    0.95
    """
    options, function = _options(family), "lmer" if family is None else "glmer"
    call = Call(function, formula, as_pandas("data", data), caller_name(data), options)
    call = replace(call, data=_with_response(call))
    design = design_of(call)
    covariances, in_table = _covariances(design, varcorr)
    sd = _sigma(in_table if sigma is None else sigma, options.get("family"))
    pars = [_par(term, cov, sd) for term, cov in zip(design.terms, covariances, strict=True)]
    truth = _truth(design, _beta(design, fixef), pars, sd, options)
    model = MixedModel(truth, call)
    y = draw(model, SimulatedRows.own(model), np.random.default_rng(SEED))
    share = (
        y
        if design.trials is None
        else np.divide(y, design.trials, out=np.zeros_like(y), where=design.trials > 0)
    )
    call, design = _answered(call, replace(design, y=share))
    fit = _fitted(design, call, truth)
    found = replace(
        fit.estimate, beta=truth.beta, factors=truth.factors, par=truth.par, theta=truth.theta, sigma=sd,
        modes=truth.modes, fitted_eta=truth.fitted_eta, family=truth.family, warnings=[TOLD],
        converged=True, gradient=truth.gradient, trail=[], visits=[],
    )  # fmt: skip
    return MixedModel(found, call, fit.criterion if family is None else None)


def _options(family: Any) -> dict[str, Any]:
    """The arguments that `lmer` or `glmer` would have."""
    common = {
        "weights": None, "offset": None, "contrasts": None, "na_action": "omit", "start": None, "optimize": True,
        "double_bar": "split",
    }  # fmt: skip
    if family is None:
        return common | {"reml": True}
    own = resolve(family)
    if own.name not in PLAIN or own.estimates_dispersion:
        raise ModelError(
            f"the parameters of the {own.name} family are not all given; take binomial, poisson, or one with its "
            "dispersion, as in lk.families.NegativeBinomial(theta=2)"
        )
    return common | {"family": own, "n_agq": 1, "zero_inflation": None, "dispersion": None}


def _with_response(call: Call) -> pd.DataFrame:
    """The data with a column for the response: `y`, the y of `log(y)`, the hits of `cbind(hits, n - hits)`."""
    text, n = parse(call.formula).response, len(call.data)
    response, column = read(text), _column_of(text)
    if isinstance(response, Name):
        return call.data.assign(**{response.name: 1.0})
    if column is not None:
        stand_ins: dict[str, Any] = {column: 0.0}
    elif isinstance(response, FunctionCall) and response.function == "cbind":
        stand_ins = {}  # how many trials there are is not known
    else:
        varied = 1.0 if call.function == "glmer" else np.random.default_rng(SEED).uniform(1, 2, n)
        stand_ins = dict.fromkeys(columns_of(response), varied)
    return call.data.assign(**{name: one for name, one in stand_ins.items() if name not in call.data.columns})


def _column_of(response: str) -> str | None:
    """The column that holds the response, itself or as the hits of ``cbind(hits, n - hits)``."""
    node = read(response)
    if isinstance(node, Name):
        return node.name
    if not isinstance(node, FunctionCall) or node.function != "cbind" or len(node.args) != 2:
        return None
    (_, hits), (_, misses) = node.args
    of_trials = isinstance(misses, Binary) and misses.op == "-" and write(misses.right) == write(hits)
    return hits.name if of_trials and isinstance(hits, Name) else None


def _answered(call: Call, design: Design) -> tuple[Call, Design]:
    """The call and design with the response that was simulated, in the data if it is a column of theirs."""
    name = _column_of(design.response)
    if name is None or name not in design.frame.columns:
        return call.with_response(design.y), design
    trials = design.trials if isinstance(read(design.response), FunctionCall) else None
    values = design.y if trials is None else np.round(design.y * trials)
    column = np.full(len(call.data), np.nan)
    column[np.ones(len(column), dtype=bool) if design.used is None else design.used] = values
    frame = design.frame.assign(**{name: values})
    return replace(call, data=call.data.assign(**{name: column})), replace(design, table=ModelFrame.of(frame))


def _beta(design: Design, fixef: Mapping[str, float] | pd.Series) -> Array:
    if isinstance(fixef, pd.Series):
        fixef = {str(name): value for name, value in fixef.items()}
    if not isinstance(fixef, Mapping) or not fixef:
        raise ModelError("fixef takes a dict such as {'(Intercept)': 50, 'Days': 10}")
    given = {in_any_order(str(name), design.x_names) or name: value for name, value in fixef.items()}
    unknown = [name for name in given if name not in design.x_names]
    if unknown:
        raise ModelError(f"there is no coefficient '{unknown[0]}'; the model has {', '.join(design.x_names)}")
    return np.array([arguments.number(f"'{name}' of fixef", given.get(name, 0.0)) for name in design.x_names])


def _sigma(given: Any, family: Family | None) -> float:
    if family is not None:
        return 1.0 if family.dispersion is None else float(np.sqrt(family.dispersion))
    if given is None:
        raise ModelError("give sigma, the residual standard deviation")
    sigma = arguments.number("sigma", given)
    if sigma <= 0:
        raise ModelError(f"sigma must be positive, not {sigma}")
    return sigma


def _covariances(design: Design, varcorr: Any) -> tuple[list[Array], float | None]:
    """One covariance matrix for each term, and the residual standard deviation if it was among them."""
    varcorr = if_frame("varcorr", varcorr)
    given, sigma = _of_table(design, varcorr) if isinstance(varcorr, pd.DataFrame) else (varcorr, None)
    groups = list(dict.fromkeys(term.group for term in design.terms))
    if isinstance(given, Mapping):
        given = {in_any_order(str(name), groups) or name: value for name, value in given.items()}
    if not isinstance(given, Mapping) or set(given) != set(groups):
        raise ModelError(
            f"varcorr must give the covariance of each of {', '.join(groups)}, and of nothing else"
        )
    rest = {
        group: list(value) if isinstance(value, list) and _several(design, group) else [value]
        for group, value in given.items()
    }
    out = []
    for term in design.terms:
        if not rest[term.group]:
            raise ModelError(f"varcorr has fewer matrices for '{term.group}' than the model has terms")
        out.append(_matrix(rest[term.group].pop(0), term.group, term.names))
    return out, sigma


def _several(design: Design, group: str) -> bool:
    return sum(term.group == group for term in design.terms) > 1


def _of_table(design: Design, table: pd.DataFrame) -> tuple[dict[str, list[Any]], float | None]:
    """A table such as ``fit.varcorr.frame`` as a dict; the residual's row is sigma."""
    lacking = [name for name in ("grp", "var1", "var2", "vcov") if name not in table]
    if lacking:
        raise ModelError(
            f"the table of varcorr has no column '{lacking[0]}'; take one such as fit.varcorr.frame"
        )
    residual = table.loc[table["grp"] == "Residual", "vcov"]
    given: dict[str, list[Any]] = {}
    used: dict[str, int] = {}
    for term in design.terms:
        number = used.get(term.group, 0)
        used[term.group] = number + 1
        rows = table[table["grp"] == (term.group if number == 0 else f"{term.group}.{number}")]
        cov = pd.DataFrame(np.nan, index=term.names, columns=term.names)
        for one, other, value in zip(rows["var1"], rows["var2"], rows["vcov"], strict=True):
            second = one if pd.isna(other) else other
            if one in cov.index and second in cov.index:
                cov.loc[one, second] = cov.loc[second, one] = value
        given.setdefault(term.group, []).append(cov.to_numpy())
    plain = {group: values if len(values) > 1 else values[0] for group, values in given.items()}
    return plain, float(np.sqrt(residual.iloc[0])) if len(residual) else None


def _matrix(value: Any, group: str, names: list[str]) -> Array:
    try:
        cov = np.atleast_2d(np.array(value, dtype=float))
    except (TypeError, ValueError):
        raise ModelError(f"the covariance of '{group}' must be numbers") from None
    k = len(names)
    if cov.shape != (k, k):
        effects = ", ".join(names)
        raise ModelError(
            f"the covariance of '{group}' must be {k} x {k}, for {effects}, not shape {np.shape(value)}"
        )
    if not np.isfinite(cov).all() or not np.allclose(cov, cov.T):
        raise ModelError(f"the covariance of '{group}' must be symmetric and without missing values")
    if np.linalg.eigvalsh(cov).min() < -1e-10 * max(np.abs(cov).max(), 1e-300):
        raise ModelError(
            f"the covariance of '{group}' is none: a variance below zero, or a correlation beyond 1"
        )
    return cov


def _par(term: RandomTerm, cov: Array, sigma: float) -> Array:
    """Covariance parameters of a term, relative to sigma."""
    par = term.structure.of_covariance(cov / sigma**2)
    if par is None:
        raise ModelError(
            f"the covariance of '{term.group}' does not have the pattern of {term.bar.term} "
            f"({term.structure.title}); take ({term.bar.text}) for any covariance"
        )
    return par


def _truth(design: Design, beta: Array, pars: list[Array], sigma: float, options: dict[str, Any]) -> Estimate:
    """The parameters in the form of an estimate."""
    structures = [term.structure for term in design.terms]
    factors = [structure.factor(par) for structure, par in zip(structures, pars, strict=True)]
    theta = np.concatenate([structure.theta(T) for structure, T in zip(structures, factors, strict=True)])
    p = len(beta)
    return Estimate(
        design=design, reml="family" not in options, par=np.concatenate(pars), theta=theta, factors=factors, beta=beta,
        cov_unscaled=np.zeros((p, p)), sigma=sigma, objective=float("nan"),
        modes=[np.zeros((len(term.levels), term.Z.shape[1])) for term in design.terms],
        fitted_eta=design.X @ beta + design.offset, n_evaluations=0, trail=[], visits=[], converged=True,
        gradient=lambda: np.zeros(sum(map(len, pars))), conditional_cov=list, family=options.get("family"),
    )  # fmt: skip


def _fitted(design: Design, call: Call, truth: Estimate) -> MixedModel:
    """A fit to the simulated response, at the given parameters."""
    start = truth.par if call.function == "lmer" else {"theta": truth.par, "fixef": truth.beta}
    at = replace(call, options=call.options | {"start": start, "optimize": False})
    try:
        return MixedModel.of(design, at)
    except DataError as error:
        raise ModelError(f"a response drawn from these parameters cannot be fitted: {error}") from None
