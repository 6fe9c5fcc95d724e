"""What the appendix says of the lectures' own numbers, computed from the data."""

import numpy as np

import lmmkit as lk


def test_three_draws_have_other_rows_and_one_fit():
    """“nobody can have the same rows again without the seed, but everybody can have the same fit”
    “Means, variances and correlation are exact in every draw.”
    “Three seeds give three sets of rows, and one fit.”
    """
    draws = [lk.simulate_simpson(seed=seed) for seed in (1, 2, 3)]
    assert np.abs(draws[0]["V1"] - draws[1]["V1"]).max() > 0.1 < np.abs(draws[1]["V1"] - draws[2]["V1"]).max()
    moments = [
        np.hstack([rows.groupby("Group", observed=True)[["V1", "V2"]].agg(["mean", "var"]).to_numpy().ravel(),
                   [mine["V1"].corr(mine["V2"]) for _, mine in rows.groupby("Group", observed=True)]])
        for rows in draws
    ]  # fmt: skip
    np.testing.assert_allclose(moments[1:], [moments[0]] * 2, atol=1e-9)
    criteria = [lk.lmer("V2 ~ V1 + (1 | Group)", rows).reml_criterion for rows in draws]
    np.testing.assert_allclose(criteria, criteria[0], atol=1e-6)
