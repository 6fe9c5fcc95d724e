"""No residual variance, and rows that are copies: named, never called converged, no p-values."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk


def territories(copies: bool, seed: int = 0) -> pd.DataFrame:
    """Sizes of 60 territories in 10 areas; with copies, each is repeated for every bird that lives there."""
    rng = np.random.default_rng(seed)
    area = np.repeat(np.arange(10), 6)
    food = rng.normal(size=60)
    size = 3 + 0.1 * food + 0.1 * rng.normal(size=10)[area] + 0.3 * rng.normal(size=60)
    once = pd.DataFrame({"area": area, "territory": np.arange(60), "food": food, "size": size})
    return once.loc[once.index.repeat(rng.integers(1, 6, 60))] if copies else once


def noise_free(scale: float, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g, x = np.repeat(np.arange(8), 5), rng.normal(size=40)
    y = 1 + 0.5 * x + rng.normal(size=8)[g] + scale * rng.normal(size=40)
    return pd.DataFrame({"g": g, "x": x, "y": y})


def says(fit, *words: str) -> bool:
    return any(all(word in message for word in words) for message in fit.messages)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", ["(1 | area/territory)", "(1 | area) + (1 | territory)"])
def test_a_value_of_the_group_that_its_rows_repeat(reml, random):
    fit = lk.lmer(f"size ~ food + {random}", territories(copies=True), reml=reml)
    assert not fit.converged
    assert says(fit, "same in all rows of each level of territory", "Keep one row")
    assert says(fit, "Next to no residual variance", "no p-values")
    for ddf in ("satterthwaite", "residual"):
        table = fit.coef_table(ddf)
        assert table["p_value"].isna().all() and table["df"].isna().all()
    assert fit.anova()["p_value"].isna().all()
    once = lk.lmer("size ~ food + (1 | area)", territories(copies=False), reml=reml)
    assert once.converged and not says(once, "same in all rows")
    assert once.coef_table()["p_value"].notna().all()


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-7])
@pytest.mark.parametrize("random", ["(1 | g)", "(x | g)", "(x || g)"])
def test_data_without_noise(scale, random):
    fit = lk.lmer(f"y ~ x + {random}", noise_free(scale))
    assert not fit.converged
    assert says(fit, "Next to no residual variance")
    assert fit.coef_table()["p_value"].isna().all()


@pytest.mark.parametrize("method", ["wald", "profile"])
def test_no_limits_without_noise(method):
    """As the likelihood has no highest value, there is nothing that limits could be 1.92 below."""
    fit = lk.lmer("y ~ x + (1 | g)", noise_free(0.0), reml=False)
    limits = fit.confint(method=method)
    assert limits.isna().all(axis=None)
    assert "rises without end" in limits.notes[0]


def test_no_limits_of_coefficients_effects_and_predictions_without_noise():
    fit = lk.lmer("y ~ x + (1 | g)", noise_free(0.0))
    for table in (
        fit.tidy(effects=["fixed", "ran_vals"], conf_int=True),
        fit.predict(interval="confidence"),
        fit.predict(interval="prediction"),
        fit.contest({"x": 1.0}, joint=False),
        fit.contest({"x": 1.0}, joint=False, ddf="none"),
    ):
        assert table[["conf_low", "conf_high"]].isna().all(axis=None)
    assert "No limits" in fit.tidy(conf_int=True).notes[0]
    noisy = lk.lmer("y ~ x + (1 | g)", noise_free(0.1))
    assert noisy.tidy(effects="fixed", conf_int=True)["conf_low"].notna().all()


@pytest.mark.parametrize("scale", [1e-4, 1e-2])
def test_little_noise_is_noise(scale):
    fit = lk.lmer("y ~ x + (1 | g)", noise_free(scale))
    assert fit.converged
    assert not says(fit, "residual variance")
    assert fit.sigma == pytest.approx(scale, rel=0.3)
    means = noise_free(scale).assign(y=lambda d: d.y - 0.5 * d.x).groupby("g")["y"].mean()
    assert fit.sigma * fit.theta[0] == pytest.approx(means.std(), rel=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_as_many_effects_as_rows(seed):
    """Lines through two points each, and two more predictors for the third point of the last group.

    By maximum likelihood there is no maximum; by REML the predictors cancel what the residual variance gains.
    """
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.normal(size=(9, 4)), columns=["y", "x", "z", "w"])
    data["g"] = [0, 0, 1, 1, 2, 2, 3, 3, 3]
    fit = lk.lmer("y ~ x + z + w + (x | g)", data, reml=False)
    assert not fit.converged
    assert says(fit, "more random effects than the rows can tell apart")


def test_every_row_twice():
    data = noise_free(1.0)
    twice = lk.lmer("y ~ x + (1 | g)", pd.concat([data, data]))
    assert says(twice, "Every row has a twin", "drop_duplicates")
    assert not says(lk.lmer("y ~ x + (1 | g)", data), "twin")


def crossed(copies: int | list[int], seed: int = 1) -> pd.DataFrame:
    """Eight by seven cells, with a predictor of the cell and one of the row."""
    rng = np.random.default_rng(seed)
    cells = pd.MultiIndex.from_product([range(8), range(7)], names=["a", "b"]).to_frame(index=False)
    a, b = cells["a"].to_numpy(), cells["b"].to_numpy()
    cells["y"] = rng.normal(size=8)[a] + rng.normal(size=7)[b] + rng.normal(size=56)
    rows = cells.loc[cells.index.repeat(copies)].reset_index(drop=True)
    return rows.assign(z=rng.normal(size=len(rows)))


def test_copies_in_crossed_cells_make_the_residual_variance_too_small():
    """Balanced: the sum of squares of the cells is divided by the comparisons of copies, too, which are all zero.

    (lme4 1.1-31, R 4.2.2, says nothing of it, and its sigma is the same.)
    """
    once, four = crossed(1), crossed(4)
    model = "y ~ 1 + (1 | a) + (1 | b)"
    right, fit = lk.lmer(model, once), lk.lmer(model, four)
    table = once.pivot(index="a", columns="b", values="y")
    means = [table.mean(axis=axis, skipna=False) for axis in (0, 1)]
    squares = ((table.sub(means[0], axis=1).sub(means[1], axis=0) + table.to_numpy().mean()) ** 2).sum().sum()
    assert right.sigma**2 == pytest.approx(squares / 42, rel=1e-6)
    assert fit.sigma**2 == pytest.approx(4 * squares / (168 + 42), rel=1e-6)
    assert says(fit, "twin")
    for formula in ("y ~ z + (1 | a) + (1 | b)", "y ~ 1 + (z | a) + (1 | b)"):
        assert says(lk.lmer(formula, four), "each combination of a and b", "residual variance", "Keep one")
        assert not says(lk.lmer(formula, once), "combination")


@pytest.mark.parametrize("random", ["(1 | a) + (1 | b)", "(1 | a)"])
def test_copies_of_which_some_cells_have_one(random):
    rows = crossed(np.random.default_rng(3).integers(1, 4, 56)).assign(b=lambda d: d["b"].astype(str))
    fixed = "1" if "b" in random else "b"
    assert says(lk.lmer(f"y ~ {fixed} + {random}", rows), "in all rows of each combination of")
    for innocent in (rows["y"].round(), rows["y"] + 1e-3 * rows["z"]):
        assert not says(lk.lmer(f"y ~ {fixed} + {random}", rows.assign(y=innocent)), "combination")


def test_many_responses_of_which_one_is_copied_in_crossed_cells():
    rows = crossed(4)
    responses = np.array([rows["y"], rows["y"] + rows["z"], rows["y"].round()])
    parts = lk.variance_partition(responses, "~ 1 + (1 | a) + (1 | b)", rows)
    assert ["combination of a and b" in message for message in parts.status["message"]] == [
        True,
        False,
        False,
    ]


def test_a_response_with_few_values_has_twins_by_chance():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.repeat(np.arange(6), 40), "y": rng.integers(1, 6, 240)})
    assert not says(lk.lmer("y ~ 1 + (1 | g)", data), "twin")


def test_many_responses_of_which_one_has_no_noise():
    data = noise_free(0.0)
    rng = np.random.default_rng(5)
    responses = np.array([data["y"], data["y"] + rng.normal(size=40)])
    status = lk.fit_many(responses, "~ x + (1 | g)", data).status
    assert status["converged"].tolist() == [False, True]
    assert "residual variance" in status["message"].iloc[0]
    assert status["message"].iloc[1] == ""


def test_a_gamma_response_without_noise():
    data = noise_free(0.0)
    fit = lk.glmer("exp(y) ~ x + (1 | g)", data, lk.families.Gamma(link="log"))
    assert not fit.converged
    assert says(fit, "Next to no residual variance")


@pytest.mark.parametrize(
    ("response", "family"),
    [
        ("exp(y)", lk.families.Gaussian(link="log")),
        pytest.param("exp(y)", lk.families.InverseGaussian(link="log"), marks=pytest.mark.slow),
        pytest.param("1 / (1 + exp(-y))", lk.families.Beta(), marks=pytest.mark.slow),
    ],
)
def test_measurements_of_other_families_without_noise(response, family):
    data = noise_free(0.0)
    fit = lk.glmer(f"{response} ~ x + (1 | g)", data, family)
    assert not fit.converged
    assert says(fit, "Next to no residual variance")
    assert fit.coef_table()["p_value"].isna().all()


def test_a_gamma_glm_of_an_exact_curve_has_nothing_to_test_by():
    data = pd.DataFrame({"x": np.linspace(0.5, 3, 30)})
    data["y"] = np.exp(1 + 0.5 * data["x"])
    fit = lk.glm("y ~ x", data, lk.families.Gamma(link="log"))
    assert fit.fixef.to_numpy() == pytest.approx([1, 0.5], abs=1e-10)
    assert np.isnan(fit.sigma) and np.isposinf(fit.loglik)
    assert fit.coef_table()["p_value"].isna().all()
    assert says(fit, "reproduce the response exactly")
    saturated = lk.glm("y ~ factor(x)", data, lk.families.Gamma(link="log"))
    assert says(saturated, "as many coefficients as rows")
    assert np.isnan(saturated.sigma)
