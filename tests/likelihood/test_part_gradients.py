"""The gradient of the objective of models with several parts, against differences: each family, link and part."""

import numpy as np
import pandas as pd
import pytest

from lmmkit.design.design import build_design
from lmmkit.families.resolve import FAMILIES
from lmmkit.likelihood.part_glmm import PartCriterion

ZEROS = {"poisson", "negative_binomial", "negative_binomial_1", "binomial", "beta_binomial"}
HURDLE = {"truncated_poisson", "truncated_negative_binomial", "beta", "gamma"}
KINDS = [(name, link) for name, family in FAMILIES.items() for link in family.links]
QUICK = [("negative_binomial", "log"), ("beta", "logit"), ("tweedie", "log"), ("binomial", "logit")]


def data_for(name, link):
    rng = np.random.default_rng(4)
    n = 60
    frame = pd.DataFrame(
        {"g": np.repeat(list("abcdef"), 10), "h": np.tile(list("vwxyz"), 12), "x": rng.normal(size=n)}
    )
    family = FAMILIES[name](link=link)
    bounded = link in ("identity", "inverse", "sqrt") and name != "gaussian"
    eta = (2.0 if bounded else 0.3) + 0.2 * frame["x"] + 0.2 * rng.normal(size=6)[np.repeat(range(6), 10)]
    rows = family.at_rows(np.full(n, 0.5) if family.dispersion_name else None)
    trials = rng.integers(2, 9, n).astype(float) if "binomial" in name and "negative" not in name else None
    y = rows.simulate(family.linkinv(eta.to_numpy()), trials, rng)
    if trials is None:
        return frame.assign(y=y), family, "y"
    return frame.assign(hits=np.round(y * trials), size=trials), family, "cbind(hits, size - hits)"


def parts_for(name, family):
    parts = [{}]
    if family.dispersion_name is not None:
        parts.append({"dispersion": "~ x"})
    if name in ZEROS | HURDLE:
        parts += [{"zero_inflation": "~ x"}, {"zero_inflation": "~ 1 + (1 | h)"}]
    return parts


def largest_error(name, link, parts):
    frame, family, response = data_for(name, link)
    if "zero_inflation" in parts:
        column = "hits" if "hits" in frame else "y"
        frame.loc[frame.index[::4], column] = 0
    criterion = PartCriterion(build_design(f"{response} ~ x + (1 | g)", frame, components=parts), family)
    x = criterion.start(criterion.start_betas, 0.4)
    x = x + 0.03 * np.random.default_rng(1).normal(size=len(x))
    gradient, differences, h = criterion.trial(x).gradient(), [], 1e-4
    for axis in np.eye(len(x)):
        value = {k: criterion.trial(x + k * h * axis).value for k in (-2, -1, 1, 2)}
        differences.append((8 * (value[1] - value[-1]) - (value[2] - value[-2])) / (12 * h))
    return float(np.max(np.abs(gradient - differences) / (1 + np.abs(gradient))))


@pytest.mark.parametrize(("name", "link"), QUICK)
def test_gradient(name, link):
    for parts in parts_for(name, FAMILIES[name](link=link)):
        assert largest_error(name, link, parts) < 1e-6, parts


@pytest.mark.slow
@pytest.mark.parametrize(("name", "link"), [kind for kind in KINDS if kind not in QUICK])
def test_gradient_of_every_family_and_link(name, link):
    for parts in parts_for(name, FAMILIES[name](link=link)):
        assert largest_error(name, link, parts) < 1e-6, parts
