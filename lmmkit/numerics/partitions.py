"""The door for tables in parts, which need not fit into memory: a Dask frame, or a dataset of pyarrow through it.

Dask is never imported unless the user has such a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from ..errors import DataError

__all__ = ["Partitions", "is_partitioned", "without_partitions"]

#: So many sums are added by one task.
BRANCHES = 8


def is_partitioned(value: Any) -> bool:
    """Whether a table comes in parts.

    Examples
    --------
    >>> is_partitioned(pd.DataFrame({"x": [1]}))
    False
    """
    kind = type(value)
    home = kind.__module__
    return (home.startswith("dask.dataframe") and kind.__name__ == "DataFrame") or (
        home.startswith("pyarrow") and kind.__name__.endswith("Dataset")
    )


def without_partitions(name: str, value: Any, why: str) -> None:
    """Refuse a table in parts where all rows are needed at once."""
    if is_partitioned(value):
        cure = f"{name}.compute()" if hasattr(value, "compute") else f"{name}.to_table()"
        raise DataError(f"{why}; {cure} brings the rows into memory, if they fit there")


class Partitions:
    """A table in parts, each a data frame of pandas where it lives.

    Parameters
    ----------
    value : dask.dataframe.DataFrame or pyarrow.dataset.Dataset
        A dataset has a part for each of its files.
    """

    def __init__(self, value: Any) -> None:
        self.frame = value if hasattr(value, "map_partitions") else _of_dataset(value)
        self.columns = [str(name) for name in self.frame.columns]

    def gather(
        self,
        columns: Sequence[str],
        task: Callable[..., Any],
        merge: Callable[[list[Any]], Any],
        *shared: Any,
    ) -> Any:
        """What a task makes of each part, merged in the order of the parts, a few at a time, where they live.

        Parameters
        ----------
        columns : sequence of str
            The only ones that are read.
        task : callable
            ``task(part, *shared)`` gives something small.
        merge : callable
            Makes one of a list of these.
        *shared
            What each task is told besides.
        """
        import dask

        given = [dask.delayed(one, traverse=False) for one in shared]
        level = [dask.delayed(task)(part, *given) for part in self.frame[list(columns)].to_delayed()]
        if not level:
            raise DataError("the data have no parts, and so no rows")
        while True:
            groups = [level[at : at + BRANCHES] for at in range(0, len(level), BRANCHES)]
            level = [dask.delayed(merge)(group) for group in groups]
            if len(level) == 1:
                return dask.compute(level[0])[0]

    def rowwise(self, columns: Sequence[str], task: Callable[..., Any], name: str, *shared: Any) -> Any:
        """A lazy Series of numbers, aligned to the parts: ``task(part, *shared)`` gives each part's own."""
        import dask
        import dask.dataframe as dd

        given = [dask.delayed(one, traverse=False) for one in shared]
        parts = self.frame[list(columns)].to_delayed()
        meta = pd.Series([], dtype=float, name=name)
        made = [dask.delayed(task)(part, *given) for part in parts]
        return dd.from_delayed(made, meta=meta, divisions=self.frame.divisions, verify_meta=False)


def _of_dataset(dataset: Any) -> Any:
    """A dataset of pyarrow as a Dask frame with a part for each of its files."""
    try:
        import dask.dataframe as dd
    except ModuleNotFoundError as error:
        raise DataError(
            "a dataset of pyarrow is read through Dask, which is not installed; try pip install lmmkit[dask], or "
            "data.to_table() for rows that fit into memory"
        ) from error
    meta = dataset.schema.empty_table().to_pandas()
    return dd.from_map(_read_fragment, list(dataset.get_fragments()), meta=meta, schema=dataset.schema)


def _read_fragment(fragment: Any, schema: Any) -> pd.DataFrame:
    frame: pd.DataFrame = fragment.to_table(schema=schema).to_pandas()
    return frame
