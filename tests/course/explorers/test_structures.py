"""Correlation in time: three structures, fitted in closed form."""

import re

import numpy as np
import pytest
from scipy.optimize import minimize

from lmmkit.course import explorers
from lmmkit.course.explorers._structures import AR1, CS, FADING, SAME, TRUTHS, TWO_KINDS, US, compute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.structures.result


# R 4.2.2, nlme 3.1-162: gls(y ~ factor(time), correlation = corCompSymm / corAR1 / corSymm (with varIdent),
# method = "ML"): AIC, the first correlation, sigma (of the first time).
@pytest.mark.parametrize(
    ("state", "r"),
    [
        ({}, {
            CS: (309.941361181, 0.517260514, 1.002843585),
            AR1: (279.882001513, 0.7553175003, 1.03325413),
            US: (296.443941021, 0.6511983854, 1.213949785),
        }),
        ({"truth": SAME, "rho": 0.4, "times": 4, "animals": 12, "seed": 7}, {
            CS: (125.409060797, 0.4239605173, 0.8751779492),
            AR1: (124.362922844, 0.4810920561, 0.8609033701),
            US: (124.190363055, 0.5891067353, 0.6121768893),
        }),
    ],
)  # fmt: skip
def test_fits_are_those_of_gls(state, r):
    fits = result(**state).fits
    for name, (aic, correlation, sd) in r.items():
        fit = fits[name]
        assert fit.aic == pytest.approx(aic, abs=1e-6)
        assert fit.correlation[0, 1] == pytest.approx(correlation, abs=1e-5)
        assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(sd, rel=1e-5)


@pytest.mark.parametrize("truth", TRUTHS)
def test_true_correlations(truth):
    cor = result(truth=truth, rho=0.5, times=5).correlation
    first = {SAME: [0.5] * 4, FADING: [0.5, 0.25, 0.125, 0.0625], TWO_KINDS: [0.15, 0.5, 0.15, 0.5]}[truth]
    assert cor[0, 1:] == pytest.approx(first)
    assert cor == pytest.approx(cor.T) and np.linalg.eigvalsh(cor).min() > 0


def test_the_lines_move_with_the_handle_and_not_by_chance():
    """Animals keep their noise: at rho 0 the values are it, and one animal more changes none of the others."""
    noise = result(rho=0.0).values
    dragged = result(rho=0.8).values
    assert dragged[:, 0] == pytest.approx(noise[:, 0])
    assert dragged[:, 1] == pytest.approx(0.8 * noise[:, 0] + 0.6 * noise[:, 1])
    assert result(animals=21, rho=0.8).values[:20] == pytest.approx(dragged)


def test_the_true_standard_error_is_that_of_many_studies():
    r = result(truth=FADING, rho=0.6, times=5, animals=8)
    rng = np.random.default_rng(1)
    values = rng.multivariate_normal(np.zeros(5), r.correlation, (20_000, 8))
    slopes = np.polyfit(np.arange(5), values.mean(1).T, 1)[0]
    assert r.se == pytest.approx(slopes.std(), rel=0.02)


def test_compound_symmetry_claims_too_much_where_correlation_fades():
    """On average over studies; and AR(1) too little where it does not."""
    claims = {
        truth: np.mean(
            [[compute(truth, 0.7, seed=s).fits[n].se for n in (CS, AR1, US)] for s in range(60)], 0
        )
        / compute(truth, 0.7).se
        for truth in (FADING, SAME)
    }
    assert claims[FADING][0] < 0.8 and claims[SAME][1] > 1.5
    assert claims[FADING][1:] == pytest.approx(1, abs=0.1)
    assert claims[SAME][[0, 2]] == pytest.approx(1, abs=0.1)


def test_aic_is_too_kind_to_unstructured_where_animals_are_few():
    """What the sentence says below two animals a time: how often AIC prefers it to the truth, AR(1)."""
    few, many = (
        np.mean([compute(animals=animals, seed=seed).best == US for seed in range(100)])
        for animals in (8, 20)
    )
    assert few > 0.25 and many < 0.1


