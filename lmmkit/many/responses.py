"""Many responses, lined up with the rows of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..numerics import arguments
from ..numerics.arrays import Array, Index


def aligned(responses: pd.DataFrame | Array, data: pd.DataFrame, axis: int) -> tuple[Array, pd.Index]:
    """Responses as (B, n) numbers in the order of the rows of the data, and their names.

    Parameters
    ----------
    responses : DataFrame or array
        A row for each response and a column for each sample, or the other way round.
    data : DataFrame
        A row for each sample.
    axis : {0, 1}
        Along which axis of `responses` the responses stand.

    Returns
    -------
    tuple
        Values (B, n) and names. Samples are matched by label where the labels are those of the data's index, or
        of one of its columns; else they are taken in the order in which they stand. Columns numbered from 0
        have no labels: pandas numbers them so by itself.

    Raises
    ------
    DataError
        When the responses are no table of numbers, or their samples cannot be matched to the data without doubt.
    """
    axis = arguments.one_of("axis", axis, (0, 1))
    frame = responses if isinstance(responses, pd.DataFrame) else _framed(responses)
    frame = frame.T if axis == 1 else frame
    try:
        values = frame.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(
            "the responses must be numbers; leave out columns of text, or make them the index"
        ) from None
    order = _order(frame.columns, data) if isinstance(responses, pd.DataFrame) else None
    if order is not None:
        return values[:, order], frame.index
    if values.shape[1] != len(data):
        other = 1 - axis
        hint = f"; did you mean axis={other}?" if len(values) == len(data) else ""
        raise DataError(
            f"the responses have {values.shape[1]} samples, but the data have {len(data)} rows{hint}"
        )
    return values, frame.index


def own_weights(
    weights: Any, responses: pd.DataFrame | Array, values: Array, data: pd.DataFrame, axis: int
) -> Array | None:
    """Weights (B, n) of each response's own; None where they are the same for all.

    Parameters
    ----------
    weights : anything that a user gives as `weights`
    responses, data, axis
        As in :func:`aligned`.
    values : array of shape (B, n)
        What that made of them.

    Raises
    ------
    DataError
        When a table of weights has another shape, other labels than the responses, or values below zero.
    """
    if getattr(weights, "ndim", 1) != 2:
        return None
    if isinstance(weights, pd.DataFrame) and isinstance(responses, pd.DataFrame):
        same = weights.index.equals(responses.index) and weights.columns.equals(responses.columns)
        if weights.shape == responses.shape and not same:
            raise DataError(
                "the table of weights has other row or column names than the responses; bring it into their order, "
                "weights.loc[responses.index, responses.columns]"
            )
    table, _ = aligned(weights, data, axis)
    if table.shape != values.shape:
        raise DataError(
            f"the weights are a table of {table.shape[0]} by {table.shape[1]}, but there are {values.shape[0]} "
            f"responses of {values.shape[1]} samples; give one weight for each sample, or one for each value"
        )
    if (table < 0).any():
        raise DataError(f"weights must not be negative; {int((table < 0).sum())} of them are")
    return table


def _order(samples: pd.Index, data: pd.DataFrame) -> Index | None:
    """Where the sample of each row of the data stands; None where only the order tells."""
    if _numbered(samples):
        if not _numbered(data.index) and _same(samples, data.index):
            raise DataError(
                "the samples of the responses are numbered from 0, and the rows of the data bear the same numbers "
                "in another order, so it is not clear which belong together; give both their names, or pass "
                "responses.to_numpy() if the order is the same"
            )
        return None
    columns = [pd.Index(data[name].astype(object)) for name in data.columns]
    for labels in (data.index, *columns):
        if samples.is_unique and labels.is_unique and labels.isin(samples).all():
            return np.asarray(samples.get_indexer(labels))
    for labels, enough in ((data.index, 0.0), *((column, 0.5) for column in columns)):
        if not _numbered(labels) and labels.is_unique and labels.isin(samples).mean() > enough:
            absent = labels[~labels.isin(samples)]
            what = f"no sample {absent[0]!r}" if len(absent) else "some sample more than once"
            raise DataError(f"the responses have {what}, which is a row of the data")
    return None


def _numbered(labels: pd.Index) -> bool:
    """Whether labels are the numbers 0, 1, 2, … that pandas gives where there are none."""
    return pd.api.types.is_integer_dtype(labels.dtype) and bool((labels == np.arange(len(labels))).all())


def _same(some: pd.Index, others: pd.Index) -> bool:
    return len(some) == len(others) and bool(others.is_unique and others.isin(some).all())


def _framed(responses: Any) -> pd.DataFrame:
    """An array of responses as a frame."""
    values = np.asarray(responses) if isinstance(responses, (np.ndarray, list, tuple)) else np.empty(0)
    if values.ndim != 2:
        raise DataError(
            "the responses must be a DataFrame, or an array with a row for each response and a column for each "
            f"sample, not {arguments.shown(responses)}"
        )
    return pd.DataFrame(values)
