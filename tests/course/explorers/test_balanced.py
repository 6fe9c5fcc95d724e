"""The formulas of the balanced design against real fits."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course.explorers.balanced import TwoArms


def data(design: TwoArms, sd: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    units = np.repeat(np.arange(2 * design.units), design.times)
    y = sd * rng.standard_normal(2 * design.units)[units] + rng.standard_normal(len(units))
    arm = np.where(units < design.units, "A", "B")
    return pd.DataFrame({"y": y, "arm": arm, "unit": units.astype(str)})


@pytest.mark.parametrize("sd", [0.0, 1.0])
@pytest.mark.parametrize("design", [TwoArms(3, 4), TwoArms(5, 2)])
def test_sums_of_squares_say_what_the_fits_say(design, sd):
    for seed in range(3):
        frame = data(design, sd, seed)
        s = design.sums(frame["y"].to_numpy())
        row = lk.lmer("y ~ arm + (1 | unit)", frame).coef_table().loc["armB"]
        mean_square, df = design.reml(s)
        assert row["std_error"] == pytest.approx(np.sqrt(4 * mean_square / design.rows), rel=1e-6)
        assert row["df"] == pytest.approx(df, rel=1e-4)
        assert row["statistic"] ** 2 == pytest.approx(s.arms / mean_square, rel=1e-6)
        fits = [lk.lmer(f"y ~ {rhs} + (1 | unit)", frame, reml=False) for rhs in ("1", "arm")]
        assert design.lrt(s) == pytest.approx(fits[0].deviance - fits[1].deviance, abs=1e-6)
        line = lk.lm("y ~ arm", frame)
        assert design.pooled(s) == pytest.approx(line.sigma**2)
        unit, error = design.null_variances(s)
        assert error == pytest.approx(fits[0].sigma ** 2, rel=1e-5)
        tau2 = float(fits[0].theta[0] ** 2) * fits[0].sigma ** 2
        assert unit == pytest.approx(error + design.times * tau2, rel=1e-5)


def test_drawn_sums_have_the_moments_of_simulated_data():
    design, sd = TwoArms(4, 3), 0.7
    drawn = design.draw(np.random.default_rng(1), (4000,), 3 * sd**2 + 1, 1.0)
    made = [design.sums(data(design, sd, seed)["y"].to_numpy()) for seed in range(600)]
    for part in ("arms", "between", "within"):
        a = getattr(drawn, part)
        b = np.array([getattr(s, part) for s in made])
        spread = np.sqrt(a.var() / len(a) + b.var() / len(b))
        assert abs(a.mean() - b.mean()) < 4 * spread
