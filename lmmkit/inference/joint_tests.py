"""One test for each effect of the fixed part, made of marginal means: analysis of variance within levels, too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ..design.values import label
from ..errors import ModelError
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..fitted.parts import Component, one_part
from ..formatting.noted_table import Table
from ..formatting.wording import listed
from ..formula.functions import columns_of
from ..numerics import arguments
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from .coef_tests import Ddf, checked_ddf, joint_test
from .reference_grid import ReferenceGrid, rows_of_groups, split_specs
from .satterthwaite import singular_notes

__all__ = ["joint_tests"]

COLUMNS = ["term", "num_df", "den_df", "statistic", "p_value"]


@answered
def joint_tests(
    fit: Fit,
    by: str | Sequence[str] | None = None,
    *,
    ddf: Ddf = "satterthwaite",
    at: Any = None,
    component: Component = "conditional",
) -> pd.DataFrame:
    """Test each main effect and interaction by the contrasts between its marginal means.

    Parameters
    ----------
    fit : fitted model
        Of `lmer`, `glmer`, `lm` or `glm`.
    by : str or list of str, optional
        Test the effects of the other predictors within each level of these: simple effects.
    ddf : str
        As in :func:`lmmkit.emmeans`.
    at : dict, optional
        Values of predictors, as in :func:`lmmkit.emmeans`.
    component : {"conditional", "zero_inflation", "dispersion"}
        The part of a model with several that is averaged.

    Returns
    -------
    DataFrame
        The columns of `by`, then ``term num_df den_df statistic p_value``. The statistic is F (for a GLMM
        too, whose ``den_df`` is infinite).

    Raises
    ------
    ModelError
        For a predictor that is not in the fixed part, or another `ddf`.

    Notes
    -----
    As ``emmeans::joint_tests``: the hypotheses are those of type 3, whatever contrasts the model was coded
    with, a numeric predictor is tested by its slope at its mean, and a level counts as much as another. The
    degrees of freedom of several contrasts together are those of :meth:`contest` (R takes the smallest of
    single ones).

    Examples
    --------
    >>> import lmmkit as lk
    >>> mouse = lk.load_data("mouse")
    >>> joint_tests(lk.lmer("Weight ~ factor(Dose) + (1 | Strain)", mouse)).round(3)
       term  num_df  den_df  statistic p_value
    0  Dose       4  41.073     88.291  <0.001
    """
    fit = one_part(fit, component)
    fit, ddf = arguments.fitted("fit", fit), checked_ddf(ddf)
    within = split_specs(by, None)[0] if isinstance(by, str) and "~" in by else split_specs([], by)[1]
    grid = ReferenceGrid.of(fit, within, at, steps=True)
    predictors = [
        name for name in grid.frame.columns if name not in within and grid.frame[name].nunique() > 1
    ]
    if not predictors:
        raise ModelError("there is no effect to test: the fixed part has no predictor besides those of by")
    together = _terms(fit)
    rows: list[dict[str, Any]] = []
    for size in range(1, len(predictors) + 1):
        for effect in combinations(predictors, size):
            nested = any(set(grid.nests.get(inner, ())) & set(effect) for inner in effect)
            if not nested and any(set(effect) <= term for term in together):  # a nested factor is one effect
                rows += _rows(fit, grid, list(effect), within, ddf)
    table = pd.DataFrame(rows).astype({"num_df": int})
    order = table.groupby(within, sort=False, observed=True).ngroup() if within else np.zeros(len(table))
    table = table.iloc[np.argsort(np.asarray(order), kind="stable")].reset_index(drop=True)
    notes = [*grid.nest_notes(predictors), *(singular_notes(fit) if isinstance(fit, MixedFit) else [])]
    lacking = [str(row["term"]) for row in rows if row["num_df"] == 0]
    if lacking:
        notes.append(f"The data leave no contrast of {', '.join(dict.fromkeys(lacking))} to be tested.")
    partly = [str(row["term"]) for row in rows if row["num_df"] > 0 and row["open"]]
    if partly:
        notes.append(
            f"Of {listed(list(dict.fromkeys(partly)))} only what the data determine is tested, with fewer degrees "
            "of freedom: they lack combinations of the predictors."
        )
    return Table(table[[*within, *COLUMNS]], notes=notes)


def _terms(fit: Fit) -> list[set[str]]:
    """The columns that each term of the fixed part is made of."""
    terms = fit.design.model_matrix.terms
    return [set().union(*(columns_of(terms.variables[i]) for i in term.variables)) for term in terms.terms]


def _rows(
    fit: Fit, grid: ReferenceGrid, effect: list[str], within: list[str], ddf: Ddf
) -> list[dict[str, Any]]:
    """The test of one effect in each combination of `within`."""
    names = grid.with_nests(effect)
    outer = [name for name in names if name not in effect and name not in within]
    cells, matrix = grid.averages([*within, *outer, *effect[::-1]], "equal")
    groups = rows_of_groups(cells, within)
    rows = []
    for members in groups:
        own = cells.iloc[members].reset_index(drop=True)
        nests = rows_of_groups(own, outer)
        contrasts = np.concatenate(
            [_differences(own.iloc[nest][effect]) @ matrix[members][nest] for nest in nests]
        )
        contrasts = contrasts[np.isfinite(contrasts).all(axis=1)]
        known = grid.estimable_part(contrasts)
        num_df, den_df, statistic, p_value = _tested(fit, known, ddf)
        rows.append(
            {name: own[name].iloc[0] for name in within}
            | {"term": ":".join(effect), "num_df": num_df, "den_df": den_df}
            | {"statistic": statistic, "p_value": p_value, "open": len(known) < len(contrasts)}
        )
    return rows


def _differences(cells: pd.DataFrame) -> Array:
    """Contrasts of consecutive levels of each predictor, multiplied with each other."""
    sizes = [len(dict.fromkeys(label(value) for value in cells[name])) for name in cells]
    sets = [np.diff(np.eye(size), axis=0) for size in sizes]
    product: Array = np.eye(1)
    for own in sets:
        product = np.asarray(np.kron(product, own))
    return product if product.shape[1] == len(cells) else np.full((1, len(cells)), np.nan)


def _tested(fit: Fit, contrasts: Array, ddf: Ddf) -> tuple[float, float, float, float]:
    if not len(contrasts) or not np.abs(contrasts).max(initial=0.0) > 1e-12:
        return 0.0, np.nan, np.nan, np.nan
    num_df, den_df, statistic, p_value = joint_test(fit, contrasts, ddf)
    return num_df, den_df, statistic / num_df if np.isinf(den_df) else statistic, p_value
