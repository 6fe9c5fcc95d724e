"""Simulated residuals and dispersion tests: calm when the model is right, loud when it is wrong."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit import ModelError
from lmmkit.families import Binomial, Gamma, NegativeBinomial, Poisson

matplotlib.use("Agg")


def grouped(family, seed=1, n=240, spread=0.5):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "g": [f"g{i % 15}" for i in range(n)]})
    effect = dict(zip(sorted(set(data["g"])), spread * rng.normal(size=15), strict=True))
    data["trials"] = 12
    mu = family.linkinv((0.8 + 0.3 * data["x"] + data["g"].map(effect)).to_numpy())
    data["y"] = family.simulate(
        mu, data["trials"].to_numpy(float) if family.name == "binomial" else None, rng
    )
    return data


CASES = {
    "poisson": (Poisson(), "y ~ x + (1 | g)", "poisson"),
    "negative binomial": (NegativeBinomial(theta=1.5), "y ~ x + (1 | g)", "negative_binomial"),
    "gamma": (Gamma(dispersion=0.4), "y ~ x + (1 | g)", "gamma"),
    "binomial": (Binomial(), "cbind(hits, trials - hits) ~ x + (1 | g)", "binomial"),
}


def fitted(name, **options):
    family, formula, fit_as = CASES[name]
    data = grouped(family, **options)
    data["hits"] = np.round(data["y"] * data["trials"])
    return lk.glmer(formula, data, fit_as)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_calm_when_the_model_is_right(name, conditional):
    checked = lk.simulate_residuals(fitted(name), seed=3, conditional=conditional)
    assert checked.residuals.between(0, 1).all()
    assert (checked.table["p_value"] > 0.02).all()
    expected = ["uniformity", "dispersion", "outliers"] + (["zero inflation"] if name != "gamma" else [])
    assert list(checked.table.index) == expected


def test_a_linear_model_as_well():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    checked = lk.simulate_residuals(fit, seed=1)
    assert (checked.table["p_value"] > 0.05).all()
    assert not checked.counts_zeros
    with pytest.raises(ModelError, match="zeros can only be counted"):
        _ = checked.zero_inflation


def test_overdispersed_counts_are_found():
    data = grouped(NegativeBinomial(theta=0.7))
    wrong = lk.glmer("y ~ x + (1 | g)", data, "poisson")
    checked = lk.simulate_residuals(wrong, seed=1, conditional=True)
    assert (checked.table["p_value"] < 0.02).all()
    assert checked.dispersion.statistic > 1.5 and checked.zero_inflation.statistic > 1.5
    assert "more than the model expects" in checked.dispersion.meaning
    for method in ("pearson", "simulation"):
        test = lk.dispersion_test(wrong, method, seed=1)
        assert test.ratio > 1.5 and test.p_value < 0.02
        assert "negative_binomial" in str(test)
    right = lk.glmer("y ~ x + (1 | g)", data, "negative_binomial")
    assert lk.dispersion_test(right).p_value > 0.05


def test_extra_zeros_are_found():
    data = grouped(Poisson())
    data.loc[np.random.default_rng(2).random(len(data)) < 0.3, "y"] = 0
    checked = lk.simulate_residuals(lk.glmer("y ~ x + (1 | g)", data, "poisson"), seed=1)
    assert checked.zero_inflation.p_value < 0.02
    assert f"{int((data['y'] == 0).sum())} zeros" in checked.zero_inflation.meaning


def test_pearson_by_hand():
    fit = fitted("poisson")
    test = lk.dispersion_test(fit)
    chi2 = float(((fit.design.y - fit.fitted) ** 2 / fit.fitted).sum())
    assert test.statistic == pytest.approx(chi2)
    assert test.df == fit.df_resid and test.ratio == pytest.approx(chi2 / fit.df_resid)
    assert test.p_value == pytest.approx(stats.chi2.sf(chi2, fit.df_resid))


def test_pearson_of_a_hurdle_of_truncated_poisson_counts():
    """Which has no dispersion of its own: the variance of zeros and of counts above them, by hand."""
    rows = grouped(Poisson())
    rows["y"] = np.where(np.arange(240) % 4 == 0, 0, rows["y"])
    fit = lk.glmer("y ~ x", rows, "truncated_poisson", zero_inflation="~ 1")
    mu, zero = np.exp(fit.predict(kind="link")), fit.predict(kind="zero_probability")
    counts = np.arange(80)[:, None]
    law = stats.poisson.pmf(counts, mu.to_numpy()) * (counts > 0) / -np.expm1(-mu.to_numpy())
    mean = (1 - zero) * (law * counts).sum(axis=0)
    variance = (1 - zero) * (law * counts**2).sum(axis=0) - mean**2
    chi2 = float(((rows["y"] - mean) ** 2 / variance).sum())
    assert lk.dispersion_test(fit).statistic == pytest.approx(chi2)


@pytest.mark.slow
def test_p_values_are_spread_evenly_under_the_model():
    """The data play one more simulation, so no p-value of a true model may be small too often."""
    small = {"uniformity": 0, "dispersion": 0, "outliers": 0, "zero inflation": 0}
    fit = fitted("poisson", n=120)
    draws = fit.simulate(40, seed=9)
    for column in draws:
        again = fit.refit(draws[column])
        table = lk.simulate_residuals(again, 60, seed=5).table
        for name in small:
            small[name] += int(table.loc[name, "p_value"] < 0.1)
    assert all(count <= 10 for count in small.values())  # 4 expected of each; more than 10 has p < 0.003


def test_residuals_of_the_simulations_are_even():
    chance = lk.simulate_residuals(fitted("poisson"), 50, seed=1).by_chance
    for row in chance[:5]:
        np.testing.assert_allclose(np.sort(row), (np.arange(50) + 0.5) / 50)


def test_seeds_and_sizes():
    fit = fitted("poisson")
    first, second = (lk.simulate_residuals(fit, 60, seed=4) for _ in range(2))
    pd.testing.assert_series_equal(first.residuals, second.residuals)
    assert first.simulations.shape == (240, 60)
    with pytest.raises(ModelError, match="whole number from 40"):
        lk.simulate_residuals(fit, 10)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda: lk.glmer("hit ~ x + (1 | g)", _binary(), "binomial"), {}, "0/1 responses cannot be"),
        (lambda: fitted("gamma"), {}, "estimates its own residual variance"),
        (lambda: fitted("poisson"), {"method": "deviance"}, "method must be one of"),
    ],
)
def test_where_dispersion_cannot_be_tested(make, options, message):
    with pytest.raises(ModelError, match=message):
        lk.dispersion_test(make(), **options)


def _binary():
    data = grouped(Poisson())
    return data.assign(hit=(data["y"] > 2).astype(float))


def test_text_and_picture():
    checked = lk.simulate_residuals(fitted("negative binomial"), seed=1)
    assert "Residuals of 240 rows by 250 simulations" in str(checked)
    assert "KS" not in str(checked) and "uniformity" in repr(checked)
    assert str(checked.dispersion).startswith("dispersion: ")
    figure = checked.plot()
    left, right = figure.axes
    assert left.get_title() == "Are the residuals evenly spread?"
    assert len(right.lines) > 30
    texts = [text.get_text() for text in left.texts]
    assert any(text.startswith("zeros: p") for text in texts)
    matplotlib.pyplot.close(figure)


def test_too_little_variation_is_said_so():
    fields = lk.load_data("management")
    fit = lk.glmer("species ~ management + (1 | field)", fields, "poisson")
    test = lk.dispersion_test(fit)
    assert test.ratio < 0.5 and test.p_value > 0.95  # the upper tail, as performance gives it
    assert "vary less" in str(test)


# ---- without random effects ----

PLAIN = {
    "lm": lambda: lk.lm("Reaction ~ Days", lk.load_data("sleepstudy")),
    "weighted lm": lambda: lk.lm("Reaction ~ Days", lk.load_data("sleepstudy").assign(w=2.0), weights="w"),
    "poisson": lambda: lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson"),
    "gamma": lambda: lk.glm("Reaction ~ Days", lk.load_data("sleepstudy"), "gamma"),
    "hits": lambda: lk.glm("cbind(hits, 9 - hits) ~ x", counted(), "binomial"),
}


def counted():
    rng = np.random.default_rng(1)
    x = rng.normal(size=80)
    return pd.DataFrame({"x": x, "hits": rng.binomial(9, 1 / (1 + np.exp(-x)))})


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("name", PLAIN)
def test_models_without_random_effects_are_checked_too(name, conditional):
    """The share of draws below a value, beside the distribution function of the fitted model."""
    fit = PLAIN[name]()
    found = lk.simulate_residuals(fit, 400, conditional=conditional, seed=3)
    mu, y = fit.fitted.to_numpy(), found.observed.to_numpy()
    if fit.family is None:
        exact = stats.norm.cdf(y, mu, fit.sigma / np.sqrt(fit.design.row_weights))
    elif fit.family.name == "gamma":
        exact = stats.gamma.cdf(y, fit.sigma**-2, scale=mu * fit.sigma**2)
    elif fit.family.name == "poisson":
        exact = (stats.poisson.cdf(y, mu) + stats.poisson.cdf(y - 1, mu)) / 2
    else:
        exact = (stats.binom.cdf(y, 9, mu) + stats.binom.cdf(y - 1, 9, mu)) / 2
    draws = found.simulations.to_numpy()
    middle = ((draws < y[:, None]).mean(axis=1) + (draws <= y[:, None]).mean(axis=1)) / 2
    assert np.abs(middle - exact).max() < 0.12
    assert np.abs(middle - exact).mean() < 0.025
    np.testing.assert_allclose(found.predicted, mu)
    assert "simulations" in str(found)


def test_dispersion_of_a_glm_as_its_pearson_statistic_says():
    fit = PLAIN["poisson"]()
    test = lk.dispersion_test(fit)
    pearson = (fit.resid("pearson") ** 2).sum()
    assert test.statistic == pytest.approx(pearson) and test.df == fit.df_resid
    assert test.p_value == pytest.approx(stats.chi2.sf(pearson, fit.df_resid))
    assert lk.dispersion_test(fit, "simulation", seed=1).ratio == pytest.approx(test.ratio, rel=0.2)
