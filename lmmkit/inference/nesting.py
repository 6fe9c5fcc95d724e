"""Is one model a special case of another? Judged by column spaces and by covariances of the response."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from ..design.design import Design, RandomTerm
from ..errors import ModelError
from ..numerics.arrays import Array, Flags
from ..structures.unstructured import Unstructured

__all__ = [
    "adds_zeros", "aic_to_compare", "check_comparable", "check_nested", "extra_variances", "is_limit",
    "restriction", "same_random_part",
]  # fmt: skip


TOLERANCE = 1e-7
#: Families that become another one when their dispersion parameter goes to the end of its range.
LIMITS = {
    "negative_binomial": "poisson",
    "negative_binomial_1": "poisson",
    "truncated_negative_binomial": "truncated_poisson",
    "beta_binomial": "binomial",
}


def check_comparable(models: list[Any], names: list[str]) -> None:
    """Refuse models whose likelihoods are not about the same data.

    Parameters
    ----------
    models : list of fitted models
        From small to large.
    names : list of str
        What to call them.

    Raises
    ------
    ModelError
        If they differ in rows, response, weights or family.
    """
    first, first_name = models[0], names[0]
    for other, name in zip(models[1:], names[1:], strict=True):
        pair = f"{first_name} and {name}"
        a, b = first.design, other.design
        if len(a.y) != len(b.y):
            gone = f"{a.n_omitted} and {b.n_omitted} rows were left out because of missing values"
            hint = f" ({gone})" if a.n_omitted or b.n_omitted else ""
            raise ModelError(
                f"{pair} are fitted to different rows, {len(a.y)} and {len(b.y)}{hint}, so their "
                "likelihoods cannot be compared; drop the rows with missing values from the data and fit "
                "both again"
            )
        if not np.array_equal(a.y, b.y):
            same = (
                "the same rows in another order or other rows"
                if a.response == b.response
                else "other responses"
            )
            raise ModelError(
                f"{pair} are fitted to {same} ('{a.response}' and '{b.response}'), so their likelihoods "
                "cannot be compared; fit both to the same column of the same data"
            )
        if not np.array_equal(a.row_weights, b.row_weights):
            raise ModelError(f"{pair} have different weights, so their likelihoods cannot be compared")
        if _nodes(first) != _nodes(other):
            raise ModelError(
                f"{pair} have different n_agq ({_nodes(first)} and {_nodes(other)}), so their likelihoods are "
                "different approximations; fit both with the same"
            )
    for (small, a), (large, b) in pairwise(zip(models, names, strict=True)):
        _check_families(small, large, f"{a} and {b}")


def _check_families(small: Any, large: Any, pair: str) -> None:
    if _family(small) == _family(large):
        return
    families = f"{_family(small)} and {_family(large)}"
    if not is_limit(small, large):
        raise ModelError(
            f"{pair} have different families ({families}), so neither is a special case of the other; compare "
            "their .aic instead"
        )
    if _nodes(small) != 1:
        raise ModelError(
            f"{pair} have different families ({families}), whose likelihoods leave out different constants when "
            "n_agq is not 1; fit both with n_agq=1"
        )


def is_limit(small: Any, large: Any) -> bool:
    """Whether a model's family is what the other's becomes at the end of the range of its dispersion parameter."""
    if small.family is None or large.family is None or large.call.options["family"].dispersion is not None:
        return False
    same_link = small.family.link.name == large.family.link.name
    return same_link and LIMITS.get(large.family.name) == small.family.name


def _family(model: Any) -> str:
    """Name and link; an estimated dispersion is part of the fit, not of the family."""
    family = model.family
    if family is None:
        return "gaussian"
    # With weights the two are not the same: they divide a variance here, and multiply a log density there.
    if (family.name, family.link.name) == ("gaussian", "identity") and model.design.weights is None:
        return "gaussian"
    return f"{family.name} ({family.link.name})"


def _nodes(model: Any) -> int:
    """Quadrature nodes of a GLMM; 1 is Laplace."""
    return getattr(getattr(model, "estimate", None), "n_agq", 1)


def check_nested(small: Any, large: Any, small_name: str, large_name: str) -> None:
    """Refuse a pair of which the first is not a special case of the second.

    Parameters
    ----------
    small, large : fitted models
    small_name, large_name : str
        What to call them.

    Raises
    ------
    ModelError
        Saying which part of the small model the large one lacks.

    Notes
    -----
    The fixed part is nested if its columns are combinations of the other's; the random part, if each of its
    variances and covariances contributes to ``Var(y)`` a matrix that the other's can make up. The second is
    tried on random vectors, so that no n × n matrix is made; that the verdict is wrong has probability zero.
    """
    a, b = small.design, large.design
    outside = _outside(a.X, b.X)
    lacking = [name for name, is_out in zip(a.x_names, outside, strict=True) if is_out]
    pair = f"{small_name} is not a special case of {large_name}"
    if lacking:
        raise ModelError(
            f"{pair}: the fixed part of {large_name} lacks {', '.join(lacking)}; "
            f"add it there, or compare {aic_to_compare(small, large)}"
        )
    if _outside((a.offset - b.offset)[:, None], b.X).any():
        raise ModelError(f"{pair}: they have different offsets")
    _check_parts(a, b, pair, large_name)
    lacking_bars = [term.bar.term for term in _unreachable(small, large)]
    if lacking_bars:
        bars = " and ".join(dict.fromkeys(lacking_bars))
        raise ModelError(
            f"{pair}: the random part of {large_name} has nothing that contains {bars}; "
            f"add it there, or compare {aic_to_compare(small, large)}"
        )


def aic_to_compare(one: Any, other: Any) -> str:
    """Which AIC compares two models that do not contain each other.

    Parameters
    ----------
    one, other : fitted models

    Returns
    -------
    str
        Their own, or that of their fits by maximum likelihood: a REML likelihood is about the residuals of its
        fixed part, so it compares with none of another fixed part.
    """
    X, Y = one.design.X, other.design.X
    differ = bool(_outside(X, Y).any() or _outside(Y, X).any())
    if one.is_reml != other.is_reml or (one.is_reml and differ):
        return "the .aic of their ML fits, fit.update(reml=False)"
    return "their .aic"


def _check_parts(small: Design, large: Design, pair: str, large_name: str) -> None:
    """Refuse a part of the small model that is not a special case of the large model's."""
    for name, part in small.components.items():
        other = large.components.get(name)
        if other is None:
            if name == "dispersion" and part.X.shape[1] == 1 and not np.ptp(part.X):
                continue
            raise ModelError(f"{pair}: {large_name} has no {name}= part; add it there, or compare their .aic")
        outside = _outside(part.X, other.X)
        lacking = [column for column, is_out in zip(part.x_names, outside, strict=True) if is_out]
        bars = {term.bar.text for term in other.terms}
        lacking += [f"({term.bar.text})" for term in part.terms if term.bar.text not in bars]
        if lacking:
            raise ModelError(
                f"{pair}: the {name} part of {large_name} lacks {', '.join(lacking)}; add it there, or compare "
                "their .aic"
            )
    spread = large.components.get("dispersion")
    constant = np.ones((len(small.y), 1))
    if "dispersion" not in small.components and spread is not None and _outside(constant, spread.X).any():
        raise ModelError(f"{pair}: the dispersion part of {large_name} lacks an intercept")


