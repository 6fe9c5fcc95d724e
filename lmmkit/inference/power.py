"""Power by simulation: draw data from a model with a known effect, fit again, and count how often it is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from ..design.design import Design, build_design
from ..design.grouping_checks import check_grouping
from ..errors import DataError, ModelError
from ..fitted.mixed import MixedFit
from ..fitted.parts import refuse_parts
from ..formatting.colours import BLUE, GREY
from ..likelihood.estimate import Estimate
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from ..numerics.workers import interrupted
from .power_tests import simulated_p_values
from .study_sizes import WITHIN, axis_label, data_of_size, in_any_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Power", "power"]

Test = Literal["satterthwaite", "kenward_roger", "residual", "lr"]
TESTS = get_args(Test)


@answered
@dataclass(frozen=True)
class Power:
    """How often an effect was found.

    Attributes
    ----------
    table : DataFrame
        A row for each size of the study: the size under its name, ``power conf_low conf_high``, ``found``
        (simulations with p below alpha), ``n_sim``, and ``n_failed`` (they count as not found).
    p_values : DataFrame
        One column for each size, one row for each simulation; NaN where a fit failed.
    effect : dict
        Coefficients that were tested and their true values.
    along : str or None
        What was varied: the name given, or ``observations within`` the groups.
    alpha, level : float
        Threshold of the test; coverage of the intervals.
    notes : list of str
        That the simulations were interrupted, if they were; the sizes that had not begun are not in the table.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> lk.power(fit, {"Days": 3}, 40, along={"Subject": [6, 18]}, seed=1, progress=False)
    Power to find Days = 3 (alpha = 0.05), exact 95% intervals
     Subject  power  conf_low  conf_high  found  n_sim  n_failed
           6  0.750     0.588      0.873     30     40         0
          18  1.000     0.912      1.000     40     40         0
    """

    table: pd.DataFrame
    p_values: pd.DataFrame
    effect: dict[str, float]
    along: str | None
    alpha: float
    level: float
    notes: list[str] = field(default_factory=list)
    _label: str = ""

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the power curve with its intervals; the dashed line marks 80 %.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            Power in percent over the sizes of the study.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> found = lk.power(fit, {"Days": 3}, 20, along={"Subject": [6, 18]}, seed=1, progress=False)
        >>> found.plot().get_ylabel()
        'power for Days (%)'
        """
        import matplotlib.pyplot as plt
        import seaborn as sns

        ax = plt.subplots(figsize=(5.2, 3.6))[1] if ax is None else arguments.axes(ax)
        x = self.table[self.along].to_numpy() if self.along else np.zeros(1)
        middle = 100 * self.table["power"].to_numpy(dtype=float)
        spread = np.abs(100 * self.table[["conf_low", "conf_high"]].to_numpy(dtype=float).T - middle)
        ax.axhline(80, color=GREY, linestyle="--", linewidth=1)
        ax.errorbar(x, middle, yerr=spread, color=BLUE, marker="o", capsize=4, linewidth=1.6)
        ax.set(ylim=(0, 102), xlabel=self._label, ylabel=f"power for {', '.join(self.effect)} (%)")
        if not self.along:
            ax.set_xticks([])
        sns.despine(ax=ax)
        return ax

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} = {value:.4g}" for name, value in self.effect.items())
        first = f"Power to find {sizes} (alpha = {self.alpha:g}), exact {100 * self.level:g}% intervals"
        text = self.table.to_string(index=False, float_format=lambda value: f"{value:.3f}")
        return "\n".join([first, text, *self.notes])


