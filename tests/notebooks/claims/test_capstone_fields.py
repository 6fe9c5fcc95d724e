"""What the capstone on species and nitrate says of the meadows."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk


@pytest.fixture(scope="module")
def fields():
    return lk.load_data("fields")


@pytest.fixture(scope="module")
def first(fields):
    return lk.lmer("species ~ nitrate + (1 | field)", fields)


@pytest.fixture(scope="module")
def by_river(fields):
    return lk.lmer("species ~ nitrate + poly(distance, 2) + (1 | field)", fields)


def test_there_is_more_nitrate_far_from_the_river(fields):
    """“there is more nitrate far from the river, and far from the river it is dry as well”"""
    far = fields["distance"] > 100
    assert fields["nitrate"][far].median() / fields["nitrate"][~far].median() == pytest.approx(
        1.942, abs=2e-3
    )


def test_nitrate_is_skewed(fields):
    """“Left: nitrate is skewed, as concentrations are.”"""
    assert stats.skew(fields["nitrate"]) > 1


def test_residuals_know_where_the_river_is(fields, first):
    """“These know very well where the river is.”"""
    found = stats.pearsonr(first.resid(), fields["distance"]).statistic
    assert found == pytest.approx(-0.681652527, abs=1e-4)  # R 4.2.2, lme4 1.1-31: cor of resid(lmer)


def test_residuals_bend_along_nitrate_but_not_along_the_river(fields):
    """“Residuals against nitrate bend a little, against east they have no pattern”"""
    bent = lk.lmer("species ~ nitrate + I(nitrate^2) + (1 | field)", fields).coef_table().loc["I(nitrate^2)"]
    # R 4.2.2, lmerTest 3.1-3
    assert (bent["estimate"], bent["p_value"]) == pytest.approx((0.00690396, 0.0196116), rel=1e-3)
    first = lk.lmer("species ~ nitrate + (1 | field)", fields)
    along_east = stats.pearsonr(first.resid(), fields["east"]).pvalue
    assert along_east == pytest.approx(0.951367466, abs=1e-3)  # R 4.2.2, lme4 1.1-31: cor.test of resid(lmer)


def test_most_plots_with_more_species_lie_near_the_water(fields, first):
    """“most of the plots with more species than expected lay near the water.”"""
    more = fields[first.resid().to_numpy() > 0]
    assert (more["distance"] < 100).mean() > 0.6
    assert (more["distance"] < 100).mean() == pytest.approx(0.77941176, abs=0.01)  # resid of lmer


def test_the_spread_does_not_grow_with_the_fitted_values(first):
    """“if anything it shrinks, and a logarithm would make that worse; look at the map”"""
    assert stats.spearmanr(first.fitted, first.resid().abs()).statistic < 0
    found = stats.spearmanr(first.fitted, first.resid().abs()).statistic
    assert found == pytest.approx(-0.24944094, abs=2e-3)  # cor(, method = "spearman") of lmer


def test_about_one_species_where_it_was_four_or_five(first, by_river):
    """“about one species fewer (probably between half a species and one and a half), where you were told four or
    five.”"""
    # R 4.2.2, lmerTest 3.1-3: -0.45903847; with the river -0.10629657 (SE 0.026227317)
    assert -10 * first.fixef["nitrate"] == pytest.approx(4.5903847, abs=1e-4)
    assert -10 * by_river.fixef["nitrate"] == pytest.approx(1.0629657, abs=1e-4)
    low, high = by_river.confint(parm="nitrate").iloc[0]
    assert (round(-10 * high, 1), round(-10 * low, 1)) == (0.6, 1.6)


def test_most_of_it_was_the_rivers_doing(first, by_river):
    """“Most of what was put down to nitrate was the river's doing.”"""
    share = 1 - by_river.fixef["nitrate"] / first.fixef["nitrate"]
    assert share == pytest.approx(0.768436471, abs=1e-4)  # R 4.2.2, lme4 1.1-31


def test_the_standard_error_shrank_because_the_noise_did(fields, first, by_river):
    """“It shrank: distance explains so much of what was noise that this outweighs the correlation.”"""
    # R 4.2.2, lmerTest 3.1-3: 0.046758138 and 0.026227317, sigma 4.1770026 and 1.7858959
    assert (first.se["nitrate"], by_river.se["nitrate"]) == pytest.approx(
        (0.046758138, 0.026227317), rel=1e-4
    )
    assert (first.sigma, by_river.sigma) == pytest.approx((4.1770026, 1.7858959), rel=1e-4)
    r = np.corrcoef(fields["nitrate"], fields["distance"])[0, 1]
    assert r**2 > 0.3  # which alone would have made it larger


def test_a_flat_variogram(fields, first, by_river):
    """“If neighbours are alike, the curve starts low and climbs. If place does not matter any more, it is flat.”"""
    place = fields[["east", "distance"]].to_numpy()
    apart = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))

    def rise(fit):
        r = fit.resid().to_numpy()
        unlike = (r[:, None] - r[None]) ** 2 / 2
        near, far = (apart > 0) & (apart <= 60), (apart > 150) & (apart <= 195)
        return unlike[far].mean() / unlike[near].mean()

    assert rise(first) > 1.5
    assert rise(by_river) == pytest.approx(1, abs=0.15)
    assert (rise(first), rise(by_river)) == pytest.approx((1.88990468, 0.99360295), abs=2e-3)  # resid of lmer


def test_the_first_model_misses_by_many_standard_errors(fields, first):
    """“The first model is wrong in every summer, by many of its own standard errors”"""
    rules = lk.data_info("fields").truth  # no R number: another summer, drawn with a seed of our own
    t = fields["distance"] / 200
    expected = rules["fixef"]["nitrate"] * fields["nitrate"] + 7 * (1 - 2 * t) + 4 * np.sin(np.pi * t)
    slope = first.refit(expected + np.random.default_rng(3).normal(0, rules["sigma"], len(fields)))
    assert abs(slope.fixef["nitrate"] - rules["fixef"]["nitrate"]) > 5 * slope.se["nitrate"]