def _outside(columns: Array, X: Array) -> Flags:
    """Which columns are not combinations of those of X."""
    Q = np.linalg.qr(X)[0]
    left = columns - Q @ (Q.T @ columns)
    length = np.sqrt((columns**2).sum(axis=0))
    return np.asarray(np.sqrt((left**2).sum(axis=0)) > TOLERANCE * np.where(length > 0, length, 1.0))


def _unreachable(small: Any, large: Any) -> list[RandomTerm]:
    """Terms of the small model whose covariance the large model cannot make up."""
    probes = np.random.default_rng(0).standard_normal((len(small.design.y), 4))
    filled = [term for term in _terms(large) if term.structure.fills_hull]
    others = [term for term in _terms(large) if not term.structure.fills_hull]
    span = [image for term in filled for image in _images(term, probes)]
    if small.family is None:
        span.append(probes / small.design.row_weights[:, None])
    open_terms = [term for term in _terms(small) if not any(_contains(other, term) for other in others)]
    targets = [(term, image) for term in open_terms for image in _images(term, probes)]
    if not targets:
        return []
    flat = np.column_stack([image.ravel() for image in span]) if span else np.zeros((probes.size, 0))
    bad = _outside(np.column_stack([image.ravel() for _, image in targets]), flat)
    return [term for (term, _), is_bad in zip(targets, bad, strict=True) if is_bad]


