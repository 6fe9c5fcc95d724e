"""Shares of the variance, set and found."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._variance_partition import FORMULA, draw_genes, genes, shares
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.variance_partition.result


def test_shares_sum_to_one_and_are_the_fits():
    r = result(count=3, seed=2)
    assert r.found.sum(1) == pytest.approx(np.ones(3))
    fit = lk.lmer(f"gene {FORMULA}", r.design.assign(gene=genes(r.design, r.truth, 3, 2)[2]))
    variances = fit.varcorr.frame.set_index("grp")["vcov"]
    assert r.found[2, 0] == pytest.approx(variances["Individual"] / variances.sum(), rel=1e-6)


@pytest.mark.parametrize("asked", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.3, 0.2)])
def test_any_three_shares_leave_a_residual(asked):
    truth, scaled = shares(*asked)
    assert truth.sum() == pytest.approx(1) and truth.min() >= 0 and truth[3] >= 0.01 - 1e-12
    assert scaled == (sum(asked) > 0.99)
    r = result(individual=asked[0], tissue=asked[1], batch=asked[2], count=1)
    assert np.isfinite(r.found).all() and np.all(r.found >= 0)


def test_many_levels_recover_a_share_better_than_few():
    r = [result(individual=0.5, tissue=0.3, batch=0.0, count=8, seed=seed).found for seed in range(1, 6)]
    found = np.concatenate(r)
    assert found[:, 0].mean() == pytest.approx(0.5, abs=0.1)
    individual = found[:, 0] / (found[:, 0] + found[:, 3])
    tissue = found[:, 1] / (found[:, 1] + found[:, 3])
    assert individual.std() < tissue.std()


def holds(state, r, words):
    """The shares that were set, and found ones that no small change of the variances improves."""
    wanted = np.array([state[name] for name in ("individual", "tissue", "batch")])
    scaled = wanted.sum() > 0.99
    if scaled:
        wanted = 0.99 * wanted / wanted.sum()
    truth = [*wanted, 1 - wanted.sum()]
    assert ("scaled down" in words) == scaled
    shares = []
    for name, share in zip(("individual", "tissue", "batch", "residuals"), truth, strict=True):
        told, was = found(f"{name} #% (set: #%)", words)
        assert same(was, 100 * share, 0, room=1e-6), (state, words)
        shares.append(told)
    assert abs(sum(shares) - 100) <= 2
    if state["count"] > 1:
        n, low, high, genes_made, low_i, high_i = found(
            "with # tissues the share of tissue runs from #% to #% in # genes made alike, that of individual from "
            "#% to #%", words)  # fmt: skip
        assert (n, genes_made) == (state["tissues"], state["count"])
        for told, value in zip((low, high, low_i, high_i), (r.found[:, 1].min(), r.found[:, 1].max(),
                               r.found[:, 0].min(), r.found[:, 0].max()), strict=True):  # fmt: skip
            assert same(told, 100 * value, 0)
    assert [same(t, 100 * v, 0) for t, v in zip(shares, r.one, strict=True)] == [True] * 4
    y = genes(r.design, r.truth, state["count"], state["seed"])[0]
    kernels = [(codes[:, None] == codes) * 1.0 for codes in (np.unique(r.design[c], return_inverse=True)[1]
               for c in ("Individual", "Tissue", "Batch"))]  # fmt: skip
    ones = np.ones((len(y), 1))

    def criterion(shares):
        V = shares[3] * np.eye(len(y)) + sum(s * K for s, K in zip(shares, kernels, strict=False))
        return brute.gls(y, ones, V).criterion

    here = criterion(r.one)
    for i in range(4):
        for step in (-0.02, 0.02):
            moved = np.array(r.one) + step * (np.eye(4)[i] - 0.25)
            if moved.min() >= 0 and moved[3] > 1e-4:
                assert criterion(moved) > here - 1e-4, (state, moved, r.one)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("variance_partition", 4):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("variance_partition", 120, seed=2):
        holds(state, r, words)


def test_the_effects_shown_are_those_the_first_gene_was_made_with():
    r = result(tissues=3, count=2)
    y, effects = draw_genes(r.design, r.truth, 2, 1)
    assert r.tissue_effects == pytest.approx(effects["Tissue"][0])
    assert y == pytest.approx(genes(r.design, r.truth, 2, 1))
