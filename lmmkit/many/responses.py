"""Many responses, lined up with the rows of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DataError
from ..numerics.arrays import Array


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
