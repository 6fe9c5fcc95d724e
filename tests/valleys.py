"""What the search is held against: other starts, and lme4's criterion (tests/reference/valleys.json)."""

import json
from functools import cache, partial
from pathlib import Path

import numpy as np

from lmmkit.course.explorers._model_builder import NONE, SOURCES
from lmmkit.likelihood.far_theta import SEARCH
from lmmkit.likelihood.glmm import GlmmCriterion
from lmmkit.likelihood.lmm import Criterion
from lmmkit.likelihood.search import descend
from lmmkit.numerics.trust_region import minimise
from lmmkit.structures.triangle import theta_from_factor

DESIGNS, LINK_DESIGNS = 500, 60


@cache
def reference():
    """lme4's numbers."""
    return json.loads((Path(__file__).parent / "reference" / "valleys.json").read_text())


def builder_models():
    """Every mixed model that the lists of the model builder can make: data set and formula."""
    return [
        (name, f"{response} ~ {fixed} + {random}")
        for name, source in SOURCES.items()
        for response in source.responses
        for fixed in source.fixed()
        for random in source.random()
        if random != NONE
    ]


def lowest_of_twelve(criterion: Criterion, seed: int) -> float:
    """The lowest end of twelve ways down: large, small, moments, lme4's start, one term small, and at random."""
    rng, identity = np.random.default_rng(seed), criterion.identity()
    last = identity.copy()
    last[criterion.of_term[-1]] *= 0.01
    starts = [scale * identity for scale in (0.01, 0.1, 1.0, 10.0, 100.0)]
    starts += [criterion.moments(), last]
    starts += [criterion.from_original(np.concatenate([theta_from_factor(np.eye(k)) for k in criterion.ks]))]
    starts += [rng.normal(size=len(identity)) * np.exp(rng.normal(0, 2)) for _ in range(4)]
    ends = [descend(criterion, start, partial(minimise, criterion.trial)) for start in starts]
    return min(end.value for end in ends if end is not None)


def lowest_of_eight(criterion: GlmmCriterion, seed: int) -> float:
    """The same for a GLMM: random effects small and large, and at random."""
    rng, start, m = np.random.default_rng(seed), criterion.start(), criterion.n_theta
    scales = [np.full(m, scale) for scale in (0.1, 0.3, 3.0, 10.0)]
    scales += [np.exp(rng.normal(0, 1.5, m)) * rng.choice([-1, 1], m) for _ in range(4)]
    starts = [np.concatenate([scale * start[:m], start[m:]]) for scale in scales]
    ends = [descend(criterion, x, partial(minimise, criterion.trial, **SEARCH)) for x in starts]
    return min(end.value for end in ends if end is not None)
