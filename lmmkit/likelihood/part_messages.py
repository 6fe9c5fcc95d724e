"""What the end of a search says about the parts of a model, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..numerics.arrays import Array, Flags
from .estimate import EXACT, MULTIPLES
from .parts import DISPERSION, SHAPE, ZERO_INFLATION, Part, PartRows
from .separation import SEPARATED, null_space, separated_columns

__all__ = ["FLATTENED", "NEAR_ONE", "SHARP", "SPIKE", "exact_warning", "part_warnings"]

#: A probability below this is next to none, in every row.
NONE = 1e-4
#: A dispersion parameter so far out is at the end of its range.
FAR = 1e4
#: And in some rows only one that is so far out that it goes there for ever.
BEYOND = 1e6
#: Effect on a linear predictor, or predictor, that nothing but a way to infinity has.
EXTREME = 15.0
#: Share of a direction without data from which a coefficient is part of it.
UNKNOWN = 1e-6
#: Said of conditional coefficients of a hurdle model.
NOT_TOLD = (
    "The conditional part speaks of the values above zero alone, and these tell nothing of some combination of {}: "
    "the estimates and standard errors of these coefficients mean nothing. Look for a factor level in which all "
    "values are zero; leave its rows out, or the predictor."
)
#: Logarithm of a power less one at which all amounts are multiples of one size to seven digits.
SHARP = np.log(1e-7)
#: And one at which they are nearly so.
NEAR_ONE = -8.0
#: Said where two stories fit the data, and the approximation of the likelihood fails between them.
FLATTENED = (
    "The Laplace approximation breaks down here: for some groups the data fit two stories (few counts, or many "
    "extra zeros), and between the two its value rises where the likelihood does not. Take these numbers as rough; "
    "leave out the random effects of zero_inflation=, or those of the conditional part."
)
#: Said of a tweedie fit beside whose maximum the likelihood has no bound.
SPIKE = (
    "The likelihood has this maximum, and beside it rises without end as the power goes to 1, where all amounts are "
    "multiples of one size. Counts are: if the response holds counts, take a family for these, such as "
    "family='negative_binomial'."
)


def part_warnings(
    parts: Sequence[Part], rows: PartRows, etas: Sequence[Array], beta: Array, own: Sequence[slice]
) -> list[str]:
    """Parts that ran off to the end of their range.

    Parameters
    ----------
    parts : sequence of Part
    rows : PartRows
    etas : sequence of arrays (n,)
        Linear predictors at the estimates.
    beta : array
        All coefficients.
    own : sequence of slice
        Each part's share of them.
    """
    found = _conditional(parts[0], rows, etas[0])
    for number, part in enumerate(parts):
        if part.name == ZERO_INFLATION:
            found += _zeros(part, etas[number], beta[own[number]])
        if part.name == DISPERSION and part.X.shape[1]:
            found += _dispersion(rows.family.name, part, etas[number], beta[own[number]])
        if part.name == SHAPE and part.X.shape[1] and etas[number].max() < SHARP:
            found.append(MULTIPLES)
        elif part.name == SHAPE and part.X.shape[1] and np.abs(etas[number]).max() > -NEAR_ONE:
            found.append(
                "The power is at the end of its range: near 1 the amounts are like multiples of one size, near 2 "
                "they have no zeros. Try the gamma family, or a count."
            )
    return found


def _conditional(part: Part, rows: PartRows, eta: Array) -> list[str]:
    """Coefficients that run off to infinity, or that no row tells of."""
    speaks = np.ones(len(rows.y), bool) if rows.counts is None else rows.counts > 0
    if not rows.family.has_zeros and ZERO_INFLATION in rows.names:
        speaks &= rows.y > 0
        unknown = np.abs(null_space(part.X[speaks])).max(axis=1, initial=0.0) > UNKNOWN
        if unknown.any():
            names = ", ".join(name for name, is_so in zip(part.x_names, unknown, strict=True) if is_so)
            return [NOT_TOLD.format(names)]
    if np.abs(eta).max() < EXTREME:
        return []
    columns = separated_columns(part.X[speaks], rows.y[speaks], None, rows.family)
    return [SEPARATED.format(", ".join(part.x_names[j] for j in columns))] if columns else []


def _farthest(part: Part, beta: Array) -> tuple[str, float]:
    """The coefficient with the largest effect between rows, and this effect."""
    low, high = part.X.min(axis=0), part.X.max(axis=0)
    two_values = ((low == part.X) | (high == part.X)).all(axis=0)
    effects = np.abs(beta) * np.where(two_values, high - low, 2 * part.X.std(axis=0))
    j = int(np.argmax(effects))
    return part.x_names[j], float(effects[j])


def _zeros(part: Part, eta: Array, beta: Array) -> list[str]:
    highest = float(eta.max())
    if highest < np.log(NONE):
        return [
            "The data show no more zeros than the rest of the model expects: the probability of an extra zero "
            "went to 0, and its coefficients say nothing. Leave out zero_inflation=."
        ]
    name, effect = _farthest(part, beta) if len(beta) else ("", 0.0)
    if effect > EXTREME:
        return [
            f"In the zero-inflation part '{name}' runs off to infinity: for some of its values extra zeros "
            "never (or always) occur. Its estimate and standard error say nothing; try a simpler formula there."
        ]
    return []


def _dispersion(family: str, part: Part, eta: Array, beta: Array) -> list[str]:
    simpler = {
        "negative_binomial": ("theta", 1, "a Poisson", "poisson"),
        "negative_binomial_1": ("phi", -1, "a Poisson", "poisson"),
        "truncated_negative_binomial": ("theta", 1, "a truncated Poisson", "truncated_poisson"),
        "beta_binomial": ("phi", 1, "a binomial", "binomial"),
    }.get(family)
    if simpler is None:
        return []
    name, sign, plain, other = simpler
    everywhere = (sign * eta).min() >= np.log(FAR)
    if not everywhere and (sign * eta).max() < np.log(BEYOND):
        return []
    if not everywhere:
        column, _ = _farthest(part, beta)
        return [
            f"In the dispersion part '{column}' runs off to infinity: in some rows the counts vary no more than "
            f"{plain} would. Its estimate and standard error say nothing; try a simpler formula there."
        ]
    end = "infinity" if sign > 0 else "0"
    return [
        f"The counts vary no more than {plain} would: {name} went to {end}. Take the {other} family; if they vary "
        "less than that, no family here fits them, and standard errors are too large rather than too small."
    ]


def exact_warning(exact: Flags, all_rows: bool) -> list[str]:
    """What is said of rows that are reproduced because the dispersion formula gives them a spread of their own.

    Parameters
    ----------
    exact : array (n,) of bool
        These rows.
    all_rows : bool
        Whether these are all; then something else is to be said.
    """
    if all_rows or not exact.any():
        return []
    first, others = int(np.argmax(exact)) + 1, int(exact.sum()) - 1
    which = f"row {first}" + (f" and {others} more" if others else "")
    return [
        f"{EXACT}: {which}. Their variance goes to zero, and the likelihood rises without end. So the estimates are "
        "those at which the search was stopped, and there are no p-values. Look whether the response is the same in "
        "all of these rows; then leave them out, or take a simpler formula for dispersion=."
    ]
