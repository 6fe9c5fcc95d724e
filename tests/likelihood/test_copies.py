"""The Hessian along the fixed effects: copies of the data in one pass, and neighbours one by one."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.likelihood import copies


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    g, x, z = np.repeat(np.arange(12), 8), rng.normal(size=96), rng.normal(size=96)
    mean = np.exp(0.4 + 0.3 * x + rng.normal(0, 0.6, 12)[g])
    return pd.DataFrame({"g": g.astype(str), "x": x, "z": z, "y": rng.poisson(mean), "w": 1 + rng.random(96)})


@pytest.mark.parametrize(
    "formula, family, options",
    [
        ("y ~ x + z + (1 | g)", "poisson", {}),
        ("y ~ x + z + (x | g)", "poisson", {"weights": "w"}),
        ("y ~ x + z + (1 | g)", "negative_binomial", {}),
        ("(y > 1) ~ x + z + (1 | g)", lk.families.Binomial(link="probit"), {}),
        ("(y > 1) ~ x + z + (1 | g)", "binomial", {"n_agq": 7}),
    ],
)
def test_copies_tell_what_neighbours_tell(counts, formula, family, options, monkeypatch):
    together = lk.glmer(formula, counts, family, **options)
    monkeypatch.setattr(copies, "MOST", 0)
    apart = lk.glmer(formula, counts, family, **options)
    assert together.estimate.objective == pytest.approx(apart.estimate.objective, rel=1e-12)
    np.testing.assert_allclose(together.vcov, apart.vcov, rtol=1e-6)


def test_only_a_single_grouping_factor_has_copies_without_common_levels(counts):
    one, two = (
        lk.glmer(f"y ~ x + (1 | g){more}", counts.assign(h=list("abcd") * 24), "poisson")
        for more in ("", " + (1 | h)")
    )
    layouts = [fit.estimate.conditional_cov.args[0].layout for fit in (one, two)]
    assert [copies.suits(layout, 2) for layout in layouts] == [True, False]
