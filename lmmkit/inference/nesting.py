"""Is one model a special case of another? Judged by column spaces and by covariances of the response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

from ..design.design import Design, RandomTerm
from ..errors import ModelError
from ..numerics.arrays import Array, Flags
from ..structures.unstructured import Unstructured

__all__ = [
    "Boundary", "adds_zeros", "aic_to_compare", "boundary", "check_comparable", "check_nested", "is_limit",
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
    """Terms of the small model whose covariance the large model cannot make up.

    A term of the large model whose covariances fill no linear space makes up one term of the small model at its
    best, or with some of its parameters fixed a linear space that several may share; all ways are looked at.
    """
    probes = np.random.default_rng(0).standard_normal((len(small.design.y), 4))
    span = [image for term in _terms(large) if term.structure.fills_hull for image in _images(term, probes)]
    if small.family is None:
        span.append(probes / small.design.row_weights[:, None])
    wanted = [(term, list(_images(term, probes))) for term in _terms(small)]
    others = [term for term in _terms(large) if not term.structure.fills_hull]
    ways = [list(_ways(other, _terms(small), probes)) for other in others]
    best = _terms(small)
    for way in product(*ways):
        taken = {t for t, _ in way}
        left = [(term, images) for t, (term, images) in enumerate(wanted) if t not in taken]
        lacking = _lacking(left, [*span, *(image for _, images in way for image in images)])
        if not lacking:
            return []
        best = min(best, lacking, key=len)
    return best


def _ways(
    other: RandomTerm, terms: list[RandomTerm], probes: Array
) -> Iterator[tuple[int | None, list[Array]]]:
    """What a structured term can be: the covariance of one of these terms (its place), or a linear space."""
    spaces = [structure for structure in other.structure.simpler() if structure.fills_hull]
    for structure in spaces:
        bar = replace(other.bar, tag=structure.tag, homogeneous=structure.homogeneous)
        yield None, list(_images(replace(other, bar=bar), probes))
    for t, term in enumerate(terms):
        if _contains(other, term):
            yield t, []
    if not spaces:
        yield None, []


def _lacking(wanted: list[tuple[RandomTerm, list[Array]]], span: list[Array]) -> list[RandomTerm]:
    """Terms with a covariance outside the space of these images."""
    if not wanted:
        return []
    probes = wanted[0][1][0].size
    flat = np.column_stack([image.ravel() for image in span]) if span else np.zeros((probes, 0))
    bad = _outside(np.column_stack([image.ravel() for _, images in wanted for image in images]), flat)
    places = np.repeat(np.arange(len(wanted)), [len(images) for _, images in wanted])
    return [wanted[t][0] for t in np.unique(places[bad])]


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
    if not np.array_equal(large.codes, small.codes):
        return False
    if _same_effects(large, small):
        return large.structure.contains(small.structure)
    if small.k > 1 or _outside(small.Z, large.Z).any():
        return False
    return large.structure.is_line(_multiples(small, large))


def _multiples(small: RandomTerm, large: RandomTerm) -> Array:
    """Of what multiples of the large term's columns the small one's single column is the sum."""
    return np.asarray(np.linalg.lstsq(large.Z, small.Z)[0][:, 0], dtype=float)


def same_random_part(one: Any, other: Any) -> bool:
    """Whether two models have the same family of covariances of the response."""
    return not _unreachable(one, other) and not _unreachable(other, one)


class Boundary(NamedTuple):
    """Which parameters of a large model stand at the end of their range under a small one.

    Attributes
    ----------
    variances : int
        Variances that are zero.
    correlations : list of str
        Terms whose single correlation is at its end, their effects being multiples of one.
    undefined : bool
        Whether a term has no variance at all, which leaves its correlation undefined.
    """

    variances: int
    correlations: list[str]
    undefined: bool


def boundary(small: Any, large: Any) -> Boundary:
    """Parameters of the large model that the small one, a special case, puts at the end of their range."""
    rest, new = _terms(small), []
    for term in _terms(large):
        twin = next((t for t, other in enumerate(rest) if _same_effects(term, other)), None)
        if twin is None:
            new.append(term)
        else:
            rest.pop(twin)
    variances, correlations, undefined = (
        _effects_of_parts(large.design) - _effects_of_parts(small.design),
        [],
        False,
    )
    for term in new:
        inside = [other for other in rest if _is_within(other, term)]
        rest = [other for other in rest if not any(other is one for one in inside)]
        if inside and sum(map(_columns, inside)) >= _columns(term):
            continue
        if len(inside) == 1 and term.structure.has_rho:
            way = _multiples(inside[0], term)
            none = int((np.abs(way) < TOLERANCE * np.abs(way).max()).sum())
            variances += none
            correlations += [term.bar.term] if none < term.k - 1 else []
        else:
            variances += term.k - sum(other.k for other in inside) if inside else term.structure.n_sds
            undefined |= term.structure.has_rho
    return Boundary(max(variances - sum(term.k for term in rest), 0), correlations, undefined)


def _same_effects(one: RandomTerm, other: RandomTerm) -> bool:
    return np.array_equal(one.codes, other.codes) and np.array_equal(one.Z, other.Z)


def _is_within(small: RandomTerm, large: RandomTerm) -> bool:
    """Whether an unstructured term with the effects of the large one makes up the small one."""
    probes = np.random.default_rng(0).standard_normal((len(small.codes), 4))
    free = replace(large, bar=replace(large.bar, tag="us", homogeneous=False))
    return not _lacking([(small, list(_images(small, probes)))], list(_images(free, probes)))


def _columns(term: RandomTerm) -> int:
    """How many effects of all levels together have data."""
    rows, effects = np.nonzero(term.Z)
    return len(np.unique(term.codes[rows] * term.k + effects))


def adds_zeros(small: Any, large: Any) -> int:
    """How many columns describe extra zeros, where the small model has none of them; else 0."""
    name = "zero_inflation"
    if name not in large.design.components or name in small.design.components or not large.family.has_zeros:
        return 0
    return int(large.design.components[name].X.shape[1])


def _effects_of_parts(design: Design) -> int:
    """How many effects vary between levels in the other parts of a model."""
    return sum(term.k for part in design.components.values() for term in part.terms)


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
