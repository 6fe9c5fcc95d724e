"""How much each pair of covariates tells the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import FormulaError
from ..formula.parse import parse
from ..formula.syntax import one_line
from ..numerics.arrays import Array
from ..numerics.frames import Table
from ..numerics.r_names import answered


@answered
def cancorr_pairs(formula: str, data: Table) -> pd.DataFrame:
    """How much each pair of covariates tells the same: 0 not at all, 1 completely.

    Parameters
    ----------
    formula : str
        One-sided, without random effects: ``"~ Age + Tissue + Batch"``. Factors count with all their levels.
    data : DataFrame
        A row for each sample, with the columns that the formula names.

    Returns
    -------
    DataFrame
        Symmetric, terms × terms: root mean square of the canonical correlations. Rows in which one of the
        pair is missing are left out for that pair. NaN where a term is constant.

    Raises
    ------
    FormulaError
        For a formula with random effects, with a response, or with fewer than two terms.
    DataError
        For an unknown column.

    Notes
    -----
    As ``variancePartition::canCorPairs``. Two variables near 1 cannot be told apart in one model.

    Examples
    --------
    >>> import lmmkit as lk
    >>> lk.cancorr_pairs("~ Individual + Age + Tissue", lk.load_data("genexpr_info")).round(2)
                Individual   Age  Tissue
    Individual        1.00  1.00    0.25
    Age               1.00  1.00    0.09
    Tissue            0.25  0.09    1.00
    """
    parsed = parse(formula, one_sided=True)
    if parsed.bars:
        raise FormulaError(
            f"'{one_line(formula)}' has random effects; write x instead of (1 | x) to compare columns"
        )
    blocks = _term_columns(formula, data)
    if len(blocks) < 2:
        raise FormulaError(f"'{one_line(formula)}' has fewer than two terms, so there is no pair to compare")
    table = pd.DataFrame(np.eye(len(blocks)), index=list(blocks), columns=list(blocks))
    labels = list(blocks)
    for i, a in enumerate(labels):
        for b in labels[:i]:
            table.loc[a, b] = table.loc[b, a] = _canonical(blocks[a], blocks[b])
    return table


def _term_columns(formula: str, data: Table) -> dict[str, Array]:
    """Columns of each term over all rows; a missing value makes its row NaN."""
    from ..design.evaluate import Evaluator
    from ..design.model_matrix import ModelMatrix
    from ..design.rows import check_frame
    from ..formula.algebra import expand

    parsed = parse(formula, one_sided=True)
    evaluator = Evaluator(check_frame(data, "data"))
    terms = expand(parsed.fixed)
    values = [evaluator.value(node) for node in terms.variables]
    recipe = ModelMatrix.plan(terms, values, {})
    X = recipe.apply(evaluator)
    assign = np.array(recipe.assign)
    return {term.label: X[:, assign == number] for number, term in enumerate(recipe.terms.terms, start=1)}


def _canonical(a: Array, b: Array) -> float:
    """Root mean square of the canonical correlations of two sets of columns."""
    rows = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    bases = []
    for columns in (a[rows], b[rows]):
        left, size, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
        bases.append(left[:, size > 1e-10 * max(float(size.max(initial=0.0)), 1e-300)])
    if any(base.shape[1] == 0 for base in bases) or not rows.any():
        return float("nan")
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return float(np.sqrt(np.mean(np.clip(correlations, 0, 1) ** 2)))
