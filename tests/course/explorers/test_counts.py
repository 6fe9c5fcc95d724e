"""Counts: totals stand for cells, and cells are not donors."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import optimize, stats
from scipy.special import gammaln

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._counts import ANALYSES, totals
from tests.course.explorers.sweep import found, same, sweep

result = explorers.counts.result
CELLS, MEANS, MIXED = ANALYSES


def by_cell(counts: np.ndarray) -> pd.DataFrame:
    arms, samples, cells = counts.shape
    return pd.DataFrame({
        "count": counts.ravel(),
        "disease": np.repeat(["no", "yes"], samples * cells),
        "sample": np.repeat([f"d{s:02d}" for s in range(arms * samples)], cells),
    })  # fmt: skip


def test_a_model_of_totals_is_the_model_of_cells():
    r = result(cells=20, samples=4)
    fit = lk.glmer("count ~ disease + (1 | sample)", by_cell(r.counts), "poisson")
    assert r.found[MIXED].estimate == pytest.approx(fit.fixef["diseaseyes"], rel=1e-3)
    assert r.found[MIXED].se == pytest.approx(fit.se["diseaseyes"], rel=1e-3)
    assert r.sd_found == pytest.approx(fit.theta[0], rel=1e-3)


def test_the_naive_analysis_is_the_poisson_glm():
    r = result(cells=20, samples=4)
    fit = lk.glm("count ~ disease", by_cell(r.counts), "poisson")
    assert r.found[CELLS].estimate == pytest.approx(fit.fixef["diseaseyes"])
    assert r.found[CELLS].se == pytest.approx(fit.se["diseaseyes"])


def test_the_t_test_of_means_is_lm():
    r = result(cells=50)
    frame = totals(r.counts)
    frame["rate"] = np.log((frame["count"] + 0.5) / frame["cells"])
    row = lk.lm("rate ~ disease", frame).coef_table().loc["diseaseyes"]
    assert tuple(r.found[MEANS]) == pytest.approx(
        (row["estimate"], row["std_error"], row["df"], row["p_value"])
    )


def test_error_rates():
    assert result(sd=0.6, cells=100).wrong[CELLS] > 0.5
    alike = result(sd=0.0).wrong
    assert alike[CELLS] == pytest.approx(0.05, abs=0.02)
    r = explorers.counts.simulate(60, sd=0.4)
    assert r.refitted == 60 and r.wrong[MIXED] < 0.25


def test_an_arm_without_counts():
    seeds = (
        seed
        for seed in range(1, 4000)
        if result(rate=0.2, fold=0.25, samples=2, cells=5, seed=seed).found.keys() == {MEANS}
    )
    seed = next(seeds)
    words = explorers.counts.sentence(result(rate=0.2, fold=0.25, samples=2, cells=5, seed=seed))
    assert "not a single count" in words


def laplace(totals, cells):
    """The Poisson GLMM of totals by Laplace's approximation: log fold change, its z test's p, and the SD.

    One value a sample: the conditional mode by Newton's method, the rest by a search from three places.
    """
    arm = np.repeat([0.0, 1.0], totals.shape[1])
    y, offset = totals.ravel().astype(float), np.log(cells)

    def value(v):
        eta, sd = v[0] + v[1] * arm + offset, abs(v[2])
        u = np.zeros_like(y)
        for _ in range(60):
            mu = np.exp(eta + sd * u)
            u = u - np.clip((sd * (mu - y) + u) / (sd**2 * mu + 1), -1.0, 1.0)
        mu = np.exp(eta + sd * u)
        log = y * (eta + sd * u) - mu - gammaln(y + 1) - u**2 / 2 - 0.5 * np.log1p(sd**2 * mu)
        return -2 * log.sum()

    means = np.log(totals.sum(1) / (totals.shape[1] * cells))
    searches = [
        optimize.minimize(value, [means[0], means[1] - means[0], sd], method="Nelder-Mead",
                          options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000})
        for sd in (0.05, 0.4, 1.2)
    ]  # fmt: skip
    best = min(searches, key=lambda search: search.fun)
    return best, value


def expected_zeros(best, counts):
    """Cells without a count that the GLMM expects, and their SD, at the modes of its best parameters."""
    _, samples, cells = counts.shape
    eta = best[0] + best[1] * np.repeat([0.0, 1.0], samples)
    sd, y, u = abs(best[2]), counts.sum(2).ravel(), np.zeros(2 * samples)
    for _ in range(60):
        mu = cells * np.exp(eta + sd * u)
        u = u - np.clip((sd * (mu - y) + u) / (sd**2 * mu + 1), -1.0, 1.0)
    none = np.exp(-np.exp(eta + sd * u))
    return cells * none.sum(), np.sqrt(cells * (none * (1 - none)).sum())


def holds(state, r, words):
    """The three analyses of the cells' counts, each worked out another way."""
    counts = r.counts
    arms = counts.sum((1, 2)).astype(float)
    if not arms.all():
        assert words.startswith("Neither arm" if not arms.any() else "One arm")
        return
    log_fold = np.log(arms[1] / arms[0])
    p = 2 * stats.norm.sf(abs(log_fold) / np.sqrt((1 / arms).sum()))
    n, fold = found("GLM of all # cells finds a fold change of #", words)
    assert n == counts.size and same(fold, np.exp(log_fold), room=1e-6)
    first = words.split("fold change of ")[1].split("(p ")[1].split(")")[0]
    assert (first == "< 0.001") == (p < 0.001) or abs(p - 0.001) < 1e-5
    if p >= 0.00101:
        assert same(float(first[2:]), p, 3), words
    best, value = laplace(counts.sum(2), state["cells"])
    told = found(" fold change of #", words.split("the GLMM finds")[1])[0]
    if "no variance between samples" in words:
        flat = optimize.minimize(
            lambda b: value([*b, 0.0]),
            best.x[:2],
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-10},
        )
        assert flat.fun < best.fun + 2e-3, (state, words, best)
        assert told == fold
    else:
        sd = found("finds an SD of # between samples", words)[0]
        assert same(sd, abs(best.x[2]), room=4e-3) and same(told, np.exp(best.x[1]), room=6e-3 * told), (
            state,
            words,
            best,
        )
    seen, told, room = found("# cells have no count where the GLMM expects # (give or take #)", words)
    expected, chance = expected_zeros(best.x, counts)
    assert seen == (counts == 0).sum() and same(told, expected, 0, room=0.005 * expected + 0.02), (
        state,
        words,
    )
    assert same(room, 2 * chance, 0, room=0.01 * chance + 0.02), (state, words)
    away = (seen - expected) / chance if chance > 1e-9 else 0.0
    if abs(abs(away) - 2) > 0.05:
        verdict = "too many for" if away > 2 else "too few for" if away < -2 else "as"
        assert words.endswith(f": {verdict} chance has it." if verdict == "as" else f": {verdict} chance."), (
            words
        )
    for name, pattern in (
        (CELLS, "and is wrong in #% of studies without one"),
        (MEANS, "log means is wrong in #%"),
    ):
        assert same(found(pattern, words)[0], 100 * r.wrong[name], 1)
    assert same(found("z test is wrong in about #% of such studies", words)[0], 100 * r.wrong[MIXED], 0)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("counts", 4):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("counts", 100, seed=2):
        holds(state, r, words)


