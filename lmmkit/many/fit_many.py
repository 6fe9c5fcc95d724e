"""`fit_many`: the same mixed model for thousands of responses measured on the same samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from ..design.design import Design, build_design
from ..design.grouping_checks import check_grouping
from ..design.names import free_name
from ..design.rows import check_frame
from ..errors import DataError, FormulaError, ModelError
from ..families.family import Family
from ..families.resolve import resolve
from ..fitted.call import PLAIN
from ..formula.parse import Formula, parse
from ..formula.syntax import one_line
from ..likelihood.many_criterion import ManyCriterion
from ..likelihood.many_glmm import ManyGlmmCriterion
from ..numerics import arguments
from ..numerics.arrays import Array, Flags, Index
from ..numerics.frames import Table, if_frame
from ..numerics.r_names import answered
from .chunk import Found, failure, fit_chunk, no_responses
from .generalized import fit_generalized
from .many_fits import ManyFits
from .partition_table import tell_lost_weights
from .responses import aligned, own_weights

__all__ = ["ManyFits", "fit_many"]

INTERRUPTED = "not fitted, because the work was interrupted before"


@answered
def fit_many(
    responses: Table | Array,
    formula: str,
    data: Table,
    *,
    family: str | Family | type[Family] | None = None,
    reml: bool = True,
    weights: Any = None,
    axis: Literal[0, 1] = 0,
    ddf: Literal["satterthwaite", "none"] = "satterthwaite",
    n_jobs: int = 1,
    progress: bool | None = None,
) -> ManyFits:
    """Fit the same mixed model to many responses.

    What the rows of the data have in common is worked out once, and the searches of all responses run side
    by side, so that ten thousand genes take seconds.

    Parameters
    ----------
    responses : DataFrame or array
        A row for each response and a column for each sample. Samples are matched to the data by label where
        the column names are the data's index or one of its columns, else by order. A response with missing
        values is fitted to the samples it has.
    formula : str
        One-sided: ``"~ Age + (1 | Individual) + (1 | Tissue)"``; any random-effects structure.
    data : DataFrame
        A row for each sample; of pandas, polars, pyarrow, or any other that narwhals reads.
    family : str or Family, optional
        For counts, shares of trials and amounts: ``"poisson"``, ``"negative_binomial"``, ``"binomial"`` or
        ``"gamma"``, as :func:`lmmkit.glmer` takes it; linear models when left out.
    reml : bool
        Restricted maximum likelihood (the default) or maximum likelihood; with a `family` always the latter.
    weights : column name, array, Series or DataFrame, optional
        Prior weights of the samples, the same for every response; or a table of the same shape as `responses`, in
        the same order, with weights of each response's own, of which a missing one, and in linear models one of zero,
        leaves the sample out; ``.status`` tells how many. For binomial shares, the numbers of trials.
    axis : {0, 1}
        1 if `responses` has a row for each sample and a column for each response.
    ddf : {"satterthwaite", "none"}
        Degrees of freedom of the t tests; ``"none"`` saves half of the time.
    n_jobs : int
        Number of worker processes, -1 for one per core (joblib).
    progress : bool, optional
        Show a progress bar; by default only if it takes longer than two seconds.

    Returns
    -------
    ManyFits
        With ``.fixef``, ``.ran_pars``, ``.fractions``, ``.status``, ``.tests(term)`` and ``.fit(name)``.

    Raises
    ------
    FormulaError
        When the formula has a response, or no random effects.
    DataError
        When the samples of responses and data do not match, or the data do not fit the formula.
    ModelError
        For another `ddf`, or a family that is fitted one by one only.

    Notes
    -----
    Each response gets the fit that ``lk.lmer`` or ``lk.glmer`` gives it (to 1e-6 in the objective); responses that
    need a longer search than the others, and linear models with weights of their own, are fitted one by one.
    As ``fitVarPartModel`` and ``dream`` of the R package variancePartition (Hoffman and Roussos 2021,
    *Bioinformatics* 37:192).

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> fits = lk.fit_many(genes[:20], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
    >>> fits.tests("Height").loc["gene2", ["estimate", "std_error", "df"]].round(3).tolist()
    [-0.101, 0.013, 23.161]
    >>> fits.fit("gene2").nobs
    100

    Counts, with the size of each sample as offset:

    >>> import numpy as np
    >>> counts = np.random.default_rng(1).poisson(5, (4, len(samples)))
    >>> samples["log_size"] = np.log(counts.sum(axis=0) + 10)
    >>> lk.fit_many(counts, "~ offset(log_size) + Height + (1 | Individual)", samples, family="poisson").df.shape
    (4, 2)
    """
    ddf = arguments.one_of("ddf", ddf, ("satterthwaite", "none"))
    reml, n_jobs = arguments.flag("reml", reml), arguments.workers(n_jobs)
    parsed = parse(formula, one_sided=True)
    if not parsed.bars:
        shown = one_line(formula)
        raise FormulaError(f"the formula '{shown}' has no random effects; add one such as (1 | group)")
    data = check_frame(data, "data")
    given, weights = if_frame("responses", responses), if_frame("weights", weights)
    values, names = aligned(given, data, axis)
    chosen = None if family is None else _checked(resolve(family))
    own = own_weights(weights, given, values, data, axis)
    if own is not None and chosen is None:
        own = np.where(own == 0, np.nan, own)  # a sample without weight is left out, as a missing one is
    whole = _Samples(parsed, data, reml and chosen is None, weights if own is None else None, chosen)
    work = _Work(values, own, whole, names, ddf == "satterthwaite", n_jobs, progress)
    frames = work.frames()
    if own is not None:
        tell_lost_weights(frames["status"], own, values)
    # Shares on the scale of a link are dear, so they wait until somebody asks.
    shares = partial(_shares, work) if chosen is not None else frames["fractions"].copy
    return ManyFits(
        formula, frames["fixef"], frames["se"], frames["df"], frames["ran_pars"], frames["status"], whole.reml,
        chosen, shares, partial(_of_contrasts, work), frames["df_sigma"]["df_sigma"], values, data,
        weights if own is None else own,
    )  # fmt: skip


def _checked(family: Family) -> Family:
    """Refuse a family that has no batched criterion."""
    if family.name not in PLAIN:
        raise ModelError(
            f"fit_many fits the families {', '.join(PLAIN)}, not {family.name}; for linear models leave family out, "
            "and fit others one by one with lk.glmer"
        )
    return family


Batch = ManyCriterion | ManyGlmmCriterion


@dataclass(frozen=True)
class _Task:
    """Responses that share their samples, a chunk at a time; or why they cannot be fitted."""

    which: Index
    criterion: Batch | None
    Y: Array
    weights: Array | None = None
    message: str = ""

    def one(self, b: int) -> _Task:
        """One of its responses."""
        weights = None if self.weights is None else self.weights[[b]]
        return replace(self, which=self.which[[b]], Y=self.Y[[b]], weights=weights)


class _Samples:
    """The samples, and the designs of those that a response has."""

    def __init__(
        self, formula: Formula, data: pd.DataFrame, reml: bool, weights: Any, family: Family | None
    ) -> None:
        self.column = free_name("response", data.columns, "_")  # stands for every response in turn
        self.formula, self.data = replace(formula, response=self.column), data
        self.reml, self.weights, self.family = reml, weights, family

    def design(self, lacking: Flags) -> tuple[Index, Design]:
        """Which samples are used when some are lacking, and the design of these."""
        rows = np.where(lacking, np.nan, np.arange(len(self.data), dtype=float))
        design = build_design(self.formula, self.data.assign(**{self.column: rows}), weights=self.weights)
        check_grouping(design, gaussian=self.family is None)
        return design.y.astype(np.intp), design

    def criterion(self, design: Design) -> Batch:
        """The criterion of a design."""
        if self.family is None:
            return ManyCriterion(design, self.reml)
        return ManyGlmmCriterion(design, self.family)

    def no_responses(self, lacking: Flags, asked: _Asked) -> Found:
        """Tables without rows: their columns."""
        criterion = self.criterion(self.design(lacking)[1])
        if isinstance(criterion, ManyGlmmCriterion):
            return fit_generalized(criterion, np.zeros((0, criterion.n)), None, asked.shares)
        return no_responses(criterion)


@dataclass(frozen=True)
class _Work:
    """Everything that is asked for."""

    values: Array
    weights: Array | None
    samples: _Samples
    names: pd.Index[Any]
    tests: bool
    n_jobs: int
    progress: bool | None

    def frames(self, shares: bool = False, contrasts: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
        """All tables, a row for each response in the order given."""
        tasks = list(_tasks(self.values, self.weights, self.samples))
        asked = _Asked(self.tests, shares, contrasts)
        found = _run(tasks, asked, self.n_jobs, self.progress)
        # The columns of the design of all samples come first, whatever single responses lack.
        columns = self.samples.no_responses(np.zeros(self.values.shape[1], dtype=bool), asked)
        if contrasts is not None:
            nothing = pd.DataFrame(columns=contrasts.index, dtype=float)
            columns = replace(columns, fixef=nothing, se=nothing, df=nothing)
        which = [np.zeros(0, dtype=np.intp), *(task.which for task in tasks)]
        return _gathered([columns, *found], which, self.names)


def _shares(work: _Work) -> pd.DataFrame:
    """Variance fractions, for which all is fitted again, and without the predictors."""
    return work.frames(shares=True)["fractions"]


def _of_contrasts(work: _Work, contrasts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Contrasts in the place of the coefficients, for which all is fitted again."""
    return work.frames(contrasts=contrasts)


class _Asked(NamedTuple):
    """Whether degrees of freedom and shares on the scale of a link are wanted, and which contrasts."""

    tests: bool
    shares: bool
    contrasts: pd.DataFrame | None = None


def _tasks(values: Array, weights: Array | None, samples: _Samples) -> Iterator[_Task]:
    """Group the responses by the pattern of what they lack, and cut the groups into chunks."""
    missing = np.isnan(values) if weights is None else np.isnan(values) | np.isnan(weights)
    if missing.any():
        patterns, group = np.unique(missing, axis=0, return_inverse=True)
        group = group.ravel()
    else:
        patterns, group = np.zeros((1, values.shape[1]), dtype=bool), np.zeros(len(values), dtype=np.intp)
    for number, lacking in enumerate(patterns):
        which = np.flatnonzero(group == number)
        try:
            used, design = samples.design(lacking)
            criterion = samples.criterion(design)
        except (DataError, ModelError) as error:
            if not lacking.any():
                raise  # no response is to blame
            yield _Task(which, None, values[which], message=str(error))
            continue
        # A linear model with weights of its own has sums over the rows of its own.
        alone = weights is not None and isinstance(criterion, ManyCriterion)
        size = 1 if alone else criterion.chunk
        for start in range(0, len(which), size):
            chunk = which[start : start + size]
            own = None if weights is None else weights[np.ix_(chunk, used)]
            if alone and own is not None:
                criterion, own = samples.criterion(replace(design, weights=own[0])), None
            yield _Task(chunk, criterion, values[np.ix_(chunk, used)], own)


def _run(tasks: list[_Task], asked: _Asked, n_jobs: int, progress: bool | None) -> list[Found]:
    """All chunks in order, with workers and a bar."""
    from ..numerics.workers import spread, with_bar

    done: dict[int, Found] = {}
    try:
        for number, found in with_bar(
            spread(partial(_one, asked=asked), tasks, n_jobs), len(tasks), progress, "fitting"
        ):
            done[number] = found
    except KeyboardInterrupt:
        if not done:
            raise
    return [done.get(i) or failure(task.Y, INTERRUPTED) for i, task in enumerate(tasks)]


def _one(task: _Task, asked: _Asked) -> Found:
    if task.criterion is None:
        return failure(task.Y, task.message)
    try:
        if isinstance(task.criterion, ManyGlmmCriterion):
            return fit_generalized(task.criterion, task.Y, task.weights, asked.shares, asked.contrasts)
        return fit_chunk(task.criterion, task.Y, asked.tests, asked.contrasts)
    except (DataError, ModelError, np.linalg.LinAlgError) as error:
        if len(task.Y) == 1:
            return failure(task.Y, f"the search broke off ({error})")
    # One response stops them all: fit each by itself, so that only this one is lost.
    parts = [_one(task.one(b), asked) for b in range(len(task.Y))]
    return Found(*(pd.concat([getattr(part, name) for part in parts]) for name in Found.__dataclass_fields__))


def _gathered(found: list[Found], which: list[Index], names: pd.Index[Any]) -> dict[str, pd.DataFrame]:
    """Chunks back into tables, a row for each response in the order given."""
    order = np.argsort(np.concatenate(which)) if which else np.zeros(0, dtype=np.intp)
    frames = {}
    for part in Found.__dataclass_fields__:
        # The widest design first: its columns are in the order of the formula.
        pieces = [getattr(one, part) for one in found]
        widest = sorted(pieces, key=lambda piece: -piece.shape[1])
        columns = list(dict.fromkeys(name for piece in widest for name in piece))
        if part != "status":
            pieces = [piece.reindex(columns=columns).astype(float) for piece in pieces]
        whole = pd.concat(pieces, ignore_index=True).iloc[order]
        frames[part] = whole.set_axis(names)
    return frames
