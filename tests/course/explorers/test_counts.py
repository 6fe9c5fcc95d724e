"""Counts: totals stand for cells, and cells are not donors."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._counts import ANALYSES, totals

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
