"""The criterion in a few lines of NumPy against the fitter."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers

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
    assert r.trail[-1] == pytest.approx(r.theta_hat)
    there = result(criterion=criterion, theta=round(r.theta_hat, 3))
    assert there.above < 0.005 and "lowest it gets" in explorers.likelihood.sentence(there)
