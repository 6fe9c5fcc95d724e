"""A model with several parts, without its random effects: is it possible at all, and where its search starts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..design.design import Design
from ..errors import DataError, ModelError
from ..families.family import Family
from ..numerics.arrays import Array
from .part_plain import PlainModel, constant
from .parts import DISPERSION, ZERO_INFLATION, Part, PartRows

__all__ = ["check_parts", "logit_of_zeros", "start_of_parts"]

#: Logarithms of dispersions that are tried for the start, and steps from the best of them.
SPREADS, NEARER = np.linspace(-20.0, 20.0, 21), np.linspace(-1.5, 1.5, 7)
#: How far that of a count or share may be from 1 at the start.
FAR = 4.0


def check_parts(design: Design, family: Family) -> None:
    """Refuse parts that the family does not have, and responses that the model cannot have produced.

    Raises
    ------
    ModelError, DataError
        In one sentence.
    """
    response, name = design.y, design.response
    for part in (design, *design.components.values()):
        if not np.isfinite(part.offset).all():
            row = int(np.argmax(~np.isfinite(part.offset)))
            raise DataError(
                f"the offset is {part.offset[row]} in row {row + 1} (is it the log of an exposure of 0?); "
                "leave such rows out or correct the exposure"
            )
    if DISPERSION in design.components:
        _check_dispersion(design.components[DISPERSION], family)
    if ZERO_INFLATION not in design.components:
        family.check_response(response, design.row_trials, name)
        return
    if family.name in ("gaussian",):
        raise ModelError(
            "zero_inflation= is for counts, amounts and shares; a measurement with normal errors is never "
            "exactly zero"
        )
    zero = response == 0
    if not zero.any():
        raise ModelError(f"'{name}' has no zeros, so it has no extra ones; leave out zero_inflation=")
    if zero.all():
        raise DataError(f"every value of '{name}' is 0, so there is nothing to explain; check the column")
    if not family.has_zeros:
        trials = None if design.row_trials is None else design.row_trials[~zero]
        family.check_response(response[~zero], trials, name)
    else:
        family.check_response(response, design.row_trials, name)


def _check_dispersion(part: Design, family: Family) -> None:
    if family.dispersion_name is None:
        raise ModelError(
            f"the {family.name} family has no dispersion parameter, so dispersion= has nothing to describe; for "
            "counts try negative_binomial, for hits out of trials beta_binomial"
        )
    if family.dispersion is not None:
        raise ModelError(
            f"the dispersion of the family is given as {family.dispersion:g}, and dispersion= would estimate it; "
            "give one of the two"
        )
    if part.terms:
        raise ModelError(
            "random effects in dispersion= cannot be fitted here; leave "
            f"({part.terms[0].bar.text}) out, or put the grouping factor in as a fixed one"
        )


def start_of_parts(rows: PartRows, parts: Sequence[Part]) -> list[Array]:
    """Coefficients of the model without random effects.

    Parameters
    ----------
    rows : PartRows
    parts : sequence of Part

    Returns
    -------
    list of arrays (p,)
        One per part.

    Raises
    ------
    ModelError
        If no coefficients give every row a possible mean.
    """
    first = [_first_guess(rows, part) for part in parts]
    if rows.names[1:2] == (DISPERSION,) or DISPERSION in rows.names:
        place = rows.names.index(DISPERSION)
        first[place] = constant(parts[place], _log_dispersion(rows, parts[0], first[0]))
    return PlainModel(rows, parts).downhill([first])[0][0]


def logit_of_zeros(rows: PartRows, part: float) -> float:
    """Logit of a part of the share of zeros.

    Parameters
    ----------
    rows : PartRows
    part : float
    """
    share = float(np.clip(part * np.mean(rows.y == 0), 0.02, 0.98))
    return float(np.log(share / (1 - share)))


def _first_guess(rows: PartRows, part: Part) -> Array:
    """Coefficients that give every row much the same linear predictor."""
    family = rows.family
    if part.name == ZERO_INFLATION:
        return constant(part, logit_of_zeros(rows, 0.5))
    if part.name != rows.names[0]:
        return constant(part, 0.0)
    seen = rows.y > 0 if ZERO_INFLATION in rows.names and not family.has_zeros else np.ones(len(rows.y), bool)
    trials = None if rows.trials is None else rows.trials[seen]
    near = family.linkfun(family.start_mean(rows.y[seen], trials))
    level = family.linkfun(np.asarray(family.start_mean(rows.y[seen], trials).mean()))
    candidates = [
        np.linalg.lstsq(part.X[seen], near - part.offset[seen], rcond=None)[0],
        constant(part, float(level)),
    ]
    for beta in candidates:
        mean = family.linkinv(part.offset + part.X @ beta)
        possible = np.isfinite(mean).all() and (family.name == "gaussian" or (mean > 0).all())
        if possible:
            return np.asarray(beta)
    raise ModelError(
        f"no fixed effects give every row a possible mean under the {family.link.name} link; "
        "try the family's log link, or check the response and the offset"
    )


def _log_dispersion(rows: PartRows, part: Part, beta: Array) -> float:
    """Logarithm of the dispersion with which the variances of the rows fit."""
    family = rows.family
    mu = family.linkinv(part.offset + part.X @ beta)
    squares = (rows.y - family.response_mean(mu)) ** 2

    def nearest(spreads: Array) -> float:
        ratios = []
        for spread in spreads:
            with np.errstate(all="ignore"):
                variance = family.at_rows(np.full(len(mu), spread)).row_variance(mu, rows.trials)
                ratios.append(abs(np.log(np.mean(squares) / np.mean(variance))))
        return float(spreads[int(np.nanargmin(np.where(np.isfinite(ratios), ratios, np.inf)))])

    coarse = nearest(SPREADS)
    best = nearest(coarse + NEARER)
    scaled = family.name in ("gaussian", "inverse_gaussian", "tweedie", "gamma")
    return best if scaled else float(np.clip(best, -FAR, FAR))
