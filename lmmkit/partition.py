"""How much of the variance of a response each term of a model explains, for one response or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import DataError, FormulaError, ModelError
from .formula import parse
from .varcorr import _distinct

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .design import Design
    from .result import MixedModel

__all__ = ["VariancePartition", "cancorr_pairs", "variance_fractions", "variance_partition"]

Array = NDArray[np.float64]


class VariancePartition(pd.DataFrame):
    """Variance fractions: a row for each response, a column for each term, ``Residuals`` last.

    Attributes
    ----------
    status : DataFrame
        For the same rows: ``n_obs objective sigma singular converged failed message``.
    """

    _metadata = ["_status"]  # noqa: RUF012 (pandas wants a list)
    _status: pd.DataFrame

    @property
    def _constructor(self) -> Callable[..., VariancePartition]:
        return VariancePartition

    @property
    def status(self) -> pd.DataFrame:
        """How the fit of each of these rows went; a failed one has no fractions, but its row stays."""
        return self._status.loc[self.index]

    @property
    def notes(self) -> list[str]:
        """What a reader of the table should know."""
        known = getattr(self, "_status", None)
        if known is None or not self.index.isin(known.index).all():
            return []
        return status_notes(known.loc[self.index])

    def __repr__(self) -> str:
        with pd.option_context("display.width", 110, "display.max_columns", None):
            return "\n".join([super().__repr__(), *self.notes])

    def _repr_html_(self) -> str | None:
        table = super()._repr_html_()  # type: ignore[misc]
        return (table or "") + "".join(f"<p>{note}</p>" for note in self.notes)

    def violin(self, ax: Axes | None = None) -> Axes:
        """A violin for each term; see :func:`lmmkit.partition_plots.violin`."""
        from .partition_plots import violin

        return violin(self, ax)

    def bars(self, ax: Axes | None = None) -> Axes:
        """A stacked bar for each response; see :func:`lmmkit.partition_plots.bars`."""
        from .partition_plots import bars

        return bars(self, ax)


def status_notes(status: pd.DataFrame) -> list[str]:
    """Sentences about responses whose fit needs a second look."""
    notes, total = [], len(status)
    singular = int(status["singular"].sum())
    failed, lost = int(status["failed"].sum()), int((~status["converged"] & ~status["failed"]).sum())
    if singular:
        notes.append(f"{singular} of {total} fits are singular: some variance is zero, or a correlation ±1.")
    if lost:
        notes.append(f"{lost} of {total} searches did not converge; see .status.")
    if failed:
        notes.append(f"{failed} of {total} responses could not be fitted; .status tells why.")
    return notes


def variance_partition(
    responses: pd.DataFrame | Array,
    formula: str,
    data: pd.DataFrame,
    *,
    reml: bool = False,
    weights: Any = None,
    axis: int = 0,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> VariancePartition:
    """Share out the variance of each of many responses, measured on the same samples.

    Parameters
    ----------
    responses : DataFrame or array
        A row for each response (a gene) and a column for each sample; the other way round with ``axis=1``.
        Missing values are allowed.
    formula : str
        One-sided: ``"~ Age + (1 | Individual) + (1 | Tissue)"``.
    data : DataFrame
        A row for each sample.
    reml : bool
        By default the models are fitted by maximum likelihood, as variancePartition does.
    weights, axis, n_jobs, progress
        As in :func:`lmmkit.fit_many`.

    Returns
    -------
    VariancePartition
        A DataFrame with methods ``.violin()`` and ``.bars()``, and ``.status``.

    Raises
    ------
    FormulaError, DataError
        As :func:`lmmkit.fit_many`.

    Notes
    -----
    As ``fitExtractVarPartModel`` of the R package variancePartition (Hoffman and Schadt 2016, *BMC
    Bioinformatics* 17:483); see :func:`variance_fractions` for the definition.

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> parts = lk.variance_partition(genes[:3], "~ Age + (1 | Individual) + (1 | Tissue)", samples)
    >>> parts.round(3).loc["gene1"].to_dict()
    {'Individual': 0.89, 'Tissue': 0.025, 'Age': 0.0, 'Residuals': 0.085}
    """
    from .batch import fit_many

    fits = fit_many(
        responses, formula, data, reml=reml, weights=weights, axis=axis, ddf="none", n_jobs=n_jobs,
        progress=progress,
    )  # fmt: skip
    return fits.fractions


def variance_fractions(fit: MixedModel) -> pd.Series:
    """Share of the variance that each term of a linear mixed model explains.

    Parameters
    ----------
    fit : MixedModel

    Returns
    -------
    Series
        Random terms by name, fixed terms, ``Residuals``; they add up to 1. A random term counts with the
        variance that it gives to an average row (for a random intercept, its variance). A fixed term counts
        with the population variance of its part of the linear predictor; where there are several, they are
        scaled so that together they have the variance of the whole fixed part.

    Raises
    ------
    ModelError
        For a GLMM, whose residual variance depends on the mean.

    Notes
    -----
    As ``variancePartition::calcVarPart`` (Hoffman and Schadt 2016, *BMC Bioinformatics* 17:483), which has no
    random slopes; for those see Johnson (2014), *Methods in Ecology and Evolution* 5:944.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse"))
    >>> variance_fractions(fit).round(3).to_dict()
    {'Strain': 0.503, 'Dose': 0.442, 'Residuals': 0.055}
    """
    if fit.family is not None:
        raise ModelError(
            "variance fractions are about a linear mixed model; for a GLMM see .r2() and .icc(), which take "
            "the variance of the distribution into account"
        )
    covs = [component.cov[None] for component in fit.varcorr.components]
    labels, parts = fractions(fit.design, fit.estimate.beta[None], covs, np.array([fit.sigma**2]))
    return pd.Series(parts[0], index=labels, name="fraction")


def fractions(design: Design, beta: Array, covs: Sequence[Array], residual: Array) -> tuple[list[str], Array]:
    """Labels and variance fractions for many responses of one design.

    Parameters
    ----------
    design : Design
    beta : array of shape (B, p)
    covs : sequence of arrays of shape (B, k, k)
        Covariance of each term's effects.
    residual : array of shape (B,)
        Residual variance.
    """
    parts: dict[str, Array] = {}
    groups = _distinct([term.group for term in design.terms])
    random = {
        group: np.einsum("kl,bkl->b", term.Z.T @ term.Z / len(term.Z), cov)
        for group, term, cov in zip(groups, design.terms, covs, strict=True)
    }
    parts |= {group: random[group] for group in sorted(random)}
    for label, share in _fixed_parts(design, beta).items():
        parts[label] = parts.get(label, 0.0) + share
    parts["Residuals"] = residual
    values = np.column_stack(list(parts.values()))
    return list(parts), values / values.sum(axis=1, keepdims=True)


def _fixed_parts(design: Design, beta: Array) -> dict[str, Array]:
    """Variance (B,) over the rows of each fixed term, scaled to add up to the variance of their sum."""
    centred = design.X - design.X.mean(axis=0)
    moments = centred.T @ centred / len(centred)
    assign = np.array(design.assign, dtype=int)
    parts = {}
    for number, label in enumerate(design.term_labels, start=1):
        own = beta * (assign == number)
        parts[label] = np.einsum("bi,ij,bj->b", own, moments, own)
    if len(parts) < 2:
        return parts
    total, whole = sum(parts.values()), np.einsum("bi,ij,bj->b", beta, moments, beta)
    scale = np.divide(whole, total, out=np.ones_like(whole), where=np.asarray(total) > 0)
    return {label: part * scale for label, part in parts.items()}


def cancorr_pairs(formula: str, data: pd.DataFrame) -> pd.DataFrame:
    """How much each pair of covariates tells the same: 0 not at all, 1 completely.

    Parameters
    ----------
    formula : str
        One-sided, without random effects: ``"~ Age + Tissue + Batch"``. Factors count with all their levels.
    data : DataFrame

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
        raise FormulaError(f"'{formula}' has random effects; write x instead of (1 | x) to compare columns")
    blocks = _term_columns(formula, data)
    if len(blocks) < 2:
        raise FormulaError(f"'{formula}' has fewer than two terms, so there is no pair to compare")
    table = pd.DataFrame(np.eye(len(blocks)), index=list(blocks), columns=list(blocks))
    labels = list(blocks)
    for i, a in enumerate(labels):
        for b in labels[:i]:
            table.loc[a, b] = table.loc[b, a] = _canonical(blocks[a], blocks[b])
    return table


