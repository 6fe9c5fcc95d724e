"""A student's own share of a data set, so that no two may copy each other's numbers."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pandas as pd

from lmmkit.datasets import load_data

#: Names the student; unset or empty means that everybody has the whole data set.
VARIABLE = "LMMKIT_STUDENT"
#: The share of the rows that a student gets.
SHARE = 0.9


def own_data(name: str) -> pd.DataFrame:
    """Load a data set, or the rows of it that belong to the student named in ``LMMKIT_STUDENT``.

    Parameters
    ----------
    name : str
        As for :func:`lmmkit.load_data`.

    Returns
    -------
    pandas.DataFrame
        All rows where no student is named; else nine in ten of them, drawn with a seed made from the
        student's name, in the original order. No level of a factor loses all of its rows.

    Examples
    --------
    >>> len(own_data("sleepstudy"))
    180
    """
    frame = load_data(name)
    student = os.environ.get(VARIABLE, "").strip()
    return frame if not student else share_of(frame, seed_of(f"{student.lower()} {name}"))


def seed_of(text: str) -> int:
    """A seed made from a text, the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def share_of(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Nine in ten of the rows, drawn at random, but never the last row of a level."""
    rng = np.random.default_rng(seed)
    keep = np.zeros(len(frame), dtype=bool)
    keep[rng.permutation(len(frame))[: round(SHARE * len(frame))]] = True
    for column in frame.select_dtypes(include=["category", "object"]):
        lost = ~frame[column].isin(frame[column].to_numpy()[keep])
        keep |= lost.to_numpy()
    share = frame.iloc[np.flatnonzero(keep)]
    numbered = isinstance(frame.index, pd.RangeIndex)  # other tables, such as genexpr, have names in it
    return share.reset_index(drop=True) if numbered else share