def _terms(model: Any) -> list[RandomTerm]:
    return list(model.design.terms)


def _images(term: RandomTerm, probes: Array) -> Iterator[Array]:
    """``Z D Z' probes`` for each direction of a term's covariances."""
    k, q = term.Z.shape[1], len(term.levels)
    scale = np.sqrt((term.Z**2).mean(axis=0))
    if not isinstance(term.structure, Unstructured):  # there the effects have to do with each other's units
        scale = np.full(k, scale.max())
    Z = term.Z / np.where(scale > 0, scale, 1.0)
    sums = np.stack(
        [[np.bincount(term.codes, Z[:, a] * v, q)[term.codes] for v in probes.T] for a in range(k)]
    ).transpose(0, 2, 1)
    for D in term.structure.hull():
        yield sum((D[a, b] * Z[:, [a]] * sums[b] for a, b in zip(*np.nonzero(D), strict=True)), np.zeros(()))


def _contains(large: RandomTerm, small: RandomTerm) -> bool:
    """Whether a term whose covariances make up no linear space has all those of another."""
    same = np.array_equal(large.codes, small.codes) and np.array_equal(large.Z, small.Z)
    return same and large.structure.contains(small.structure)


def same_random_part(one: Any, other: Any) -> bool:
    """Whether two models have the same family of covariances of the response."""
    return not _unreachable(one, other) and not _unreachable(other, one)


def extra_variances(small: Any, large: Any) -> int:
    """How many effects vary between levels in the large model that do not in the small one."""
    return _effects(large.design) - _effects(small.design)


def adds_zeros(small: Any, large: Any) -> int:
    """How many columns describe extra zeros, where the small model has none of them; else 0."""
    name = "zero_inflation"
    if name not in large.design.components or name in small.design.components or not large.family.has_zeros:
        return 0
    return int(large.design.components[name].X.shape[1])


def _effects(design: Design) -> int:
    """How many effects vary between levels, in all parts of a model."""
    parts = (design, *design.components.values())
    return sum(term.Z.shape[1] for part in parts for term in part.terms)


def restriction(small: Design, large: Design) -> Array:
    """Contrasts ``L`` such that the small model is the large one under ``L beta = 0``.

    Parameters
    ----------
    small, large : Design
        The columns of ``small.X`` are combinations of those of ``large.X``.

    Returns
    -------
    array of shape (r, p)
        An orthonormal basis, r being the difference in columns.

    Notes
    -----
    As ``pbkrtest::model2restriction_matrix``.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> data = pd.DataFrame({"y": [1, 2, 3, 5.0], "x": [0, 1, 0, 1], "g": ["a", "a", "b", "b"]})
    >>> small, large = (build_design(f"y ~ {fixed} + (1 | g)", data) for fixed in ("1", "x"))
    >>> abs(restriction(small, large))
    array([[0., 1.]])
    """
    Q, R = np.linalg.qr(large.X)
    images = np.linalg.solve(R, Q.T @ small.X)  # coefficients of the large model that the small one reaches
    scale = np.sqrt((images**2).sum(axis=0))
    basis = np.linalg.qr(images / scale, mode="complete")[0]
    L = basis[:, small.X.shape[1] :].T
    return np.where(np.abs(L) < 1e-12, 0.0, L)
