"""Dates and times in a formula: levels where they group, days where they are numbers."""

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

START = pd.Timestamp("2024-02-27")
#: Days from 1970-01-01 to START: as.numeric(as.Date("2024-02-27")) in R 4.2.2.
START_IN_DAYS = 19780


def kinds() -> dict[str, pd.Series]:
    """The days of the sleep study as dates of every kind."""
    days = pd.Series(START + pd.to_timedelta(lk.load_data("sleepstudy")["Days"], unit="D"))
    return {
        "datetime64": days,
        "seconds": days.astype("datetime64[s]"),
        "with a zone": days.dt.tz_localize("Europe/Berlin"),
        "date": days.dt.date,
        "datetime": pd.Series([stamp.to_pydatetime() for stamp in days], dtype=object),
        "period": days.dt.to_period("D"),
        "category": days.astype("category"),
    }


def dated(kind: str) -> pd.DataFrame:
    return lk.load_data("sleepstudy").assign(day=kinds()[kind])


@pytest.fixture(scope="module")
def sleepstudy() -> pd.DataFrame:
    return lk.load_data("sleepstudy")


@pytest.mark.parametrize("kind", kinds())
def test_dates_group_as_numbers_do(kind, sleepstudy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = lk.lmer("Reaction ~ 1 + (1 | Subject) + (1 | day)", dated(kind))
    right = lk.lmer("Reaction ~ 1 + (1 | Subject) + (1 | Days)", sleepstudy)
    assert fit.reml_criterion == pytest.approx(right.reml_criterion, abs=1e-9)
    assert [str(level)[:10] for level in fit.ranef()["day"].index[:3]] == [
        "2024-02-27",
        "2024-02-28",
        "2024-02-29",
    ]
    new = dated(kind).iloc[[3, 12]]
    assert fit.predict(new).to_numpy() == pytest.approx(fit.fitted.iloc[[3, 12]].to_numpy())


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind != "category"])
def test_dates_count_days_as_predictors(kind, sleepstudy):
    fit = lk.lmer("Reaction ~ day + (1 | Subject)", dated(kind))
    right = lk.lmer("Reaction ~ Days + (1 | Subject)", sleepstudy)
    intercept, slope = right.fixef
    assert fit.fixef["day"] == pytest.approx(slope, rel=1e-8)
    assert fit.fixef["(Intercept)"] == pytest.approx(intercept - START_IN_DAYS * slope, rel=1e-8)
    assert fit.predict(dated(kind)).to_numpy() == pytest.approx(right.fitted.to_numpy())
    assert "1970-01-01" in fit.messages[0]
    assert lk.emmeans(fit, "day").estimate.item() == pytest.approx(lk.emmeans(right, "Days").estimate.item())


def test_factor_makes_levels_of_dates(sleepstudy):
    data = dated("datetime64")
    fit = lk.lmer("Reaction ~ factor(day) + (1 | Subject)", data)
    right = lk.lmer("Reaction ~ factor(Days) + (1 | Subject)", sleepstudy)
    assert fit.fixef.to_numpy() == pytest.approx(right.fixef.to_numpy())
    assert fit.fixef.index[3] == "factor(day)2024-03-01"
    assert lk.emmeans(fit, "day").estimate.to_numpy() == pytest.approx(lk.emmeans(right, "Days").estimate)
    assert [text.get_text() for text in fit.plot.fit().get_xticklabels()][:2] == ["2024-02-27", "2024-02-28"]
    one = lk.lmer('Reaction ~ I(day == "2024-03-01") + (1 | Subject)', data)
    assert one.fixef.iloc[1] == pytest.approx(
        lk.lmer("Reaction ~ I(Days == 3) + (1 | Subject)", sleepstudy).fixef.iloc[1]
    )


def test_hours_are_parts_of_a_day_and_spans_are_days():
    hours = pd.DataFrame({"y": [0.0, 1, 2.5, 3], "at": START + pd.to_timedelta([0, 6, 12, 18], unit="h")})
    assert lk.lm("y ~ at", hours).fixef["at"] == pytest.approx(4 * np.polyfit(range(4), hours["y"], 1)[0])
    spans = hours.assign(at=hours["at"] - START)
    fit = lk.lm("y ~ at", spans)
    assert fit.fixef.to_numpy() == pytest.approx(np.polyfit(np.arange(4) / 4, hours["y"], 1)[::-1])
    assert fit.messages == []


def test_times_of_day_are_levels():
    data = lk.load_data("sleepstudy").assign(at=lambda d: [dt.time(8 + day) for day in d["Days"]])
    fit = lk.lmer("Reaction ~ at + (1 | Subject)", data)
    assert fit.fixef.index[1] == "at09:00:00"


def test_missing_dates_are_missing_rows():
    data = dated("datetime64")
    data.loc[[2, 40], "day"] = pd.NaT
    assert lk.lmer("Reaction ~ day + (1 | Subject)", data).nobs == 178
    assert lk.lmer("Reaction ~ 1 + (1 | Subject) + (1 | day)", data).nobs == 178


@pytest.mark.parametrize(
    "formula", ["Reaction ~ day + (1 | day)", "Reaction ~ day + factor(day) + (1 | Subject)"]
)
def test_dates_that_count_and_group_are_refused(formula):
    with pytest.raises(lk.DataError, match="counts days in one place and makes levels in another"):
        lk.lmer(formula, dated("datetime64"))


def test_points_in_time_with_and_without_a_zone_are_refused():
    data = dated("datetime")
    data.loc[0, "day"] = START.tz_localize("UTC").to_pydatetime()
    with pytest.raises(lk.DataError, match="cannot be counted in days"):
        lk.lmer("Reaction ~ day + (1 | Subject)", data)


@pytest.mark.parametrize("made", ["interaction(part, day)", "relevel(day, 2)", "I(day %in% c('2024-02-28'))"])
def test_dates_stay_levels_where_a_formula_makes_factors(made):
    data = dated("datetime64").assign(part=lambda rows: np.where(rows["Days"] % 2, "odd", "even"))
    fit = lk.lmer(f"Reaction ~ {made} + (1 | Subject)", data)
    means = lk.emmeans(
        fit, "day", at={"day": [START + pd.Timedelta(days=1)]} | ({"part": "odd"} if "part" in made else {})
    )
    same = data[data["Days"] == 1].head(1)
    assert means["estimate"].iloc[0] == pytest.approx(fit.predict(same, re_form="~0").iloc[0])
