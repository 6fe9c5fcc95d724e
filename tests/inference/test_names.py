"""Names of the user's own that are also ours: nothing is lost, doubled or overwritten."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.inference.parameters import parameter_values

matplotlib.use("Agg")
OURS = ["sigma", ".sigma", "Residual", "Residuals", ".Residuals", "estimate", "df", "fit", "row", "group", "term",
        "level", "hat", "cooksd", "_hat", "_fitted", "(Intercept)", "dfbetas_num", "response", "grp"]  # fmt: skip
FORMULA = "{out} ~ {num} + {fac} + ({num} | {grp})"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {"num": rng.normal(size=96), "fac": np.tile(list("pqr"), 32), "grp_": np.repeat(range(12), 8)}
    )
    spread = np.repeat(rng.normal(size=12), 8)
    noise = rng.normal(size=96)
    return table.assign(out=1 + 0.5 * table["num"] + (table["fac"] == "q") + spread + noise)


def fitted(data, role=None, name=None, function=lk.lmer):
    columns = {"out": "out", "num": "num", "fac": "fac", "grp_": "grp_"}
    if role is not None:
        data, columns[role] = data.rename(columns={role: name}), f"`{name}`"
    columns["grp"] = columns.pop("grp_")
    formula = FORMULA.format(**columns)
    return function(formula if function is lk.lmer else formula.rsplit(" + ", 1)[0], data)


def sorted_numbers(table):
    return np.sort(pd.DataFrame(table).select_dtypes("number").to_numpy(dtype=float), axis=None)


ASK = {
    "coef_table": lambda fit: fit.coef_table(),
    "wald": lambda fit: fit.confint(method="wald"),
    "tidy": lambda fit: fit.tidy(conf_int=True),
    "augment": lambda fit: fit.augment(),
    "influence": lambda fit: fit.influence(),
    "anova": lambda fit: fit.anova(),
    "parameters": parameter_values,
    "bootstrap": lambda fit: fit.bootstrap(2, seed=1, progress=False).replicates,
}
ASK_MIXED = ASK | {
    "varcorr": lambda fit: fit.varcorr.frame,
    "ran_pars": lambda fit: fit.tidy(["ran_pars", "ran_vals"]),
    "partition": lambda fit: fit.variance_partition(),
    "coef": lambda fit: next(iter(fit.coef().values())),
    "by group": lambda fit: fit.influence(by=fit.ngroups.index[0]),
}


CASES = [
    (lk.lmer, "num"),
    (lk.lmer, "fac"),
    (lk.lmer, "grp_"),
    (lk.lmer, "out"),
    (lk.lm, "num"),
    (lk.lm, "fac"),
    (lk.lm, "out"),
]


@pytest.mark.parametrize("names", [OURS[::5], pytest.param(OURS, marks=pytest.mark.slow)], ids=["few", "all"])
@pytest.mark.parametrize(("function", "role"), CASES)
def test_every_table_holds_the_numbers_that_it_holds_under_other_names(data, function, role, names):
    asked = ASK_MIXED if function is lk.lmer else ASK
    plain = fitted(data, function=function)
    right = {what: sorted_numbers(ask(plain)) for what, ask in asked.items()}
    for name in names:
        fit = fitted(data, role, name, function)
        for what, ask in asked.items():
            table = ask(fit)
            where = f"{what}, {role} called {name}"
            np.testing.assert_allclose(
                sorted_numbers(table), right[what], rtol=2e-5, atol=1e-7, err_msg=where
            )
            if what in ("wald", "parameters", "partition", "coef_table"):
                assert table.index.is_unique, where
            elif what in ("augment", "influence", "bootstrap"):
                assert table.columns.is_unique, where


def test_profile_limits_of_a_predictor_called_sigma(data):
    renamed = data.rename(columns={"num": "sigma"})
    fits = lk.lmer("out ~ num + (1 | grp_)", data), lk.lmer("out ~ sigma + (1 | grp_)", renamed)
    plain, own = (fit.confint() for fit in fits)
    assert list(own.index) == ["sd_(Intercept)|grp_", ".sigma", "(Intercept)", "sigma"]
    np.testing.assert_allclose(own, plain, rtol=1e-4, atol=1e-5)
    with pytest.raises(lk.ModelError, match="no parameter"):
        fits[0].confint(parm=".sigma")


def test_leaving_out_groups_keeps_sigma_and_a_predictor_of_that_name(data):
    found = fitted(data, "num", "sigma").influence(by="grp_", refit=True, progress=False)
    plain = fitted(data).influence(by="grp_", refit=True, progress=False)
    np.testing.assert_allclose(found[".sigma"], plain["sigma"], rtol=1e-5)
    np.testing.assert_allclose(found["dfbetas_sigma"], plain["dfbetas_num"], rtol=1e-3, atol=1e-5)


def test_a_number_that_is_also_a_grouping_factor_has_two_shares(data):
    doses = data.assign(dose=np.tile(np.repeat([0, 1, 2, 4], 2), 12))
    shares = lk.lmer("out ~ dose + (1 | dose) + (1 | grp_)", doses).variance_partition()
    assert list(shares.index) == ["(1 | dose)", "grp_", "dose", "Residuals"]
    assert shares.sum() == pytest.approx(1)


def test_coefficients_of_one_name_are_told_apart():
    """R calls both fab; level b of fa, and level ab of f."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(
        {
            "fa": np.tile(list("cb"), 24),
            "f": np.tile(["aa", "aa", "ab", "ab"], 12),
            "g": np.repeat(range(6), 8),
        }
    )
    data["y"] = rng.normal(size=48) + (data["f"] == "ab") + 3 * (data["fa"] == "c")
    data["fa"] = pd.Categorical(data["fa"], ["c", "b"])
    for fit in (lk.lmer("y ~ fa + f + (1 | g)", data), lk.lm("y ~ fa + f", data)):
        assert list(fit.fixef.index) == ["(Intercept)", "fab", "fab.1"]
        assert fit.confint(method="wald").index.is_unique and parameter_values(fit).index.is_unique
        assert fit.tidy(conf_int=True).shape[0] == 3
        np.testing.assert_allclose(fit.anova(type=3)["statistic"], fit.anova(type=2)["statistic"], rtol=1e-6)
        np.testing.assert_allclose(
            fit.anova(type=3)["statistic"], fit.coef_table()["statistic"].iloc[1:] ** 2, rtol=1e-6
        )


def test_rows_of_one_label_stay_single(data):
    twice = pd.concat([data, data.assign(out=data["out"] + 0.1)])
    for fit in (fitted(twice), fitted(twice, function=lk.lm)):
        assert len(fit.augment()) == len(fit.influence()) == len(twice)
        np.testing.assert_allclose(fit.augment()["_fitted"] + fit.augment()["_resid"], twice["out"])


def test_groups_whose_distinct_names_would_meet():
    """R: make.unique(c("g", "g", "g.1"))."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(range(8), 10), "x": rng.normal(size=80), "y": rng.normal(size=80)})
    data["g.1"] = np.tile(range(10), 8)
    fit = lk.lmer("y ~ x + (1 | g) + (0 + x | g) + (1 | `g.1`)", data)
    assert sorted(part.group for part in fit.varcorr.components) == ["g", "g.1", "g.2"]
    assert fit.varcorr.frame.groupby("grp").size().sum() == 4
