"""The reference grid: the combinations of predictors whose predictions marginal means and trends average.

It holds every combination of the levels of the factors, with numeric predictors at their means (both values
of one that has only two). A factor that is nested in others (a bird in a nest) has only the combinations that
occur.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..design.design import Design
from ..design.evaluate import Evaluator
from ..design.predictors import column_behind, factors_of, predictors_of, seen_levels
from ..errors import ModelError
from ..fitted.fit import Fit
from ..formatting.wording import listed
from ..formula.functions import columns_of
from ..formula.syntax import read
from ..numerics import arguments
from ..numerics.arrays import Array, Index

__all__ = ["ReferenceGrid", "checked_at", "rows_of_groups", "split_specs"]

#: Half-width of the differences that give a slope, relative to the standard deviation of its predictor.
WIDTH = 1e-4
#: A combination that moves less than this with what the data leave open is determined by them.
CLOSED = 1e-8


def split_specs(
    specs: str | Sequence[str], by: str | Sequence[str] | None
) -> tuple[list[str], list[str], str | None]:
    """What is asked for, within what, and the contrasts that a formula names on its left side.

    Parameters
    ----------
    specs : str or list of str
        Predictors, or a formula as R's emmeans takes it: ``"~ a | b"``, ``"pairwise ~ a * b"``.
    by : str or list of str, optional

    Raises
    ------
    ModelError
        When it is neither.

    Examples
    --------
    >>> split_specs("pairwise ~ a * b | c", None)
    (['a', 'b'], ['c'], 'pairwise')
    """
    within = _names(by, "by")
    if not isinstance(specs, str) or "~" not in specs:
        return [name for name in _names(specs, "specs") if name != "1"], within, None
    left, _, right = specs.partition("~")
    asked, _, given = right.partition("|")
    sides = [columns_of(read(side)) if side.strip() not in ("", "1") else [] for side in (asked, given)]
    return list(dict.fromkeys(sides[0])), [*dict.fromkeys(sides[1]), *within], left.strip() or None


def _names(names: Any, argument: str) -> list[str]:
    if names is None:
        return []
    found = [names] if isinstance(names, str) else names
    if (
        not isinstance(found, Iterable)
        or getattr(found, "ndim", 1) == 0
        or not all(isinstance(name, str) for name in found)
    ):
        raise ModelError(
            f"{argument} must be a name, a list of names or a formula, not {arguments.shown(names)}"
        )
    return list(dict.fromkeys(found))


def checked_at(at: Any) -> Mapping[str, Any]:
    """Values for predictors, as a mapping.

    Raises
    ------
    ModelError
        When they are not.
    """
    if at is not None and not isinstance(at, Mapping):
        raise ModelError(f"at must be a dict such as {{'Days': [0, 9]}}, not {arguments.shown(at)}")
    return {} if at is None else at


def rows_of_groups(frame: pd.DataFrame, names: list[str]) -> list[Index]:
    """The positions of the rows of each combination of `names`, in the order in which these first appear.

    Asked of ``ngroup``, which promises that order; the order of ``indices`` differs between versions of pandas.
    """
    if not names:
        return [np.arange(len(frame))]
    number = frame.groupby(names, sort=False, observed=True).ngroup().to_numpy()
    return [np.flatnonzero(number == group) for group in range(number.max() + 1)]


@dataclass(frozen=True)
class ReferenceGrid:
    """Combinations of predictors, and what the fixed part makes of them.

    Attributes
    ----------
    fit : Fit
    frame : DataFrame (m, predictors)
        The combinations; those last in order vary fastest.
    X : array of shape (m, columns)
        Their rows of the model matrix, columns that the fit dropped included.
    nests : dict
        Factor -> the factors in which it is nested.
    """

    fit: Fit
    frame: pd.DataFrame
    X: Array
    nests: dict[str, list[str]]

    @classmethod
    def of(
        cls,
        fit: Fit,
        last: Sequence[str] = (),
        at: Mapping[str, Any] | None = None,
        steps: bool = False,
        parts: Sequence[Design] = (),
    ) -> ReferenceGrid:
        """Make it.

        Parameters
        ----------
        fit : Fit
        last : sequence of str
            Predictors that vary fastest, the last one most of all.
        at : dict, optional
            Other values for predictors.
        steps : bool
            Numeric predictors half a unit below and above their mean, so that their slopes can be tested.
        parts : sequence of Design
            Of all parts of a model, where the predictors of all are meant.

        Raises
        ------
        ModelError
            For a predictor that is not in the fixed part, or values that are none.
        """
        at = checked_at(at)
        parts = parts or [fit.design]
        known = list(dict.fromkeys(name for design in parts for name in predictors_of(design)))
        for name in [*last, *at]:
            if name not in known:
                meant = column_behind(fit.design, name) if isinstance(name, str) else name
                has = ", ".join(known) or "none"
                raise ModelError(
                    f"{arguments.shown(name)} is not a predictor in the fixed part of this model; "
                    + (f"write '{meant}'" if meant in known else f"it has {has}")
                )
        names = [*(name for name in known if name not in last), *last]
        if not names:
            frame = pd.DataFrame(index=[0])
            return cls(fit, frame, fit.design.new_rows(frame).all_columns, {})
        owners = {name: design for design in parts for name in predictors_of(design)}
        data = pd.DataFrame({name: design.levels_frame[name] for name, design in owners.items()})
        factors = set().union(*map(factors_of, parts))
        values = [
            _given(at[name], name) if name in at else _levels(owners[name], name, name in factors, steps)
            for name in names
        ]
        frame = pd.MultiIndex.from_product(values, names=names).to_frame(index=False)
        nests = _nests(data, [name for name in names if name in factors and name not in at])
        for inner, outer in nests.items():
            occurring = set(data[[inner, *outer]].itertuples(index=False, name=None))
            rows = frame[[inner, *outer]].itertuples(index=False, name=None)
            frame = frame[[row in occurring for row in rows]]
        frame = frame.reset_index(drop=True)
        for name in names:
            if isinstance(data[name].dtype, pd.CategoricalDtype):
                frame[name] = frame[name].astype(data[name].dtype)
        return cls(fit, frame, fit.design.new_rows(frame).all_columns, nests)

    def slopes(self, var: str, unit: str | None = None) -> ReferenceGrid:
        """The same for the slopes of a numeric predictor in place of means.

        Parameters
        ----------
        var : str
        unit : str, optional
            A function of it whose unit counts: ``"log(dose)"``.

        Raises
        ------
        ModelError
            When it is a factor.
        """
        if var in factors_of(self.fit.design):
            raise ModelError(f"'{var}' is a factor, so it has no slope; use lk.emmeans and its contrasts")
        width = WIDTH * (self.fit.design.sd_of(var) or 1.0)
        frames = [
            self.frame.assign(**{var: self.frame[var].astype(float) + sign * width}) for sign in (1, -1)
        ]
        above, below = (self.fit.design.new_rows(frame).all_columns for frame in frames)
        step = np.full(len(self.frame), 2 * width)
        if unit not in (None, var):
            try:
                ends = [
                    Evaluator(frame, self.fit.design.transforms).numbers(read(str(unit))) for frame in frames
                ]
            except KeyError:
                raise ModelError(
                    f"slopes along {unit} need it in the formula, as it is written there"
                ) from None
            step = ends[0] - ends[1]
        return replace(self, X=(above - below) / step[:, None])

    def averages(
        self, names: list[str], weights: Literal["equal", "proportional"]
    ) -> tuple[pd.DataFrame, Array]:
        """The cells asked for (m rows), and the rows (m, columns) of the model matrix that give their means.

        Parameters
        ----------
        names : list of str
            Predictors that the cells are told apart by.
        weights : {"equal", "proportional"}

        Notes
        -----
        The rows have the columns that the fit dropped as well: :meth:`estimable` says what of them the data
        determine. With equal weights, nested levels are averaged within the levels that they are nested in before
        these are.
        """
        grid = self.frame
        averaged = [name for name in grid.columns if name not in names]
        weights = arguments.one_of("weights", weights, ("equal", "proportional"))
        share = self._frequencies(averaged) if weights == "proportional" else self._nested_shares(averaged)
        members = rows_of_groups(grid, names)
        cells = grid.loc[[rows[0] for rows in members], names].reset_index(drop=True)
        full = np.array([np.average(self.X[rows], axis=0, weights=share[rows]) for rows in members])
        return cells, full

    def estimable(self, full: Array) -> Array:
        """Combinations of all columns as contrasts (m, p) of the coefficients; NaN where the data leave one open.

        Parameters
        ----------
        full : array of shape (m, columns)
            Such as :meth:`averages` gives, or differences of them: one can be known where neither mean is.
        """
        known = np.abs(self._open(full)).max(axis=1, initial=0.0) < CLOSED
        return np.where(known[:, None], full[:, self.fit.design.kept], np.nan)

    def estimable_part(self, full: Array) -> Array:
        """What the data determine of all that these combinations span, as contrasts (r, p) of the coefficients.

        Parameters
        ----------
        full : array of shape (m, columns)
        """
        ways, kept = self._open(full), full[:, self.fit.design.kept]
        if not ways.shape[1]:
            return kept
        left, size, _ = np.linalg.svd(ways)
        return np.asarray(left[:, int((size > CLOSED).sum()) :].T @ kept)

    def _open(self, full: Array) -> Array:
        """How far combinations move when coefficients move and no fitted value does, (m, ways)."""
        return np.asarray(full @ self._free)

    @cached_property
    def _free(self) -> Array:
        """The ways (columns, ways) in which coefficients can move so; all columns are brought to one scale."""
        design = self.fit.design
        if not design.dropped:
            return np.zeros((self.X.shape[1], 0))
        columns = design.all_columns
        unit = np.abs(columns).max(axis=0)
        unit[unit == 0] = 1.0
        axes = np.linalg.svd(np.linalg.qr(columns / unit, mode="r"))[2]
        return np.asarray(axes[len(design.x_names) :].T / unit[:, None])

    def with_nests(self, names: list[str]) -> list[str]:
        """Names, and the factors in which some of them are nested."""
        outer = [name for inner in names for name in self.nests.get(inner, [])]
        return list(dict.fromkeys([*names, *outer]))

    def interaction_note(self, names: Sequence[str], what: str = "Means", var: str = "") -> list[str]:
        """A sentence when what is asked for (means, or slopes in `var`) interacts with what is averaged over."""
        terms = self.fit.design.model_matrix.terms
        columns = [set(columns_of(node)) for node in terms.variables]
        together: list[str] = []
        for term in terms.terms:
            own = set().union(*(columns[i] for i in term.variables)) if len(term.variables) > 1 else set()
            if own & set(names) and (not var or var in own):
                together += [name for name in own - set(names) if self._is_averaged(name, names, var)]
        if not together:
            return []
        over = [name for name in self.frame.columns if name in set(together)]
        return [
            f"{what} are averaged over {listed(over)}, which {'interact' if len(over) > 1 else 'interacts'} "
            f"with {listed(list(names))}, so they may hide differences; by={over[0]!r} shows them apart."
        ]

    def nest_notes(self, names: Iterable[str]) -> list[str]:
        """What nesting was found among the predictors asked for or averaged over."""
        return [f"{inner} is taken as nested in {listed(outer)}." for inner, outer in self.nests.items()]

    def _is_averaged(self, name: str, names: Sequence[str], var: str) -> bool:
        """Whether predictions are averaged over a predictor, or made at one value that nobody chose."""
        nested_in_asked = set(self.nests.get(name, ())) & set(names)
        return name not in (*names, var) and not nested_in_asked

    def _nested_shares(self, averaged: list[str]) -> Array:
        """Weights that give each level of a nested factor its equal part of the level it is nested in."""
        share = np.ones(len(self.frame))
        for inner, outer in self.nests.items():
            if inner in averaged:
                counts = self.frame.groupby(outer, observed=True)[inner].transform("nunique")
                share = share / counts.to_numpy(dtype=float)
        return share

    def _frequencies(self, names: list[str]) -> Array:
        """How often the levels of some predictors occur together in the data; numeric ones do not count."""
        counted = [name for name in names if self.frame[name].nunique() > 1]
        if not counted:
            return np.ones(len(self.frame))
        counts = dict(self.fit.design.counts_of(counted))
        keys = [tuple(row) for row in self.frame[counted].itertuples(index=False)]
        return np.array([float(counts.get(key, 0.0)) for key in keys])


def _given(values: Any, name: str) -> Array:
    found = np.atleast_1d(np.asarray(values))
    if found.ndim > 1 or not len(found) or (found.dtype == object and any(v is None for v in found)):
        raise ModelError(f"at needs one or more values of '{name}', not {arguments.shown(values)}")
    return found


def _levels(design: Design, name: str, as_factor: bool, steps: bool) -> pd.Series:
    """The values of one predictor in the grid."""
    if as_factor:
        return seen_levels(design.levels_frame[name])
    if steps:
        return pd.Series(design.mean_of(name) + np.array([-0.5, 0.5]))
    distinct = pd.Series(design.few_values(name))
    return distinct if len(distinct) == 2 else pd.Series([design.mean_of(name)])


def _nests(data: pd.DataFrame, factors: list[str]) -> dict[str, list[str]]:
    """Factors each of whose levels meets one level only of some others, which have several."""
    factors = [name for name in factors if data[name].nunique() > 1]
    nests: dict[str, list[str]] = {}
    for inner in factors:
        outer = [
            name
            for name in factors
            if name != inner
            and inner not in nests.get(name, [])
            and (data.groupby(inner, observed=True)[name].nunique() == 1).all()
        ]
        if outer:
            nests[inner] = outer
    return nests
