"""`fit_many`: the same linear mixed model for thousands of responses measured on the same samples."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..design.design import build_design
from ..design.grouping_checks import check_grouping
from ..design.names import free_name
from ..design.rows import check_frame
from ..errors import DataError, FormulaError, ModelError
from ..formatting.noted_table import Table
from ..formula.parse import Formula, parse
from ..formula.syntax import one_line
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags, Index
from ..numerics.r_names import answered
from .criterion import ManyCriterion
from .partition_table import VariancePartition, status_notes
from .responses import aligned
from .search import Found, failure, fit_chunk, no_responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..models.mixed import MixedModel

__all__ = ["ManyFits", "fit_many"]

INTERRUPTED = "not fitted, because the work was interrupted before"


@dataclass(frozen=True)
class ManyFits:
    """One model fitted to many responses. All tables have a row for each response, in the order given.

    Attributes
    ----------
    formula : str
        The one-sided formula that all share.
    fixef, se : DataFrame
        Fixed effects and their standard errors; NaN where a response lacks the data for a column.
    df : DataFrame
        Satterthwaite's degrees of freedom; NaN with ``ddf="none"``.
    ran_pars : DataFrame
        Standard deviations and correlations under lme4's names: ``sd_(Intercept)|Individual``, ``sigma``.
    fractions : VariancePartition
        Variance fractions, as :func:`lmmkit.variance_partition` gives them.
    status : DataFrame
        ``n_obs``, ``objective`` (REML criterion or -2 log-likelihood), ``sigma``, and the flags
        ``singular converged failed`` with a ``message``. Nothing is dropped: a response that cannot be
        fitted has NaN everywhere else.

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
    >>> fits
    3 linear mixed models fit by REML: ~ Height + (1 | Individual) + (1 | Tissue)
    """

    formula: str
    fixef: pd.DataFrame
    se: pd.DataFrame
    df: pd.DataFrame
    ran_pars: pd.DataFrame
    fractions: VariancePartition
    status: pd.DataFrame
    reml: bool
    _values: Array = field(repr=False)
    _data: pd.DataFrame = field(repr=False)
    _weights: Any = field(repr=False)

    def __len__(self) -> int:
        return len(self.status)

    def tests(self, term: str) -> pd.DataFrame:
        """Test one coefficient in every response by a t test.

        Parameters
        ----------
        term : str
            A column of :attr:`fixef`.

        Returns
        -------
        DataFrame
            ``estimate std_error df statistic p_value``, and ``adj_p_value``: the p-values adjusted for
            the number of responses (Benjamini and Hochberg's false discovery rate).

        Raises
        ------
        ModelError
            For an unknown coefficient, or when the degrees of freedom were not asked for.

        Notes
        -----
        As ``topTable(dream(...))`` of variancePartition, before empirical Bayes; rows as
        ``coef(summary(fit))`` of lmerTest. Benjamini and Hochberg (1995), *Journal of the Royal Statistical
        Society B* 57:289-300.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.tests("Height")["std_error"].round(4).to_dict()
        {'gene1': 0.0249, 'gene2': 0.0127, 'gene3': 0.0155}
        """
        if not isinstance(term, str) or term not in self.fixef.columns:
            raise ModelError(
                f"there is no coefficient {arguments.shown(term)} in this model; it has "
                f"{', '.join(map(str, self.fixef))}"
            )
        table = Table({"estimate": self.fixef[term], "std_error": self.se[term], "df": self.df[term]})
        if table["df"].isna().all():
            raise ModelError("these fits were made with ddf='none'; fit again with ddf='satterthwaite'")
        from scipy.stats import false_discovery_control

        table["statistic"] = table["estimate"] / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(table["statistic"].abs(), table["df"])
        known = table["p_value"].notna()
        table["adj_p_value"] = np.nan
        table.loc[known, "adj_p_value"] = false_discovery_control(table.loc[known, "p_value"])
        return table

    def coef_table(self) -> pd.DataFrame:
        """All coefficients of all responses, a row each.

        Returns
        -------
        DataFrame
            Index: response and term. Columns ``estimate std_error df statistic p_value``, not adjusted for
            the number of responses.

        Notes
        -----
        Rows as ``coef(summary(fit))`` of lmerTest.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.coef_table().loc[("gene2", "Height"), ["estimate", "std_error", "df"]].round(3).tolist()
        [-0.101, 0.013, 23.161]
        """
        columns = {"estimate": self.fixef, "std_error": self.se, "df": self.df}
        terms = list(self.fixef.columns)
        table = Table(
            {name: frame.to_numpy().ravel() for name, frame in columns.items()},
            index=pd.MultiIndex.from_product([self.fixef.index, terms], names=["response", "term"]),
        )
        table["statistic"] = table["estimate"] / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(table["statistic"].abs(), table["df"])
        return table

    def response(self, name: Hashable) -> pd.Series:
        """The values of one response, in the order of the rows of the data.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.

        Returns
        -------
        Series
            One value for each sample, under the index of the data.

        Raises
        ------
        DataError
            When there is no such response, or several.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.response("gene2").head(2).round(2).tolist()
        [9.3, 6.31]
        """
        if not isinstance(name, Hashable) or name not in self.status.index:
            raise DataError(f"there is no response {arguments.shown(name)} among the {len(self)} fitted")
        where = self.status.index.get_loc(name)
        if not isinstance(where, int):
            raise DataError(f"several responses are called {name!r}; give them different names")
        return pd.Series(self._values[where], index=self._data.index, name=name)

    def fit(self, name: Hashable) -> MixedModel:
        """The full model of one response, as :func:`lmmkit.lmer` gives it.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.

        Returns
        -------
        MixedModel
            Fitted anew to this response, for pictures, intervals and diagnostics.

        Raises
        ------
        DataError
            When there is no such response, or several.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.fit("gene2").ngroups.to_dict()
        {'Individual': 25, 'Tissue': 3}
        """
        from ..models.lmer import lmer

        column = free_name(str(name) if str(name).isidentifier() else "response", self._data.columns, "_")
        data = self._data.assign(**{column: self.response(name)})
        text = f"{column} {self.formula.strip()}"
        return lmer(text, data, reml=self.reml, weights=self._weights)

    def stratified(self, name: Hashable, by: str, ax: Axes | None = None) -> Axes:
        """Draw one response in each level of a factor: boxes with the observations over them.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.
        by : str
            A column of the data.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            In the units of the response.

        Raises
        ------
        DataError
            When there is no such response or column.

        Notes
        -----
        As ``plotStratify`` of variancePartition.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.stratified("gene2", "Tissue").get_ylabel()
        'gene2'
        """
        from ..plots.variance_fractions import stratified

        if not isinstance(by, str) or by not in self._data.columns:
            raise DataError(
                f"column {arguments.shown(by)} is not in the data; it has {', '.join(map(str, self._data))}"
            )
        return stratified(self.response(name), self._data[by], ax)

    def __repr__(self) -> str:
        how = "REML" if self.reml else "maximum likelihood"
        first = f"{len(self)} linear mixed models fit by {how}: {self.formula}"
        return "\n".join([first, *status_notes(self.status)])


@answered
def fit_many(
    responses: pd.DataFrame | Array,
    formula: str,
    data: pd.DataFrame,
    *,
    reml: bool = True,
    weights: Any = None,
    axis: Literal[0, 1] = 0,
    ddf: Literal["satterthwaite", "none"] = "satterthwaite",
    n_jobs: int = 1,
    progress: bool | None = None,
) -> ManyFits:
    """Fit the same linear mixed model to many responses.

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
        A row for each sample.
    reml : bool
        Restricted maximum likelihood (the default) or maximum likelihood.
    weights : column name, array or Series, optional
        Prior weights of the samples, the same for every response.
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
        For another `ddf`.

    Notes
    -----
    Each response gets the fit that ``lk.lmer`` gives it (to 1e-6 in the objective). As ``fitVarPartModel``
    and ``dream`` of the R package variancePartition (Hoffman and Roussos 2021, *Bioinformatics* 37:192).

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> fits = lk.fit_many(genes[:20], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
    >>> fits.tests("Height").loc["gene2", ["estimate", "std_error", "df"]].round(3).tolist()
    [-0.101, 0.013, 23.161]
    >>> fits.fit("gene2").nobs
    100
    """
    ddf = arguments.one_of("ddf", ddf, ("satterthwaite", "none"))
    reml, n_jobs = arguments.flag("reml", reml), arguments.workers(n_jobs)
    parsed = parse(formula, one_sided=True)
    if not parsed.bars:
        shown = one_line(formula)
        raise FormulaError(f"the formula '{shown}' has no random effects; add one such as (1 | group)")
    values, names = aligned(responses, data, axis)
    if getattr(weights, "ndim", 1) == 2:
        raise DataError(
            "fit_many takes one weight for each sample, the same for every response; fit responses that have "
            "weights of their own one by one, by lk.lmer(formula, data, weights=...)"
        )
    whole = _Samples(parsed, check_frame(data, "data"), reml, weights)
    tasks = list(_tasks(values, whole))
    found = _run(tasks, ddf == "satterthwaite", n_jobs, progress)
    # The columns of the design of all samples come first, whatever single responses lack.
    columns = no_responses(whole.criterion(np.zeros(len(data), dtype=bool))[1])
    frames = _gathered(
        [columns, *found], [np.zeros(0, dtype=np.intp), *(task.which for task in tasks)], names
    )
    fractions = VariancePartition(frames["fractions"], status=frames["status"])
    return ManyFits(
        formula, frames["fixef"], frames["se"], frames["df"], frames["ran_pars"], fractions,
        frames["status"], reml, values, data, weights,
    )  # fmt: skip


@dataclass(frozen=True)
class _Task:
    """Responses that share their samples, a chunk at a time; or why they cannot be fitted."""

    which: Index
    criterion: ManyCriterion | None
    Y: Array
    message: str = ""


class _Samples:
    """The samples, and the designs of those that a response has."""

    def __init__(self, formula: Formula, data: pd.DataFrame, reml: bool, weights: Any) -> None:
        self.column = free_name("response", data.columns, "_")  # stands for every response in turn
        self.formula, self.data = replace(formula, response=self.column), data
        self.reml, self.weights = reml, weights

    def criterion(self, lacking: Flags) -> tuple[Index, ManyCriterion]:
        """Which samples are used when some are lacking, and the criterion of these."""
        rows = np.where(lacking, np.nan, np.arange(len(self.data), dtype=float))
        design = build_design(self.formula, self.data.assign(**{self.column: rows}), weights=self.weights)
        check_grouping(design, gaussian=True)
        return design.y.astype(np.intp), ManyCriterion(design, self.reml)


def _tasks(values: Array, samples: _Samples) -> Iterator[_Task]:
    """Group the responses by the pattern of what they lack, and cut the groups into chunks."""
    if np.isnan(values).any():
        patterns, group = np.unique(np.isnan(values), axis=0, return_inverse=True)
        group = group.ravel()
    else:
        patterns, group = np.zeros((1, values.shape[1]), dtype=bool), np.zeros(len(values), dtype=np.intp)
    for number, lacking in enumerate(patterns):
        which = np.flatnonzero(group == number)
        try:
            used, criterion = samples.criterion(lacking)
        except (DataError, ModelError) as error:
            if not lacking.any():
                raise  # no response is to blame
            yield _Task(which, None, values[which], str(error))
            continue
        for start in range(0, len(which), criterion.chunk):
            chunk = which[start : start + criterion.chunk]
            yield _Task(chunk, criterion, values[np.ix_(chunk, used)])


def _run(tasks: list[_Task], tests: bool, n_jobs: int, progress: bool | None) -> list[Found]:
    """All chunks in order, with workers and a bar."""
    from ..numerics.workers import spread, with_bar

    done: dict[int, Found] = {}
    try:
        for number, found in with_bar(
            spread(partial(_one, tests=tests), tasks, n_jobs), len(tasks), progress, "fitting"
        ):
            done[number] = found
    except KeyboardInterrupt:
        if not done:
            raise
    return [done.get(i) or failure(task.Y, INTERRUPTED) for i, task in enumerate(tasks)]


def _one(task: _Task, tests: bool) -> Found:
    if task.criterion is None:
        return failure(task.Y, task.message)
    try:
        return fit_chunk(task.criterion, task.Y, tests)
    except (DataError, ModelError, np.linalg.LinAlgError) as error:
        if len(task.Y) == 1:
            return failure(task.Y, f"the search broke off ({error})")
    # One response stops them all: fit each by itself, so that only this one is lost.
    parts = [_one(replace(task, which=task.which[[b]], Y=task.Y[[b]]), tests) for b in range(len(task.Y))]
    return Found(*(pd.concat([getattr(part, name) for part in parts]) for name in Found.__dataclass_fields__))


def _gathered(found: list[Found], which: list[Index], names: pd.Index[Any]) -> dict[str, pd.DataFrame]:
    """Chunks back into tables, a row for each response in the order given."""
    order = np.argsort(np.concatenate(which)) if which else np.zeros(0, dtype=np.intp)
    frames = {}
    for part in ("fixef", "se", "df", "ran_pars", "fractions", "status"):
        # The widest design first: its columns are in the order of the formula.
        pieces = [getattr(one, part) for one in found]
        widest = sorted(pieces, key=lambda piece: -piece.shape[1])
        columns = list(dict.fromkeys(name for piece in widest for name in piece))
        if part != "status":
            pieces = [piece.reindex(columns=columns).astype(float) for piece in pieces]
        whole = pd.concat(pieces, ignore_index=True).iloc[order]
        frames[part] = whole.set_axis(names)
    return frames
