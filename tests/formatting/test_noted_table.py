"""Tables that carry sentences."""

import pandas as pd

import lmmkit as lk
from lmmkit.formatting.noted_table import Table


def test_notes_survive_what_people_do_with_tables():
    table = Table({"x": [1.234, 2.0]}, notes=["Mind the gap."])
    for other in (table.round(1), table.loc[[0]], table.set_axis(["a", "b"]), table.copy(), table[["x"]]):
        assert other.notes == ["Mind the gap."]
    assert repr(table).endswith("Mind the gap.")
    assert table._repr_html_().endswith("<p>Mind the gap.</p>")


def test_without_notes_it_is_a_plain_table():
    table = Table({"x": [1.0]})
    assert table.notes == [] and repr(table) == repr(pd.DataFrame({"x": [1.0]}))


def test_notes_are_escaped():
    assert "&lt;b&gt;" in Table({"x": [1]}, notes=["a <b>"])._repr_html_()


def test_p_values_are_shown_in_three_decimals_and_kept_in_full():
    table = Table({"p_value": [3e-20, 0.0, 0.0496, None], "x": [1e-20, 0.0, 1.0, 2.0]}, index=list("abcd"))
    lines = repr(table).splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["<0.001", "<0.001", "0.050", "NaN"]
    assert "&lt;0.001" in table._repr_html_() and "0.050" in table._repr_html_()
    assert table["p_value"].iloc[0] == 3e-20 and table["p_value"].dtype == float
    assert "<0.001" in repr(table.round(3)) and "<0.001" in repr(table[["p_value"]].head(1))


def test_the_tables_of_a_model_show_no_p_value_as_nought():
    data = lk.load_data("sleepstudy")
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", data)
    other = lk.lmer("Reaction ~ 1 + (Days | Subject)", data)
    ticks = lk.glmer("ticks ~ year + (1 | park)", lk.load_data("ticks"), "poisson")
    for table in (
        fit.coef_table(), fit.tidy(), fit.anova(), fit.drop1(), lk.anova(other, fit), ticks.coef_table(),
        lk.emmeans(ticks, "year", contrasts="pairwise"), lk.kr_modcomp(fit, other),
    ):  # fmt: skip
        assert "<0.001" in repr(table.round(3))


def test_no_way_of_showing_a_table_makes_a_p_value_nought():
    table = Table({"estimate": [1.5, 2.5], "p_value": [3e-20, 0.0496]}, index=["Days", "Age"]).round(4)
    for shown in (
        table.to_string(),
        table.T.to_string(),
        repr(table.T),
        table.to_html(),
        table.T._repr_html_(),
    ):
        shown = shown.replace("&lt;", "<")
        assert "<0.001" in shown and "0.050" in shown and "0.000" not in shown
        assert "1.5" in shown
    assert table.T.loc["p_value", "Days"] == 0.0 and table.T.dtypes.eq(float).all()


def test_the_tests_of_many_fits_show_no_p_value_as_nought():
    genes, samples = lk.load_data("genexpr").head(2), lk.load_data("genexpr_info")
    genes = genes + 5 * samples.set_index("ID")["Age"]  # age decides all
    tests = lk.fit_many(genes, "~ Age + (1 | Individual)", samples, progress=False).tests("Age")
    assert repr(tests.round(3)).count("<0.001") == 4 and (tests["p_value"] > 0).all()


def test_what_is_called_p_is_no_p_value():
    comparison = Table({"loglik": [-987.9, -888.9], "p_value": [None, 2e-9]}, index=["p", "n"])
    assert "-987.9" in repr(comparison) and "<0.001" in repr(comparison)
    limits = Table({"conf_low": [-0.5], "conf_high": [0.25]}, index=["p"])
    assert "-0.5 " in repr(limits)
    on_its_side = Table({"Days": [0.25, 3e-9]}, index=["estimate", "p_value"])
    assert "<0.001" in repr(on_its_side)


def test_long_names_are_not_cut_off():
    name = "diag(0 + Machine | Worker, hom = TRUE) for ar1(0 + Machine | Worker)"
    table = Table({"p_value": [0.5]}, index=[name])
    assert name in repr(table) and name in table._repr_html_()
