"""The random effects of a fitted mixed model: conditional modes, their standard deviations, own coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..numerics.arrays import Array
from .fit import Fit

if TYPE_CHECKING:
    from ..design.design import RandomTerm
    from ..likelihood.estimate import Estimate

__all__ = ["RandomEffects"]


class RandomEffects(Fit):
    """What a mixed model says about its groups; a base of `MixedFit`."""

    estimate: Estimate

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional means (conditional modes, "BLUPs") of the random effects."""
        return self._per_level(self.estimate.modes)

    def ranef_sd(self) -> dict[str, pd.DataFrame]:
        """Conditional standard deviations of the random effects, given theta and the fixed effects."""
        covs = self.estimate.conditional_cov()
        sds = [self.sigma * np.sqrt(np.maximum(np.diagonal(cov, axis1=1, axis2=2), 0.0)) for cov in covs]
        return self._per_level(sds)

    def coef(self) -> dict[str, pd.DataFrame]:
        """Each level's own coefficients: fixed effect plus random effect."""
        random, fixed = self.ranef(), self.fixef
        lacking = [name for frame in random.values() for name in frame.columns if name not in fixed.index]
        start = pd.concat([pd.Series(0.0, index=list(dict.fromkeys(lacking))), fixed])
        out = {}
        for group, frame in random.items():
            table = pd.DataFrame(
                np.tile(start.to_numpy(), (len(frame), 1)), index=frame.index, columns=start.index
            )
            for j, name in enumerate(frame.columns):
                table[name] += frame.iloc[:, j]
            out[group] = table
        return out

    def _by_group(self) -> dict[str, list[RandomTerm]]:
        """The terms of each grouping factor, in lme4's order."""
        groups: dict[str, list[RandomTerm]] = {}
        for term in self.design.terms:
            groups.setdefault(term.group, []).append(term)
        return groups

    def _per_level(self, values: list[Array]) -> dict[str, pd.DataFrame]:
        """One (q, k) array per term -> one DataFrame per grouping factor."""
        own = {id(term): value for term, value in zip(self.design.terms, values, strict=True)}
        return {
            group: pd.DataFrame(
                np.column_stack([own[id(term)] for term in terms]),
                index=pd.Index(terms[0].levels, name=group),
                columns=[name for term in terms for name in term.names],
            )
            for group, terms in self._by_group().items()
        }
