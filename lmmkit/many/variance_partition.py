"""Share out the variance of each of many responses."""

from __future__ import annotations

from typing import Any, Literal

from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.frames import Table
from ..numerics.r_names import answered
from .fit_many import fit_many
from .partition_table import VariancePartition


@answered
def variance_partition(
    responses: Table | Array,
    formula: str,
    data: Table,
    *,
    family: str | Family | type[Family] | None = None,
    reml: bool = False,
    weights: Any = None,
    axis: Literal[0, 1] = 0,
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
        A row for each sample; of pandas, polars, pyarrow, or any other that narwhals reads.
    family : str or Family, optional
        As :func:`lmmkit.fit_many` takes it, for counts, shares of trials and amounts; then the fractions are
        those of the linear predictor's variance, ``Residuals`` being what distribution and link add.
    reml : bool
        By default the models are fitted by maximum likelihood, as variancePartition does.
    weights : column name, array, Series or DataFrame, optional
        Prior weights of the samples, or of each value, as in :func:`lmmkit.fit_many`.
    axis : {0, 1}
        1 if `responses` has a row for each sample and a column for each response.
    n_jobs : int
        Number of worker processes, -1 for one per core (joblib).
    progress : bool, optional
        Show a progress bar; by default only if it takes longer than two seconds.

    Returns
    -------
    VariancePartition
        A DataFrame with methods ``.violin()`` and ``.bars()``, and ``.status``.

    Raises
    ------
    FormulaError, DataError, ModelError
        As :func:`lmmkit.fit_many`; also for a link whose distribution has no variance.

    Notes
    -----
    As ``fitExtractVarPartModel`` of the R package variancePartition (Hoffman and Schadt 2016, *BMC
    Bioinformatics* 17:483); see :func:`variance_fractions` for the definition. With a `family` the residual variance
    is the one that ``fit.r2`` of :func:`lmmkit.glmer` has (Nakagawa, Johnson and Schielzeth 2017).

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> parts = lk.variance_partition(genes[:3], "~ Age + (1 | Individual) + (1 | Tissue)", samples)
    >>> parts.round(3).loc["gene1"].to_dict()
    {'Individual': 0.89, 'Tissue': 0.025, 'Age': 0.0, 'Residuals': 0.085}
    """
    fits = fit_many(
        responses, formula, data, family=family, reml=reml, weights=weights, axis=axis, ddf="none", n_jobs=n_jobs,
        progress=progress,
    )  # fmt: skip
    return fits.fractions