@pytest.mark.slow
def test_error_rates_are_those_of_simulated_cells():
    """1500 studies a state: the GLM by its Wald test, the means by scipy's t test."""
    rng = np.random.default_rng(6)
    for state, r, _ in sweep("counts", 20, seed=4):
        rate, sd, samples, cells = (state[name] for name in ("rate", "sd", "samples", "cells"))
        counted = rng.binomial(cells, 1 - state["zeros"], (1500, 2, samples))
        sums = rng.poisson(counted * rate * np.exp(sd * rng.standard_normal((1500, 2, samples))))
        arms = sums.sum(-1).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.abs(np.log(arms[:, 1] / arms[:, 0])) / np.sqrt((1 / arms).sum(-1))
            logs = np.log((sums + 0.5) / cells)
            t = stats.ttest_ind(logs[:, 1], logs[:, 0], axis=1).pvalue
        for name, share in ((CELLS, np.mean(2 * stats.norm.sf(z) < 0.05)), (MEANS, np.mean(t < 0.05))):
            chance = np.sqrt(max(share * (1 - share), 0.02) * (1 / 1500 + 1 / 2000))
            assert abs(r.wrong[name] - share) < 4.5 * chance, (state, name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "state", [{}, {"samples": 2}, {"samples": 10}, {"sd": 0.0}, {"rate": 0.5, "cells": 10}]
)
def test_the_glmms_error_rate_is_about_what_its_fits_show(state):
    """250 studies refitted: the approximation is within their own error and four points."""
    near = result(**state).wrong[MIXED]
    refitted = explorers.counts.simulate(250, **state)
    assert abs(near - refitted.wrong[MIXED]) < 0.04 + 3 * np.sqrt(near * (1 - near) / 250)


def test_with_few_donors_the_t_test_is_the_honest_one():
    r = result(samples=2, fold=1.0)
    assert r.wrong[MIXED] > 0.2 > 0.08 > r.wrong[MEANS]


def test_extra_zeros_are_seen_and_the_model_does_not_expect_them():
    """At a mean of 1 in each cell, 30% never counted: .3 + .7 exp(-1) of the cells; the mean falls to .7."""
    r = result(rate=1.0, fold=1.0, sd=0.0, cells=300, samples=10, zeros=0.3)
    assert r.empty / r.counts.size == pytest.approx(0.3 + 0.7 * np.exp(-1), abs=0.02)
    assert r.expected / r.counts.size == pytest.approx(np.exp(-0.7), abs=0.02)
    assert "too many for chance" in explorers.counts.sentence(r)
    assert "as chance has it" in explorers.counts.sentence(result(rate=1.0, zeros=0.0, sd=0.0))
    assert result(zeros=0.0).counts.tolist() == result().counts.tolist()


def test_extra_zeros_make_the_poisson_glm_wrong_without_donors_that_differ():
    assert (
        result(sd=0.0, rate=10.0, zeros=0.4).wrong[CELLS]
        > 0.2
        > 0.08
        > result(sd=0.0, rate=10.0).wrong[CELLS]
    )


def test_the_last_bar_says_that_it_holds_what_lies_beyond():
    """Some states have counts beyond the axis, whose range follows the rate alone; then its end is marked ≥."""
    for state, beyond in (({}, False), ({"sd": 1.2, "fold": 4.0}, True)):
        r = explorers.counts.result(**state)
        assert (r.counts[1].max() > r.top) == beyond
        fig = Figure()
        explorers.counts.draw(r, fig)
        last = fig.axes[1].get_xticklabels()[-1].get_text()
        assert last.startswith("≥") == beyond
        if beyond:
            assert int(last[1:]) <= r.top + 1 and not fig.axes[0].get_xticklabels()[-1].get_text().startswith(
                "≥"
            )
