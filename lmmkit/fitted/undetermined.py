"""Covariance parameters that the data cannot tell, whatever the response is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..design.design import Design, RandomTerm
from ..formatting.wording import listed
from ..numerics.arrays import Array

__all__ = ["Undetermined", "in_words", "undetermined"]

#: A singular value below this share of the largest, and an entry of its vector, are nothing.
NOTHING = 1e-7
#: Most numbers that are looked at; a larger design is not judged.
MOST = 4_000_000


class Undetermined(NamedTuple):
    """What changes the covariance of the response in no way, or in a way that something else undoes.

    Attributes
    ----------
    terms : list of RandomTerm
        Whose parameters take part.
    residual : bool
        Whether the residual variance does, too.
    is_rho : bool
        Whether it is one term's correlation alone.
    """

    terms: list[RandomTerm]
    residual: bool
    is_rho: bool


def undetermined(design: Design, has_residual: bool) -> Undetermined | None:
    """Look for them in a design with structured terms.

    Parameters
    ----------
    design : Design
    has_residual : bool
        Whether a residual variance is estimated.

    Returns
    -------
    Undetermined or None
        None too where the design is too large to be judged.

    Notes
    -----
    The derivatives of ``Var(y)`` by the parameters, at standard deviations and correlations without any
    symmetry, are multiplied by random vectors; parameters that cannot be told have dependent ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> pens = pd.DataFrame({"y": [1.0, 3, 2, 7, 5, 4] * 2, "sex": list("mmmfff") * 2, "pen": list("aabbcc") * 2})
    >>> undetermined(build_design("y ~ 1 + cs(0 + sex | pen, hom = TRUE)", pens), True) is None
    True
    """
    size = sum(term.structure.size for term in design.terms) + has_residual
    rng = np.random.default_rng(0)
    probes = rng.standard_normal((len(design.y), 4))
    if probes.size * size > MOST:
        return None
    columns, owners = [], []
    for t, term in enumerate(design.terms):
        for image in _images(term, probes, rng):
            columns.append(image.ravel())
            owners.append(t)
    if has_residual:
        columns.append((probes / design.row_weights[:, None]).ravel())
        owners.append(-1)
    J = np.column_stack(columns)
    lengths = np.sqrt((J**2).sum(axis=0))
    without = np.flatnonzero(lengths < NOTHING * lengths.max())
    if len(without):
        term = design.terms[owners[without[0]]]
        is_rho = (
            term.structure.has_rho
            and owners[: without[0] + 1].count(owners[without[0]]) == term.structure.size
        )
        return Undetermined([term], False, is_rho)
    values, vectors = np.linalg.svd(J / lengths, full_matrices=False)[1:]
    if values[-1] > NOTHING * values[0]:
        return None
    found = {owners[i] for i in np.flatnonzero(np.abs(vectors[-1]) > 1e3 * NOTHING)}
    return Undetermined([design.terms[t] for t in sorted(found - {-1})], -1 in found, False)


def in_words(found: Undetermined) -> str:
    """What cannot be told, and what to do.

    Parameters
    ----------
    found : Undetermined
    """
    term = found.terms[0]
    if found.is_rho:
        diagonal = replace(term.bar, tag="diag").term
        return (
            f"No level of {term.group} has rows with two effects of {term.bar.term}, so nothing tells their "
            f"correlation rho, and the number shown is arbitrary. Write {diagonal} in its place."
        )
    names = [one.bar.term for one in found.terms] + ["the residual variance"] * found.residual
    what = (
        f"what {listed(names)} share" if len(names) > 1 else f"all variances and correlations of {names[0]}"
    )
    advice = "Leave one of the terms out" if len(found.terms) > 1 else "Take a simpler structure"
    return (
        f"The data cannot tell {what}: other values fit exactly as well, and the numbers shown are one choice of "
        f"many. {advice}."
    )


def _images(term: RandomTerm, probes: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Derivatives of a term's share of the covariance, multiplied by the probes."""
    structure, q = term.structure, len(term.levels)
    scale = np.sqrt((term.Z**2).mean(axis=0))
    Z = term.Z / (scale.max() if structure.homogeneous else np.where(scale > 0, scale, 1.0))
    sums = np.stack(
        [[np.bincount(term.codes, z * v, q)[term.codes] for v in probes.T] for z in Z.T]
    ).transpose(0, 2, 1)
    x = structure.from_sds(rng.uniform(0.6, 1.4, structure.k), 0.3)
    for D in structure.slopes(x, structure.root(x)):
        yield sum(
            (D[a, b] * Z[:, [a]] * sums[b] for a, b in zip(*np.nonzero(D), strict=True)),
            np.zeros_like(probes),
        )
