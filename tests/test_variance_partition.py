"""Variance fractions beside their definition, term by term."""

from __future__ import annotations

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.variance_partition import variance_fractions


def test_each_part_by_its_definition() -> None:
    data = lk.load_data("owl_cort")
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", data, reml=False)
    shares = fit.variance_partition()
    assert list(shares.index) == ["Ring", "Implant", "days", "Implant:days", "Residuals"]
    assert shares.sum() == pytest.approx(1)
    late = data["days"] == "20"
    days = (data["days"] == "2") * fit.fixef["days2"] + late * fit.fixef["days20"]
    intercepts = fit.varcorr["Ring"].to_numpy().item()
    assert shares["days"] / shares["Residuals"] == pytest.approx(np.var(days) / fit.sigma**2)
    assert shares["Ring"] / shares["Residuals"] == pytest.approx(intercepts / fit.sigma**2)


def test_a_random_slope_counts_as_much_as_it_spreads_the_rows() -> None:
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    cov = fit.varcorr["Subject"].to_numpy()
    days = np.arange(10)
    spread = (cov[0, 0] + 2 * days * cov[0, 1] + days**2 * cov[1, 1]).mean()
    shares = variance_fractions(fit)
    assert shares["Subject"] / shares["Residuals"] == pytest.approx(spread / fit.sigma**2)


def test_a_glmm_is_refused() -> None:
    fit = lk.glmer("counts ~ disease + (1 | sample)", lk.load_data("scrna"), "poisson")
    with pytest.raises(lk.ModelError, match=r"see \.r2\(\)"):
        fit.variance_partition()
