"""The same model searched by other methods and from other places, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..formatting.wording import listed
from ..likelihood.search import Criterion, descend
from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from ..numerics.trust_region import Search, minimise
from .parameters import parameter_values

if TYPE_CHECKING:
    from ..likelihood.estimate import Estimate

__all__ = ["METHODS", "all_fit"]

#: Methods of ``scipy.optimize.minimize`` that are offered, and whether they use the gradient.
METHODS = {"bfgs": True, "l_bfgs_b": True, "nelder_mead": False, "powell": False}
#: Their tolerances, about those of lme4.
OPTIONS: dict[str, dict[str, Any]] = {
    "bfgs": {"gtol": 1e-4},
    "l_bfgs_b": {"gtol": 1e-6, "ftol": 1e-14, "maxiter": 10_000},
    "nelder_mead": {"xatol": 1e-6, "fatol": 1e-9, "adaptive": True},
    "powell": {"xtol": 1e-7, "ftol": 1e-12},
}
#: Evaluations for each parameter that a search without a gradient may take.
MOST_EVALUATIONS = 1000
#: How much higher an end counts as another place, and by how many standard errors estimates may differ there.
SAME, AGREE = 1e-4, 0.01
OWN = "lmmkit"
#: How far above its start the objective counts as where it has no value.
WALL = 1e10


class Problem(NamedTuple):
    """A criterion, an ordinary start, and how the end of a search becomes an estimate."""

    criterion: Criterion
    start: Array
    estimate: Callable[[Search], Estimate]


class End(NamedTuple):
    """Where a search ended, after how many evaluations and seconds, and whether it says that it arrived."""

    name: str
    fit: MixedFit
    evaluations: int
    converged: bool
    seconds: float


def all_fit(fit: MixedFit, methods: Sequence[str] | None, n_starts: int, seed: Any) -> Table:
    """Other searches side by side: :meth:`~lmmkit.models.questions.MixedQuestions.all_fit`."""
    asked = list(METHODS) if methods is None else arguments.names("methods", methods)
    chosen = dict.fromkeys(arguments.one_of("methods", method, tuple(METHODS)) for method in asked)
    n_starts = arguments.whole("n_starts", n_starts, low=0)
    ends = list(_ends(fit, list(chosen), n_starts, np.random.default_rng(arguments.seed_sequence(seed))))
    table = pd.DataFrame([_row(end) for end in ends], index=[end.name for end in ends])
    table["difference"] = table["objective"] - table["objective"].min()
    return Table(table, notes=_notes(table, [end.fit for end in ends]))


def _row(end: End) -> dict[str, Any]:
    return {
        "objective": end.fit.estimate.objective, "difference": 0.0, "seconds": end.seconds,
        "evaluations": end.evaluations, "converged": end.converged, **parameter_values(end.fit),
    }  # fmt: skip


def _ends(fit: MixedFit, methods: list[str], n_starts: int, rng: np.random.Generator) -> Iterator[End]:
    """Where each search ends; one that finds no finite value is left out."""
    began = time.perf_counter()
    call = replace(fit.call, options=fit.call.options | {"start": None, "optimize": True})
    own = type(fit).of(fit.design, call)
    yield End(OWN, own, own.estimate.n_evaluations, own.estimate.converged, time.perf_counter() - began)
    criterion, start, estimate = _problem(own)
    ways: dict[str, Callable[[], Search | None]] = {
        method: partial(_by_scipy, criterion, start, method) for method in methods
    }
    for number in range(1, n_starts + 1):
        beginning = start + rng.normal(size=len(start))
        ways[f"{OWN}, start {number}"] = partial(
            descend, criterion, beginning, partial(minimise, criterion.trial)
        )
    width = sum(len(term.levels) * term.k for term in fit.design.terms)
    for name, way in ways.items():
        began = time.perf_counter()
        with threads_for(width):
            search = way()
        seconds = time.perf_counter() - began
        if search is not None and np.isfinite(search.value):
            found = type(fit)(estimate(search), own.call)
            yield End(name, found, search.evaluations, search.converged, seconds)


def _by_scipy(criterion: Criterion, start: Array, method: str) -> Search:
    """The lowest point that a method of scipy sees."""
    from scipy.optimize import minimize as by_scipy

    first = criterion.trial(start)
    wall = (first.value if np.isfinite(first.value) else 0.0) + WALL
    best, lowest, count, slopes = start, first.value, 0, METHODS[method]

    def objective(x: Array) -> Any:
        nonlocal best, lowest, count
        trial, count = criterion.trial(x), count + 1
        finite = bool(np.isfinite(trial.value))
        if finite and not trial.value >= lowest:  # the first may have no value
            best, lowest = x.copy(), trial.value
        value = trial.value if finite else wall
        if not slopes:
            return value
        return value, trial.gradient() if finite else np.zeros_like(x)

    limit = {} if slopes else {"maxfev": MOST_EVALUATIONS * len(start)}
    how: dict[str, Any] = {
        "method": method.replace("_", "-"),
        "jac": slopes,
        "options": OPTIONS[method] | limit,
    }
    with np.errstate(all="ignore"):
        result = by_scipy(objective, start, **how)
    end = criterion.trial(best)
    gradient = end.gradient() if np.isfinite(end.value) else np.empty(0)
    return Search(best, end.value, gradient, count, [(start, first.value)], bool(result.success), end.state)


def _problem(fit: MixedFit) -> Problem:
    """The criterion that the fit has minimised."""
    design, options = fit.design, fit.call.options
    if fit.family is None:
        from ..likelihood.fit_lmm import estimate_at

        linear = fit.criterion
        return Problem(
            linear, linear.identity(), lambda search: estimate_at(linear, search.x, search.converged)
        )
    if fit.has_parts:
        from ..likelihood import part_glmm

        parts = part_glmm.PartCriterion(design, options["family"])
        return Problem(
            parts, parts.start(parts.start_betas), lambda search: part_glmm.estimate_at(parts, search)
        )
    from ..likelihood import fit_glmm, glmm, glmm_profiled

    n_agq = options["n_agq"]
    criterion = (
        glmm.GlmmCriterion(design, options["family"], n_agq)
        if n_agq
        else glmm_profiled.ProfiledCriterion(design, options["family"])
    )
    return Problem(
        criterion,
        criterion.searched(criterion.start()),
        lambda search: fit_glmm.estimate_at(criterion, search, [], None),
    )


def _notes(table: pd.DataFrame, fits: list[MixedFit]) -> list[str]:
    """What the table says, in words."""
    difference = table["difference"].to_numpy()
    low = difference <= SAME
    searches = f"{int(low.sum())} of {len(table)} searches"
    notes = [f"{searches} end within {SAME:g} of the lowest objective."]
    if not low[0]:
        lowest = table.index[int(difference.argmin())]
        notes.append(
            f"The fit itself is not among them: {lowest} found a lower place. Do not rest anything on these "
            "estimates, and try a simpler model."
        )
    elif low.all():
        notes = [f"All {len(table)} searches end within {SAME:g} of the lowest objective."]
    else:
        notes.append(
            f"{listed([str(name) for name in table.index[~low]])} ended higher, at another valley or before the "
            "bottom; the lowest counts."
        )
    error = np.sqrt(np.diag(fits[0].vcov))
    fixed = np.array([one.fixef for one, is_low in zip(fits, low, strict=True) if is_low])
    apart = np.ptp(fixed, axis=0) > AGREE * error
    if apart.any():
        names = [name for name, far in zip(fits[0].fixef.index, apart, strict=True) if far]
        notes.append(
            f"At equally low places {listed(names)} differ by more than {AGREE:g} standard errors: the data "
            "do not tell them well."
        )
    return notes