@answered
def power(
    fit: MixedFit,
    effect: str | Mapping[str, float],
    n_sim: int = 1000,
    along: Mapping[str, Sequence[int]] | None = None,
    *,
    within: Mapping[str, Sequence[int]] | None = None,
    test: Test | Callable[[MixedFit], float] = "satterthwaite",
    alpha: float = 0.05,
    level: float = 0.95,
    seed: Any = None,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> Power:
    """Power of a study like the one that was fitted, or of a larger or smaller one.

    Parameters
    ----------
    fit : MixedFit
        Its estimates are taken for the truth: new random effects and residuals are drawn from it. Before there
        are data, make one with :func:`lmmkit.from_parameters`.
    effect : str or dict
        What is tested: a coefficient (``"Days"``) or a term with several (``"recipe"``), at its estimated
        size; or ``{"Days": 5}``, at the size that you care about. Prefer the second: the estimate from a
        pilot study that was significant is too large.
    n_sim : int
        Simulations for each size of the study.
    along : dict, optional
        One entry. ``{"Subject": [10, 20, 40]}``: studies with that many levels of a grouping factor, which
        bring along rows like those of the levels there are (and new levels of what is nested in them); named as
        the model names it, ``{"class:school": [40]}`` for ``(1 | school/class)``. ``{"Days": [5, 10, 20]}``:
        studies with that many different values of a number, the first ones or more at their usual distance,
        each with rows like those there are. ``{"observations": [90, 180]}``: studies with that many rows in all.
    within : dict, optional
        Instead of `along`: ``{"Subject": [5, 20]}`` for studies with that many rows in each level of Subject,
        ``{"Subject:condition": [2, 5]}`` in each combination that occurs.
    test : {"satterthwaite", "kenward_roger", "residual", "lr"} or callable
        Denominator degrees of freedom of the t or F test (a GLMM has Wald's test for all three), the
        likelihood ratio test, or a function of a fitted model that gives a p-value.
    alpha : float
        The effect is found when p is below it.
    level : float
        Coverage of the exact (Clopper-Pearson) intervals.
    seed : int, optional
        For the same result again, whatever `n_jobs` is.
    n_jobs : int
        Number of worker processes, -1 for one per core (joblib).
    progress : bool, optional
        Show a progress bar; by default only if it takes longer than two seconds.

    Returns
    -------
    Power
        With ``.table`` and ``.plot()``.

    Raises
    ------
    ModelError
        For a model without random effects, an unknown coefficient, test or grouping factor, or a size that is
        no whole number from 2.
    DataError
        When a study of that size cannot be fitted.

    Notes
    -----
    In the manner of ``simr::powerSim``, ``powerCurve`` and ``extend(along =, within =)`` (Green and MacLeod 2016,
    *Methods in Ecology and Evolution* 7:493), which numbers the values of a covariate from 1 to n. Levels are
    taken in an order that keeps the mix of their predictors, so that half of the subjects are still treated.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> found = lk.power(fit, {"Days": 3}, 40, along={"Subject": [6, 18]}, seed=1, progress=False)
    >>> found.table["power"].round(2).tolist()
    [0.75, 1.0]
    >>> lk.power(fit, {"Days": 3}, 40, within={"Subject": [5]}, seed=1, progress=False).table["power"].tolist()
    [0.825]
    """
    refuse_parts(fit, "power is not computed")
    if not hasattr(fit, "estimate"):
        raise ModelError(
            "power is simulated from a fitted mixed model, by lmer or glmer; without random effects there are "
            "formulas, as in statsmodels.stats.power"
        )
    sizes = _sizes(fit, effect)
    alpha, level, n_sim = (
        arguments.level(alpha, "alpha"),
        arguments.level(level),
        arguments.whole("n_sim", n_sim),
    )
    if not callable(test):
        test = arguments.one_of("test", test, TESTS)
    name, steps = _steps(along, within)
    seeds = arguments.seed_sequence(seed).spawn(len(steps))
    columns: dict[int, pd.Series] = {}
    notes: list[str] = []
    for step, own in zip(steps, seeds, strict=True):
        model = _study(fit, sizes, name, step)
        try:
            p = simulated_p_values(model, list(sizes), test, n_sim, own, n_jobs, progress)
        except KeyboardInterrupt:
            if not columns:
                raise
            p = np.zeros(0)
        if len(p):
            columns[step] = pd.Series(p)
        if len(p) < n_sim:
            where = "" if name is None else f" with {name} = {step}"
            notes = interrupted(len(p), n_sim, f"simulations{where}")
            break
    p_values = pd.DataFrame(columns)
    table = pd.DataFrame([_row(p.to_numpy(), alpha, level) for p in columns.values()])
    if name is not None:
        table.insert(0, name, list(columns))
    else:
        p_values.columns = pd.Index(["p_value"])
    return Power(table, p_values, sizes, name, alpha, level, notes, axis_label(fit, name))


def _row(p: Array, alpha: float, level: float) -> dict[str, float]:
    found, n = int((p < alpha).sum()), len(p)
    low, high = stats.exact_proportion(found, n, level)
    failed = int(np.isnan(p).sum())
    return {
        "power": found / n, "conf_low": low, "conf_high": high, "found": found, "n_sim": n, "n_failed": failed
    }  # fmt: skip


def _sizes(fit: MixedFit, effect: str | Mapping[str, float]) -> dict[str, float]:
    """The coefficients that are tested, with their true values."""
    design, fixed = fit.design, fit.fixef
    if isinstance(effect, Mapping):
        named = {name: in_any_order(str(name), fixed.index) for name in effect}
        unknown = [name for name, own in named.items() if own is None]
        if unknown or not effect:
            what = f"coefficient '{unknown[0]}'" if unknown else "effect given"
            raise ModelError(f"there is no {what}; the model has {', '.join(fixed.index)}")
        return {
            str(named[name]): arguments.number(f"the size of '{name}'", value)
            for name, value in effect.items()
        }
    if not isinstance(effect, str):
        raise ModelError(
            f"effect must be a coefficient, a term or a dict such as {{'Days': 5}}, not {arguments.shown(effect)}"
        )
    known = dict.fromkeys([*fixed.index, *design.term_labels])
    own = in_any_order(effect, known)
    if own is None:
        raise ModelError(f"there is no effect {effect!r} in this model; it has {', '.join(known)}")
    if own in fixed.index:
        return {own: float(fixed[own])}
    number = design.term_labels.index(own) + 1
    return {
        name: float(fixed[name])
        for name, term in zip(design.x_names, design.assign, strict=True)
        if term == number
    }


def _steps(
    along: Mapping[str, Sequence[int]] | None, within: Mapping[str, Sequence[int]] | None
) -> tuple[str | None, list[int]]:
    """What is varied, and its sizes."""
    if along is not None and within is not None:
        raise ModelError("give along= or within=, not both: a curve varies one thing")
    argument, given = ("along", along) if within is None else ("within", within)
    if given is None:
        return None, [0]
    example = f"{argument} takes one entry such as {{'Subject': [10, 20]}}"
    if not isinstance(given, Mapping):
        raise ModelError(f"{example}, not {arguments.shown(given)}")
    if len(given) != 1:
        raise ModelError(f"{example}, not {len(given)}")
    ((name, steps),) = given.items()
    where = f"the sizes {argument} '{name}'"
    several = isinstance(steps, (list, tuple, range, np.ndarray, pd.Series))
    chosen: list[Any] = list(steps) if several else [steps]
    least = 2 if within is None else 1
    if not chosen or any(
        not isinstance(step, (int, np.integer)) or isinstance(step, bool) or step < least for step in chosen
    ):
        shown = chosen if several else chosen[0]
        raise ModelError(f"{where} must be whole numbers from {least}, not {arguments.shown(shown)}")
    if len(set(chosen)) < len(chosen):
        raise ModelError(f"{where} must differ from each other")
    return (str(name) if within is None else WITHIN + str(name)), [int(step) for step in chosen]


def _study(fit: MixedFit, sizes: dict[str, float], name: str | None, step: int) -> MixedFit:
    """The model from which the data of one size of study are drawn."""
    beta = fit.fixef.copy()
    beta.update(pd.Series(sizes))
    if name is None:
        estimate = replace(fit.estimate, beta=beta.to_numpy())
        return type(fit)(estimate, fit.call, fit.criterion if fit.family is None else None)
    data = data_of_size(fit, name, step)
    design = _design(fit, data)
    lost = [coefficient for coefficient in sizes if coefficient not in design.x_names]
    if lost:
        raise DataError(f"with {name} = {step} the data no longer tell '{lost[0]}'; take a larger size")
    return _true_model(fit, design, data, beta)


def _design(fit: MixedFit, data: pd.DataFrame) -> Design:
    """The same columns for other rows: same coding, same centre of what was centred."""
    given: dict[str, Any] = {name: fit.call.options.get(name) for name in ("weights", "offset", "contrasts")}
    for name in ("weights", "offset"):
        if given[name] is not None and not isinstance(given[name], str):
            raise ModelError(f"give {name} as a column of the data, so that new rows have theirs")
    gaussian = fit.family is None
    design = build_design(
        fit.design.formula,
        data,
        binary_response=fit.family is not None and fit.family.name == "binomial",
        **given,
    )
    check_grouping(design, gaussian=gaussian)
    columns = [fit.design.x_names.index(name) for name in design.x_names]
    rows = fit.design.new_rows(data)
    own = {term.bar: Z for term, (_, Z) in zip(fit.design.terms, rows.terms, strict=True)}
    terms = [replace(term, Z=own[term.bar]) for term in design.terms]
    return replace(design, X=rows.X[:, columns], terms=terms)


def _true_model(fit: MixedFit, design: Design, data: pd.DataFrame, beta: pd.Series) -> MixedFit:
    """The fit's parameters on another design."""
    pairs = zip(fit.estimate.par_of_terms, fit.estimate.factors, strict=True)
    known = dict(zip([term.bar for term in fit.design.terms], pairs, strict=True))
    par = np.concatenate([known[term.bar][0] for term in design.terms])
    own = [known[term.bar][1] for term in design.terms]
    theta = np.concatenate([term.structure.theta(T) for term, T in zip(design.terms, own, strict=True)])
    call = replace(fit.call, data=data, response=None)
    estimate: Estimate
    criterion = None
    if fit.family is None:
        from ..likelihood.fit_lmm import fit_criterion
        from ..likelihood.lmm import Criterion

        criterion = Criterion(design, fit.is_reml)
        estimate = fit_criterion(criterion, par, optimize=False)
    else:
        from ..likelihood.fit_glmm import fit_glmm

        estimate = fit_glmm(design, fit.call.options["family"], n_agq=fit.call.options["n_agq"])
    true = replace(
        estimate, beta=beta[design.x_names].to_numpy(), factors=own, par=par, theta=theta, sigma=fit.sigma,
        family=fit.family,
    )  # fmt: skip
    return type(fit)(true, call, criterion)
