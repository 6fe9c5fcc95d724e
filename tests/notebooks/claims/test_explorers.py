"""What the page of all explorers says there is to see."""

import numpy as np
import pytest
from scipy.stats import chi2

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers import _diagnostics


def test_the_points_fall_and_each_group_rises():
    """“The points alone fall, each group rises.” and “it lies between the slope inside the groups and that between
    their means, and as the panel opens very near the first” and “Where it finds no variance between the groups,
    it falls back on the line through all points.”"""
    r = explorers.simpson.result()
    assert r.pooled_slope.value < 0
    own = [np.polyfit(rows["x"], rows["y"], 1)[0] for _, rows in r.data.groupby("group")]
    assert min(own) > 0
    # R 4.2.2, lme4 1.1-31 on the panel's rows: lm, lm with the groups, lmer, lm of the means; the flat one singular
    assert own == pytest.approx([0.47021028, 0.79050705, 1.16336856, 1.45656192, 0.84103596], abs=1e-6)
    found = r.pooled_slope.value, r.within.value, r.mixed, r.between
    assert found == pytest.approx((-0.548262801, 0.97808089, 0.947529366, -0.61381017), abs=1e-5)
    assert r.between < 0.9 * r.within.value < r.mixed < r.within.value
    flat = explorers.simpson.result(between=0.8)
    assert flat.fell_back
    assert (flat.mixed, flat.pooled_slope.value) == pytest.approx((0.794091096, 0.794091096), abs=1e-5)


def test_two_levels_hardly_know_an_sd():
    """“its interval goes from less than half to more than thirty times the estimate”"""
    low, high = (np.sqrt(1 / chi2.ppf(q, 1)) for q in (0.975, 0.025))
    assert low < 0.5 and high > 30


def test_at_either_end_the_dots_lie_on_one_line():
    """“At either end the dots lie on one straight line” and “All lines then go through one point. The fit to these data
    is singular, and here it is right. Other data of the same kind can miss the edge a little.”"""
    # R 4.2.2, lme4 1.1-31 (bobyqa) on the panel's rows: isSingular TRUE, with the other seed FALSE, at both ends
    for correlation in (-1.0, 1.0):
        r = explorers.random_effects.result(correlation=correlation)
        assert r.singular
        assert not explorers.random_effects.result(correlation=correlation, seed=6).singular
        assert abs(np.corrcoef(r.lines.T)[0, 1]) == pytest.approx(1)
        x = -correlation * 3.0 / 0.8
        assert np.ptp(r.lines[:, 0] + r.lines[:, 1] * x) == pytest.approx(0, abs=1e-9)


def test_the_mices_random_slopes_are_singular():
    """“The fit with random slopes is singular. The message names a simpler random part, with two bars” and “They
    hardly do.”"""
    slopes = explorers.model_builder.result(random="(Dose | Strain)").fit
    levels = explorers.model_builder.result(random="(1 | Strain)").fit
    assert slopes.is_singular and "(Dose || Strain)" in " ".join(slopes.messages)
    # R 4.2.2, lme4 1.1-31: fixef of both
    assert slopes.fixef.to_numpy() == pytest.approx([25.795, -2.052], abs=2e-3)
    assert levels.fixef.to_numpy() == pytest.approx(slopes.fixef.to_numpy(), rel=0.01)


def test_partial_pooling_over_most_of_the_slider():
    """“The squares of the smallest groups reach the line first.” and “Partial pooling comes nearest to the truth
    over most of the slider.”"""
    # No R number: the explorer's means are drawn with its own seed and compared with the truth they were drawn from.
    results = [explorers.pooling.result(ratio=ratio) for ratio in np.linspace(0.05, 4, 30)]
    nearest = [r.errors["partial"] < min(r.errors["none"], r.errors["complete"]) for r in results]
    assert np.mean(nearest) > 0.9
    at_zero = explorers.pooling.result(ratio=0.0).errors
    assert at_zero["partial"] == pytest.approx(at_zero["complete"])
    assert (np.diff(results[0].weight) > 0).all()  # groups stand by size


def test_pairs_are_drawn_not_slopes():
    """“in the mixed model's state five of the nineteen slopes lie further from the common slope than the driver's
    own, and no intercept does” and “Driver 374, who was
    tested on two days only, turns most.”"""
    drivers = lk.load_data("sleepstudy_plus")
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", drivers)
    own = {
        name: np.polyfit(rows["Days"], rows["Reaction"], 1)[::-1]
        for name, rows in drivers.groupby("Subject", observed=True)
        if len(rows) > 1
    }
    mixed = fit.coef()["Subject"].loc[list(own)].to_numpy()
    away = np.abs(mixed - fit.fixef.to_numpy()) > np.abs(np.array(list(own.values())) - fit.fixef.to_numpy())
    # R 4.2.2, lme4 1.1-31: the same with coef of lmer
    assert len(own) == 19 and away.sum(axis=0).tolist() == [0, 5]
    turned = np.abs(mixed - np.array(list(own.values())))[:, 1]
    assert str(list(own)[turned.argmax()]) == "374"
    assert (drivers["Subject"].astype(str) == "374").sum() == 2


def test_unique_labels_make_the_plus_right():
    """“With labels of their own the formula with the plus becomes the right one”"""
    # No R number: whether two formulas name the same groups, an identity of labels.
    assert explorers.nested_crossed.result(labels="unique").same
    assert not explorers.nested_crossed.result().same


