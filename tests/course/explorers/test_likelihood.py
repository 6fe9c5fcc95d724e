"""The criterion in a few lines of NumPy against the fitter."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.likelihood.result


@pytest.mark.parametrize("theta", [0.0, 0.3, 1.7, 6.0])
@pytest.mark.parametrize("data", ["simulated mice", "mouse", "sleepstudy"])
def test_criterion_parts_and_effects_are_the_fitters(data, theta):
    r = result(data=data, theta=theta)
    response, predictor, group = r.names
    formula = f"{response} ~ {predictor} + (1 | {group})"
    reml, ml = (lk.lmer(formula, r.data, reml=kind, start=[theta], optimize=False) for kind in (True, False))
    assert r.here.reml == pytest.approx(reml.reml_criterion)
    assert r.here.ml == pytest.approx(ml.deviance)
    assert r.beta == pytest.approx(reml.fixef.to_numpy())
    assert r.sigma == pytest.approx(reml.sigma)
    modes = reml.ranef()[group]["(Intercept)"]
    names = r.data[group].unique()
    assert r.effects == pytest.approx(modes.loc[names].to_numpy(), abs=1e-8)
    assert r.here.residual == pytest.approx((np.asarray(reml.resid()) ** 2).sum())


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_the_optimiser_ends_at_the_lowest_point_of_the_curve(criterion):
    r = result(criterion=criterion)
    curve = r.along.reml if criterion == "REML" else r.along.ml
    assert r.lowest <= curve.min()
    assert curve.min() - r.lowest < 0.01
    assert r.trail[-1] == pytest.approx(r.theta_hat, rel=1e-4)
    there = result(criterion=criterion, theta=round(r.theta_hat, 3))
    assert there.above < 0.005 and "lowest it gets" in explorers.likelihood.sentence(there)


def holds(state, r, words):
    """The criterion and the SDs by whole matrices, and its lowest point by a grid."""
    response, predictor, group = r.names
    y, x = r.data[response].to_numpy(float), r.data[predictor].to_numpy(float)
    codes = np.unique(r.data[group].astype(str), return_inverse=True)[1]
    X = np.column_stack([np.ones_like(x), x])
    reml = state["criterion"] == "REML"
    there = brute.gls(y, X, np.eye(len(y)) + state["theta"] ** 2 * (codes[:, None] == codes), reml=reml)
    best = brute.intercepts(y, X, codes, reml)
    theta, sd, sigma = found(f"At θ = # the {group} effects have an SD of #, the residual SD is #", words)
    assert same(theta, state["theta"]) and same(sd, state["theta"] * np.sqrt(there.sigma2))
    assert same(sigma, np.sqrt(there.sigma2))
    name = "the REML criterion" if reml else "the deviance (ML)"
    assert same(found(f"{name} is #", words)[0], there.criterion), (state, words)
    above = there.criterion - best.criterion
    if "which is the lowest it gets" in words:
        assert above < 0.0051
        assert found("optimiser's # step", words)[0] == len(r.trail)
    else:
        assert same(found("# above the lowest", words)[0], above, room=1e-4), (
            state,
            words,
        )
    assert ("beyond the slider" in words) == (best.theta > 6 and above >= 0.005)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("likelihood", 10):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("likelihood", 200, seed=2):
        holds(state, r, words)


def test_a_table_of_the_readers():
    mouse = lk.load_data("mouse").rename(columns={"Weight": "body mass"})
    r = result(mouse, "body mass", "Dose", "Strain", theta=1.0)
    fit = lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse"))
    assert r.theta_hat == pytest.approx(float(fit.theta[0]), rel=1e-4) and r.names[0] == "body mass"
    with pytest.raises(lk.DataError, match="has 1 group with complete rows; two are needed"):
        result(mouse.assign(Strain="m1"), "body mass", "Dose", "Strain")
