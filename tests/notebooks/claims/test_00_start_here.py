"""What the first page says of the sleep study."""

import numpy as np
import pytest

import lmmkit as lk


@pytest.fixture(scope="module")
def sleep():
    return lk.load_data("sleepstudy")


@pytest.fixture(scope="module")
def own_lines(sleep):
    """Each driver's own regression: level on day 0 and slope."""
    return {
        driver: np.polyfit(rows["Days"], rows["Reaction"], 1) for driver, rows in sleep.groupby("Subject")
    }


def test_a_row_is_a_driver_on_a_day(sleep):
    """“Eighteen lorry drivers were allowed three hours of sleep a night” and “A row of the table is one driver on
    one day: the average of that day's tests”"""
    assert sleep["Subject"].nunique() == 18
    assert not sleep.duplicated(["Subject", "Days"]).any()
    assert sorted(set(sleep["Days"])) == list(range(10))
    about = lk.data_info("sleepstudy")
    assert "three hours a night" in about.description
    assert "average reaction time of the day" in str(about)


def test_the_average_driver_slows_down(sleep):
    """“gets slower by … ms a day. The drivers' own slopes scatter around this average with a standard
    deviation of … ms a day.” and “The average driver gets slower by about ten milliseconds with each day of
    the study.”"""
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
    # R 4.2.2, lme4 1.1-31: fixef and VarCorr of lmer(Reaction ~ Days + (Days | Subject), sleepstudy)
    assert fit.fixef["Days"] == pytest.approx(10.46729, abs=5e-5)
    assert fit.varcorr.frame["sdcor"].iloc[1] == pytest.approx(5.922138, abs=5e-4)


def test_drivers_differ_in_start_and_in_slope(own_lines):
    """“Some begin quicker than others, and some hardly slow down.” and “Most of them become slower from day to day.”"""
    starts = [start for _, start in own_lines.values()]
    slopes = [slope for slope, _ in own_lines.values()]
    assert min(starts) < 251.4 - 24.7 < 251.4 + 24.7 < max(starts)  # further than one SD of the drivers
    assert sum(slope < np.mean(slopes) / 4 for slope in slopes) >= 2
    assert sum(own_lines[driver][0] > 0 for driver in ("308", "309", "330", "335", "337", "370")) == 5
    # R 4.2.2: coef(lm(Reaction ~ Days)) of each driver: starts 203.4842 to 290.1041, slope of 335 -2.881034
    assert (min(starts), max(starts)) == pytest.approx((203.4842, 290.1041), abs=1e-4)
    assert min(slopes) == pytest.approx(-2.881034, abs=1e-6)


def test_five_chicks_make_forty_weighings():
    """“You weigh each of them eight times, forty weighings in all.”"""
    assert 5 * 8 == 40  # six chicks, weighed equally often, could not give forty