def _term_columns(formula: str, data: pd.DataFrame) -> dict[str, Array]:
    """Columns of each term over all rows; a missing value makes its row NaN."""
    from .columns.encoding import ModelMatrix
    from .columns.evaluate import Evaluator
    from .columns.rows import check_frame
    from .language.algebra import expand

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


def aligned(responses: pd.DataFrame | Array, data: pd.DataFrame, axis: int) -> tuple[Array, pd.Index]:
    """Responses as (B, n) numbers in the order of the rows of the data, and their names.

    Samples are matched by label where the labels are those of the data's index, or of one of its columns;
    else they are taken in the order in which they stand.
    """
    if axis not in (0, 1):
        raise DataError(f"axis must be 0 (a row for each response) or 1 (a column for each), not {axis!r}")
    frame = responses if isinstance(responses, pd.DataFrame) else pd.DataFrame(np.asarray(responses))
    frame = frame.T if axis == 1 else frame
    try:
        values = frame.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(
            "the responses must be numbers; leave out columns of text, or make them the index"
        ) from None
    samples, n = frame.columns, len(data)
    if isinstance(responses, pd.DataFrame):
        for labels in (data.index, *(pd.Index(data[name].astype(object)) for name in data.columns)):
            if samples.is_unique and labels.is_unique and len(labels) == n and labels.isin(samples).all():
                return values[:, samples.get_indexer(labels)], frame.index
        partly = samples[samples.isin(data.index)]
        if 0 < len(partly) < n and not isinstance(samples, pd.RangeIndex):
            absent = data.index[~data.index.isin(samples)][0]
            raise DataError(f"the responses have no sample {absent!r}, which is a row of the data")
    if values.shape[1] != n:
        other = 1 - axis
        hint = f"; did you mean axis={other}?" if len(values) == n else ""
        raise DataError(f"the responses have {values.shape[1]} samples, but the data have {n} rows{hint}")
    return values, frame.index
