"""Patterns in simulated residuals. Statistics: R 4.2.2, lmtest 0.9-40, spdep 1.2-7."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.diagnostics.residual_patterns import _durbin_watson, _moran

R = np.array([0.12, 0.85, 0.33, 0.47, 0.91, 0.05, 0.62, 0.58, 0.2, 0.77])
X, Y = np.array([0, 1, 2, 5, 7, 1, 3, 4, 8, 2]), np.array([0, 3, 1, 2, 6, 7, 4, 4, 1, 9])


def test_statistics_are_those_of_r():
    """dwtest(r ~ 1); moran.test with weights 1 / distance."""
    assert _durbin_watson(R[:, None])[0] == pytest.approx(3.00223529412, rel=1e-10)
    distance = np.hypot(X[:, None] - X, Y[:, None] - Y)
    weights = np.divide(1, distance, out=np.zeros_like(distance), where=distance > 0)
    assert _moran(R[:, None], weights)[0] == pytest.approx(-0.120634129635, rel=1e-10)


def days(n=200, seed=2):
    """A response that waves through time and space, and one that does not; a bent one, and counts."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {"t": rng.permutation(n), "g": rng.choice(list("abcdefgh"), n), "x": rng.normal(size=n)}
    )
    data["east"], data["north"] = rng.random(n), rng.random(n)
    data["even"] = data["x"] + rng.normal(size=n)
    data["waves"] = data["even"] + 2 * np.sin(data["t"] / 8)
    data["hill"] = data["even"] + 4 * np.hypot(data["east"] - 0.5, data["north"] - 0.5)
    data["bent"] = data["even"] + data["x"] ** 2
    data["count"] = rng.poisson(np.exp(0.5 + 0.3 * data["x"]))
    return data


DATA = days()
MODELS = {
    "lm": lk.lm("even ~ x", DATA),
    "lmer": lk.lmer("even ~ x + (1 | g)", DATA),
    "glm": lk.glm("count ~ x", DATA, "poisson"),
    "glmer": lk.glmer("count ~ x + (1 | g)", DATA, "poisson"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_calm_when_nothing_is_wrong(kind):
    checked = lk.simulate_residuals(MODELS[kind], 200, seed=1)
    found = [
        checked.quantiles(), checked.quantiles("x"), checked.quantiles("g"), checked.temporal("t"),
        checked.spatial("east", "north"), checked.generic(np.max), checked.recalculate("g", seed=1).uniformity,
    ]  # fmt: skip
    assert min(test.p_value for test in found) > 0.01, found


def test_each_pattern_is_found():
    def checked(response):
        return lk.simulate_residuals(lk.lm(f"{response} ~ x", DATA), 200, seed=1)

    temporal = checked("waves").temporal("t")
    assert temporal.p_value < 0.02 and temporal.statistic < 1.5 and "resemble" in temporal.meaning
    assert checked("waves").temporal().p_value > 0.02  # the rows stand in no order
    spatial = checked("hill").spatial("east", DATA["north"])
    assert spatial.p_value < 0.02 and spatial.statistic > 0
    assert checked("bent").quantiles("x").p_value < 0.02
    assert checked("bent").generic(np.min, "greater").p_value < 0.05


def test_generic_is_the_share_of_simulations_beyond():
    checked = lk.simulate_residuals(MODELS["glmer"], 99, seed=1)
    own = DATA["count"].var()
    simulated = checked.simulations.var(ddof=1)
    for side, beyond in (("greater", simulated >= own), ("less", simulated <= own)):
        found = checked.generic(lambda y: np.var(y, ddof=1), side)
        assert found.p_value == pytest.approx((1 + beyond.sum()) / 100)
        assert found.statistic == pytest.approx(own)


def test_groups_are_summed():
    checked = lk.simulate_residuals(MODELS["glmer"], 60, seed=1)
    groups = checked.recalculate("g", seed=1)
    sums = DATA.groupby("g")["count"].sum()
    pd.testing.assert_series_equal(groups.observed, sums.astype(float), check_names=False)
    np.testing.assert_allclose(
        groups.simulations["sim_7"], checked.simulations["sim_7"].groupby(DATA["g"]).sum()
    )
    below = (groups.simulations.to_numpy() < sums.to_numpy()[:, None]).mean(axis=1)
    up_to = (groups.simulations.to_numpy() <= sums.to_numpy()[:, None]).mean(axis=1)
    assert ((groups.residuals >= below) & (groups.residuals <= up_to)).all()
    assert list(groups.table.index) == list(checked.table.index)


def test_what_is_refused():
    checked = lk.simulate_residuals(MODELS["lm"], 40, seed=1)
    for call, message in [
        (lambda: checked.temporal("when"), "column 'when' is not in the data"),
        (lambda: checked.temporal("g"), "several rows have one time"),
        (lambda: checked.temporal([1, 2]), "one value for each of the 200 rows, not 2"),
        (lambda: checked.spatial(np.zeros(200), np.zeros(200)), "several rows have one place"),
        (lambda: checked.spatial("g", "t"), "x must be numbers"),
        (lambda: checked.recalculate(np.ones(200)), "two groups"),
        (lambda: checked.generic(lambda y: y), "one number for an array"),
        (lambda: checked.generic(lambda y: np.inf), "finite numbers"),
        (lambda: checked.generic(np.max, "larger"), "alternative must be one of"),
    ]:
        with pytest.raises((lk.DataError, lk.ModelError), match=message):
            call()
