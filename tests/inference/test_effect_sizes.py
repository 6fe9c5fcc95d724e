"""Effect sizes, reference grid and letters: against R 4.2.2 with emmeans 1.8.4-1 and lme4 1.1-31."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.inference.compact_letters import letters


def test_effect_sizes_of_a_linear_model_are_those_of_emmeans():
    fit = lk.lm("Weight ~ factor(Dose)", lk.load_data("mouse"))
    found = lk.eff_size(fit, "Dose")[["effect_size", "std_error", "df", "conf_low", "conf_high"]].head(3)
    expected = [
        [0.6588249, 0.45469315, 45, -0.25697410, 1.5746239], [1.5826504, 0.47932660, 45, 0.61723706, 2.5480637],
        [2.9336329, 0.58789835, 45, 1.74954485, 4.1177210],
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_effect_sizes_of_a_mixed_model_are_those_of_emmeans():
    fit = lk.lmer("mass ~ implant + (1 | nest)", lk.load_data("implants"))
    total = lk.eff_size(fit, "implant", edf=20)
    assert total[["effect_size", "std_error"]].iloc[0].tolist() == pytest.approx(
        [-0.3078734, 0.13265953], rel=1e-5
    )
    residual = lk.eff_size(fit, "implant", sigma="residual")
    assert residual[["effect_size", "std_error"]].iloc[0].tolist() == pytest.approx(
        [-0.32207891, 0.12994785], rel=1e-5
    )
    assert "(residual), taken as known with 236 degrees" in residual.notes[-1]
    # A number, and the R vignette's careful choice of degrees of freedom: the smallest of the means'.
    given = lk.eff_size(fit, "implant", sigma=48.818767)
    assert "27.11 degrees" in given.notes[-1] and "(given)" in given.notes[-1]
    assert given["effect_size"].iloc[0] == pytest.approx(total["effect_size"].iloc[0], rel=1e-6)


def test_effect_sizes_within_levels():
    data = lk.load_data("implants")
    fit = lk.lmer("mass ~ implant * factor(day) + (1 | nest/chick)", data)
    within = lk.eff_size(fit, "implant", by="day", sigma=10, edf=1e9)
    pairs = lk.emmeans(fit, "implant", by="day", contrasts="pairwise")
    np.testing.assert_allclose(within["effect_size"], pairs["estimate"] / 10)
    np.testing.assert_allclose(within["std_error"], pairs["std_error"] / 10, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"sigma": 0}, "or a positive number"), ({"sigma": "sd"}, "sigma must be one of"),
     ({"edf": -1}, "edf must be a positive number"), ({"contrasts": "odd"}, "contrasts")],
)  # fmt: skip
def test_effect_sizes_refuse(options, sentence):
    fit = lk.lm("Weight ~ factor(Dose)", lk.load_data("mouse"))
    with pytest.raises(lk.ModelError, match=sentence):
        lk.eff_size(fit, "Dose", **options)


def test_a_generalised_model_has_effects_without_a_unit():
    fit = lk.glm("cbind(infected, cows - infected) ~ season", lk.load_data("herds"), "binomial")
    with pytest.raises(lk.ModelError, match="have no unit already"):
        lk.eff_size(fit, "season")


def test_the_reference_grid_is_that_of_emmeans():
    fit = lk.lmer("mass ~ implant * factor(day) + (1 | nest/chick)", lk.load_data("implants"))
    table = lk.ref_grid(fit)
    first = table[table["day"] == 4]
    assert table["n"].tolist() == [30] * 8
    np.testing.assert_allclose(first["estimate"], [257.94333, 268.05667], rtol=1e-7)
    np.testing.assert_allclose(first[["std_error", "df"]], [[5.1045145, 18.28]] * 2, rtol=3e-4)
    herds = lk.load_data("herds")
    counts = lk.glmer("infected ~ season + offset(log(cows)) + (1 | herd)", herds, "poisson")
    grid = lk.ref_grid(counts)
    assert grid["n"].tolist() == herds["season"].value_counts().loc[grid["season"]].tolist()
    np.testing.assert_allclose(grid["estimate"], lk.emmeans(counts, "season")["estimate"])
    assert lk.ref_grid(fit, at={"day": [0, 8]})["day"].unique().tolist() == [0, 8]


def test_letters_say_exactly_what_differs():
    rng = np.random.default_rng(1)
    for m in (1, 2, 3, 5, 8):
        for share in (0.0, 0.2, 0.5, 0.9, 1.0):
            differ = np.triu(rng.random((m, m)) < share, 1)
            differ |= differ.T
            texts = letters(differ)
            together = [[bool(set(a) & set(b)) for b in texts] for a in texts]
            np.testing.assert_array_equal(together, ~differ)


def test_letters_of_means():
    fit = lk.glmer(
        "cbind(infected, cows - infected) ~ season + (1 | herd)", lk.load_data("herds"), "binomial"
    )
    table = lk.cld(fit, "season", kind="response")
    # R: only spring and winter have p > 0.05 (0.732)
    assert table["season"].tolist() == ["winter", "spring", "autumn", "summer"]
    assert table["letters"].tolist() == ["a", "a", "b", "c"]
    assert lk.cld(fit, "season", alpha=1e-5)["letters"].tolist() == ["a", "a", "ab", "b"]
    assert "no sign that they are equal" in table.notes[-1]
    many = pd.DataFrame({"y": np.arange(8.0) % 3, "f": list("aabbccdd"), "h": list("uvuvuvuv")})
    within = lk.cld(lk.lm("y ~ f + h", many), "f", by="h")
    assert within.groupby("h")["letters"].unique().map(list).tolist() == [["a"], ["a"]]