def test_rows_are_worth_about_ten():
    """“However often you measure eight samples, the rows are worth about ten independent ones.” and “With more
    samples all intervals become shorter, but the analysis of all rows is wrong about as often as before.”"""
    # No R number: the explorer's simulated samples, against the closed form and rates over simulated studies.
    for tech in (2, 6, 20):
        assert explorers.pseudoreplication.result(tech=tech).effective == pytest.approx(10, abs=1.6)
    few, many = (explorers.pseudoreplication.result(bio=bio) for bio in (4, 12))
    for before, after in zip(few.analyses, many.analyses, strict=True):
        assert after.se < before.se
    wrong = [r.analyses[0].false_positives for r in (few, many)]
    assert min(wrong) > 0.3 and abs(wrong[0] - wrong[1]) < 0.06


def test_the_interval_is_not_symmetrical():
    """“it goes much further to the right of the lowest point than to the left”"""
    r = explorers.likelihood.result()
    inside = np.asarray(r.grid)[r.along.reml - r.lowest < 3.84]
    # R 4.2.2, lme4 1.1-31 on the panel's rows: getME(lmer, "theta"), REMLcrit; its deviance function is 3.84 above that
    # at 1.35769 and 5.74223
    assert (r.theta_hat, r.lowest) == pytest.approx((2.52568564, 121.488564), abs=1e-4)
    step = np.diff(r.grid).max()
    assert (inside.min(), inside.max()) == pytest.approx((1.35769293, 5.74223477), abs=step)
    assert 5.74223477 - 2.52568564 > 2 * (2.52568564 - 1.35769293)


def test_four_tests_with_few_groups():
    """“With few groups the likelihood ratio finds an effect that is not there far too often. Satterthwaite and the
    bootstrap come near to what they promise. With two groups in each arm Kenward–Roger finds too little.”"""
    # No R number: rates over studies simulated by the explorer.
    r = explorers.tests.result(groups=2, effect=0.0)
    rates = {name: float((values <= 0.05).mean()) for name, values in r.null.items()}
    assert rates["likelihood ratio"] > 0.15
    assert max(rates["Satterthwaite"], rates["bootstrap"]) < 0.09
    assert rates["Kenward–Roger"] < 0.03


def test_one_clean_data_set_in_twenty_alarms():
    """“With nothing broken, about one data set in twenty gives an alarm” and “A strong fault is seen nearly every
    time, a weak one is not.”"""
    # No R number: how often signs are seen in the explorer's simulated data sets.
    assert _diagnostics.false_alarms() == pytest.approx(0.05, abs=0.01)

    def seen(spread):
        results = [explorers.diagnostics.result(seed=seed, spread=spread) for seed in range(1, 21)]
        return np.mean([any(sign.suspicious for sign in r.signs) for r in results])

    assert seen(1.0) > 0.9 > 0.6 > seen(0.2)


def test_more_cells_find_more_of_nothing():
    """“The model of all cells finds something more and more often as cells are added. With two donors in each arm
    even the GLMM's z test is wrong in more than one study of five; the t test of means keeps its promise.”"""
    # No R number: rates over studies simulated by the explorer.
    rates = [
        explorers.counts.result(fold=1.0, cells=cells).wrong["Poisson GLM, all cells"]
        for cells in (10, 50, 300)
    ]
    assert rates == sorted(rates) and rates[-1] > rates[0] + 0.2
    two = explorers.counts.result(fold=1.0, samples=2).wrong
    assert two["Poisson GLMM"] > 0.2 and two["t test of log means"] < 0.07


def test_two_tissues_are_nearly_unknown():
    """“where the tissues get much, less is left for the others”"""
    tissue, individual = [], []  # no R number: how shares scatter over the explorer's simulated genes
    for seed in range(1, 13):
        one = explorers.variance_partition.result(tissues=2, seed=seed).one
        individual.append(one[0])
        tissue.append(one[1])
    assert np.ptp(tissue) > 0.15
    assert np.corrcoef(tissue, individual)[0, 1] < 0


def test_structures_and_what_they_claim_of_the_slope():
    """“Without correlation every line jumps up and down; near one, a line that is high stays high.” and “compound
    symmetry claims to know the slope better than anybody can” and “AR(1) claims to know less than there is to
    know” and “Mornings and evenings are a pattern that only the unstructured matrix can follow; with few animals
    it learns that pattern badly.”"""
    from lmmkit.course.explorers._structures import AR1, CS, FADING, SAME, TWO_KINDS, US

    # No R number: fits of the explorer's simulated animals, against the matrix they were drawn from.
    result = explorers.structures.result
    jumps = [np.diff(result(rho=rho).values, axis=1).std() for rho in (0.0, 0.95)]
    assert jumps[0] > 4 * jumps[1]
    for truth, name, side in ((FADING, CS, -1), (SAME, AR1, 1)):
        ratios = np.array(
            [(r := result(truth=truth, seed=seed)).fits[name].se / r.se for seed in range(1, 40)]
        )
        assert np.mean(side * (ratios - 1) > 0) > 0.95
    off = {
        animals: np.mean([
            np.abs((r := result(truth=TWO_KINDS, rho=0.9, animals=animals, seed=seed)).fits[US].correlation
                   - r.correlation).mean()
            for seed in range(1, 20)
        ])
        for animals in (8, 60)
    }  # fmt: skip
    assert off[8] > 2 * off[60]
    r = result(truth=TWO_KINDS, rho=0.9, animals=60)
    gap = {name: np.abs(r.fits[name].correlation - r.correlation).max() for name in (CS, AR1, US)}
    assert gap[US] < 0.25 < min(gap[CS], gap[AR1])