def test_no_more_animals_than_times_leave_no_unstructured_fit():
    r = result(times=8, animals=8)
    assert set(r.fits) == {CS, AR1}
    assert "unstructured needs more animals than there are times (8)" in explorers.structures.sentence(r)
    assert "us: not possible" in drawn(r) and US in result(times=8, animals=9).fits


def drawn(r):
    from lmmkit.course.explorers import style

    figure = style.new_figure(explorers.structures.size)
    explorers.structures.picture(r, figure)
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def dense(values, covariance):
    """-2 log-likelihood about the sample means."""
    rest = values - values.mean(0)
    _, logdet = np.linalg.slogdet(2 * np.pi * covariance)
    return len(rest) * logdet + np.sum(rest.T * np.linalg.solve(covariance, rest.T))


def searched(values, name):
    """The lowest -2 log-likelihood over one variance and one correlation, and its covariance."""
    times = values.shape[1]
    lag = np.abs(np.subtract.outer(np.arange(times), np.arange(times)))
    low = -1 / (times - 1) if name == CS else -1.0

    def covariance(at):
        rho = low + (1 - low) * (1 + np.tanh(at[1])) / 2
        return np.exp(at[0]) * (rho**lag if name == AR1 else np.where(lag == 0, 1.0, rho))

    options = {"xatol": 1e-8, "fatol": 1e-9, "maxiter": 1000}
    ends = [minimize(lambda at: dense(values, covariance(at)), (0.0, start), method="Nelder-Mead", options=options)
            for start in (-0.5, 1.0)]  # fmt: skip
    best = min(ends, key=lambda end: end.fun)
    return best.fun, covariance(best.x)


def holds(state, r, words):
    """Every number of the sentence, computed another way."""
    animals, times, rho = state["animals"], state["times"], state["rho"]
    if state["truth"] == TWO_KINDS:
        told = found("or two evenings, are correlated by #, a morning and an evening by #.", words)
        wanted = rho, 0.3 * rho
    else:
        told = found("correlated by # with the next and by # with the last", words)
        wanted = (rho, rho) if state["truth"] == SAME else (rho, rho ** (times - 1))
    assert same(told[0], wanted[0]) and same(told[1], wanted[1])
    fits = {name: searched(r.values, name) for name in (CS, AR1)}
    aic = {name: value + 2 * (times + 2) for name, (value, _) in fits.items()}
    covariances = {name: covariance for name, (_, covariance) in fits.items()}
    if animals > times:
        s = np.cov(r.values.T, bias=True)
        aic[US] = dense(r.values, s) + 2 * times + times * (times + 1)
        covariances[US] = s
    best = min(aic, key=aic.__getitem__)
    assert f"From {animals} animals AIC prefers {best}, by" in words
    for name in aic.keys() - {best}:
        assert same(found(f"by # over {name}", words)[0], aic[name] - aic[best], 1, room=1e-4), (state, words)
    assert ("too kind" in words) == (times < animals < 2 * times)
    assert ("unstructured needs more animals" in words) == (animals <= times)
    at = np.arange(times) - (times - 1) / 2
    spread = {name: np.sqrt(at @ covariance @ at) for name, covariance in covariances.items()}
    true = np.sqrt(at @ r.correlation @ at)
    assert same(found("standard error of the mean slope, #,", words)[0], true / (at @ at) / animals**0.5, 3)
    for name, share in spread.items():
        told_share = int(re.search(rf"{re.escape(name)} claims (\d+)%", words)[1])
        assert same(told_share, 100 * share / true, 0, room=0.02), (state, name, words)


def test_sentences_of_many_states():
    for state, r, words in sweep("structures", 6):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_still_more_states():
    for state, r, words in sweep("structures", 60, seed=2):
        holds(state, r, words)
