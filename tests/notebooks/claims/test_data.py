"""What the dictionary of the data says of the tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

import lmmkit as lk


def each(data, by, column):
    """How many different values of a column the members of a group have."""
    return set(data.groupby(by, observed=True)[column].nunique())


def test_three_rows_are_made_up():
    """“**Real**: `sleepstudy`, and all but three rows of `sleepstudy_plus`.”"""
    real, more = lk.load_data("sleepstudy"), lk.load_data("sleepstudy_plus")
    assert len(more) == len(real) + 3
    assert (more["Reaction"].iloc[:180].to_numpy() == real["Reaction"].to_numpy()).all()


def test_mice():
    """“Ten mice of each strain were given one of five doses and weighed.”"""
    mice = lk.load_data("mouse")
    assert set(mice["Strain"].value_counts()) == {10}
    assert mice["Dose"].nunique() == 5


def test_enzyme():
    """“The variance between samples is estimated as 0: the mixed model then repeats lm.”"""
    samples = lk.load_data("enzyme")
    fit = lk.lmer("Enzyme ~ Pheno + (1 | Sample)", samples)
    assert fit.varcorr.frame["sdcor"].iloc[0] == pytest.approx(0, abs=1e-6)
    assert fit.fixef["Pheno"] == pytest.approx(ols("Enzyme ~ Pheno", samples).fit().params["Pheno"], abs=1e-5)
    assert fit.fixef["Pheno"] == pytest.approx(1.161085, abs=1e-5)  # R 4.2.2, lme4 1.1-31: lm and lmer


def test_clinic():
    """“In women the drug does nothing that shows, in men it does much, so that one common slope describes
    nobody.”"""
    fits = {
        name: ols("Value ~ Dose", rows).fit()
        for name, rows in lk.load_data("clinic").groupby("Gender", observed=True)
    }
    assert fits["F"].pvalues["Dose"] > 0.3 and fits["M"].pvalues["Dose"] < 1e-6
    # R 4.2.2: p of lm(Value ~ Dose) of women 0.639463, of men 2.6653636e-15
    assert fits["F"].pvalues["Dose"] == pytest.approx(0.639463, abs=1e-5)
    assert fits["M"].pvalues["Dose"] == pytest.approx(2.6653636e-15, rel=1e-4)


def test_biomarker():
    """“Over all patients the marker falls with the severity of disease; within each cohort it rises:
    Simpson's paradox.”"""
    patients = lk.load_data("biomarker")
    pooled = np.polyfit(patients["Biomarker"], patients["Disease"], 1)[0]
    assert pooled == pytest.approx(-0.238178842, abs=1e-6)  # R 4.2.2: lm of all patients
    slopes = [
        np.polyfit(rows["Biomarker"], rows["Disease"], 1)[0]
        for _, rows in patients.groupby("Cohort", observed=True)
    ]
    assert min(slopes) > 0
    assert slopes == pytest.approx(
        [0.4248823, 0.31110773, 0.36695444], abs=1e-6
    )  # R 4.2.2: lm of each cohort


def test_protein_years():
    """“Everyone starts from another level and changes at another pace; five rise, one falls.”"""
    people = lk.load_data("protein_years").groupby("Sample", observed=True)
    slopes = [np.polyfit(rows["Year"], rows["Value"], 1)[0] for _, rows in people]
    assert sum(slope > 0 for slope in slopes) == 5 and len(slopes) == 6
    # R 4.2.2: lm of each person
    assert slopes == pytest.approx(
        [0.5568458, -0.4187405, 2.0460597, 1.372209, 2.7372841, 3.156418], abs=1e-6
    )


def test_plasma_age():
    """“Pooled, the concentration rises with age; within each clinic it falls.” and “the slope of the mixed
    model is a weighted mean of the two”"""
    plasma = lk.load_data("plasma_age")
    clinics = plasma.groupby("group", observed=True)
    pooled = np.polyfit(plasma["age"], plasma["conc"], 1)[0]
    own = [np.polyfit(rows["age"], rows["conc"], 1)[0] for _, rows in clinics]
    # R 4.2.2: lm of all and of each clinic
    assert pooled == pytest.approx(1.3123437, abs=1e-6)
    assert own == pytest.approx([-3.03383621, -1.87617217, -2.62454626, -1.22804698], abs=1e-6)
    within = ols("conc ~ age + group", plasma).fit().params["age"]
    means = clinics[["age", "conc"]].mean()
    between = np.polyfit(means["age"], means["conc"], 1)[0]
    assert within < lk.lmer("conc ~ age + (1 | group)", plasma).fixef["age"] < between
    assert between == pytest.approx(1.94988321, abs=1e-6)  # R 4.2.2: lm of the clinics' means
    # R 4.2.2, lme4 1.1-31: lm within -1.9021905, lmer -1.829255
    mixed = lk.lmer("conc ~ age + (1 | group)", plasma).fixef["age"]
    assert (within, mixed) == pytest.approx((-1.9021905, -1.829255), abs=1e-4)


def test_scrna():
    """“Fifty cells of each of five diseased and five healthy donors”"""
    cells = lk.load_data("scrna")
    assert set(cells["sample"].value_counts()) == {50}
    assert cells.groupby("disease", observed=True)["sample"].nunique().to_dict() == {"D": 5, "ND": 5}


def test_genexpr_info():
    """“person the sample is from, 25 with four samples each”"""
    samples = lk.load_data("genexpr_info")
    assert set(samples["Individual"].value_counts()) == {4} and samples["Individual"].nunique() == 25


def test_ex33():
    """“All lose red cells; some faster.” and “(time | animal_id) fits hardly better, and is singular.”"""
    cattle = lk.load_data("ex33")
    slopes = [
        np.polyfit(rows["time"], rows["PCV"], 1)[0] for _, rows in cattle.groupby("animal_id", observed=True)
    ]
    assert len(slopes) == 12 and max(slopes) < 0
    # R 4.2.2, lme4 1.1-31: REMLcrit 850.30767 for the first; the second stays there, with an SD of 0
    free = lk.lmer("PCV ~ time + (time | animal_id)", cattle)
    assert free.is_singular and 850.30767 - free.reml_criterion < 0.1


def test_owl_wing():
    """“nearly all measured two or three times while they grew” and “Age starts far from 0, which pushes the
    correlation of intercept and slope to -0.90; at the mean age it is -0.39.”"""
    owls = lk.load_data("owl_wing")
    times = owls["Ring"].value_counts()
    assert (times >= 2).mean() > 0.98 and times.max() == 3
    mean = owls["Age"].mean()
    formula = "Wing ~ a * Implant + (a | Ring)"
    at_mean = lk.lmer(formula, owls.assign(a=owls["Age"] - mean), reml=False).varcorr.frame["sdcor"].iloc[:3]
    intercept, slope, correlation = at_mean
    assert correlation == pytest.approx(-0.39, abs=0.005)
    # the covariance of the lines at age zero, from that at the mean age
    cov = intercept * slope * correlation - mean * slope**2
    var = intercept**2 - 2 * mean * intercept * slope * correlation + (mean * slope) ** 2
    assert cov / (slope * np.sqrt(var)) == pytest.approx(-0.90, abs=0.005)
    # R 4.2.2, lme4 1.1-31: VarCorr of lmer by bobyqa, at the mean age
    assert at_mean.to_list() == pytest.approx([6.854588, 0.357305, -0.3927], abs=1e-3)


def test_happiness():
    """“Eleven people of each of six departments spent 0 to 10 hours in video meetings” and “The departments'
    deviations are made free of any common line, so that lm finds 10 and -0.5, but for rounding.”"""
    happy = lk.load_data("happiness")
    assert set(happy["department"].value_counts()) == {11} and happy["department"].nunique() == 6
    line = np.polyfit(happy["zoom_hours"], happy["happiness"], 1)
    assert line == pytest.approx([-0.5, 10], abs=1e-3)  # R 4.2.2: lm finds -0.500014 and 10.000023
    assert each(happy, "department", "zoom_hours") == {11}


def test_groups20():
    """“The seed was chosen so that the lake with the longest mean has a single fish, and falls back when
    lakes are pooled.” and “Perch were caught in twenty lakes: a single one in two of them, two hundred in
    another.”"""
    perch = lk.load_data("groups20")
    sizes = perch["group"].value_counts()
    assert len(sizes) == 20 and (sizes == 1).sum() == 2 and (sizes == 200).sum() == 1 and sizes.max() == 200
    own = perch.groupby("group", observed=True)["length"].mean()
    pooled = lk.lmer("length ~ 1 + (1 | group)", perch).coef()["group"]["(Intercept)"]
    assert (perch["group"] == own.idxmax()).sum() == 1
    assert pooled.rank(ascending=False)[own.idxmax()] == 7  # R 4.2.2, lme4 1.1-31: coef of lmer


def test_herds():
    """“Half of the herds are milked by a robot.” and “Some visits did not take place: not every herd has
    four rows.”"""
    herds = lk.load_data("herds")
    assert herds.groupby("milking", observed=True)["herd"].nunique().to_dict() == {"parlour": 12, "robot": 12}
    assert herds["herd"].value_counts().min() < 4


def test_ticks():
    """“Ticks were counted on the young of 87 hedgehog litters in 27 parks over three years.” and “Altitude
    has one value a litter, and 0 lies below all of them”"""
    ticks = lk.load_data("ticks")
    assert (ticks["litter"].nunique(), ticks["park"].nunique(), ticks["year"].nunique()) == (87, 27, 3)
    assert each(ticks, "litter", "altitude") == {1}
    assert ticks["altitude"].min() > 0


def test_herbivory_and_management():
    """“Eighty cores, but eight plots: the picture of pseudoreplication.” and “One row per half: (management
    | field) has as many effects as rows, and cannot be fitted.”"""
    cores, halves = lk.load_data("herbivory"), lk.load_data("management")
    assert (len(cores), cores["plot"].nunique()) == (80, 8)
    assert len(halves) == 2 * halves["field"].nunique()
    with pytest.raises(lk.DataError):
        lk.lmer("species ~ management + (management | field)", halves)


def test_words():
    """“the conditions are swapped for every other subject”"""
    words = lk.load_data("words")
    every_other = words["subject"].astype(str).str[1:].astype(int) % 2
    assert each(words.assign(half=every_other), ["item", "half"], "condition") == {1}
    assert each(words, "item", "condition") == {2}


def test_forest():
    """“72 plots (71 with a tree that was measured), not the many trees, are its replicates” and “steep plots
    hold few trees”"""
    trees = lk.load_data("forest")
    plots = trees.groupby(["transect", "plot"], observed=True).agg(
        trees=("slope", "size"), slope=("slope", "first")
    )
    assert len(plots) == 72
    assert len(trees.dropna().drop_duplicates(["transect", "plot"])) == 71
    assert plots["trees"].corr(plots["slope"]) < -0.5


def test_visits_to_herds():
    """“A vet visited 24 herds, most of them once in each of four seasons” and “Some visits did not take place: not
    every herd has four rows.”"""
    visits = lk.load_data("herds").groupby("herd", observed=True)["season"].agg(["size", "nunique"])
    assert len(visits) == 24 and (visits["size"] == visits["nunique"]).all()
    assert 0.5 < (visits["size"] == 4).mean() < 1


def test_implants():
    """“All were weighed when the implant was set and every four days after.”"""
    days = lk.load_data("implants").groupby("chick", observed=True)["day"].agg(list)
    assert all(each == [0, 4, 8, 12] for each in days)


def test_fields():
    """“Nitrate is skewed, as concentrations are; species numbers are counts, large enough to be treated as
    normal.”"""
    plots = lk.load_data("fields")
    assert plots["nitrate"].skew() > 1
    assert plots["species"].min() > 10 and abs(plots["species"].skew()) < 0.5


def test_owls():
    """“were weighed up to five times, four days apart” and “Age runs from 14 to 35 days”"""
    owls = lk.load_data("owls")
    assert owls["ring"].value_counts().max() == 5
    gaps = owls.groupby("ring", observed=True)["age"].apply(lambda age: age.sort_values().diff().dropna())
    assert set(gaps % 4) == {0}
    assert (owls["age"].min(), owls["age"].max()) == (14, 35)
    assert isinstance(owls, pd.DataFrame) and owls["brood"].nunique() == 22


def test_behaviour_is_of_marmots_wherever_it_is_used():
    """“Ten marmots were watched for an hour, four times a day, on twenty days.”"""
    rows = lk.load_data("behaviour")
    assert rows["animal"].nunique() == 10 and rows["day"].nunique() == 20 and rows["time"].nunique() == 4
    root = Path(__file__).resolve().parents[3]
    pages = [
        path.read_text()
        for folder in ("lessons", "solutions")
        for path in (root / folder / "source").glob("*.py")
    ]
    using = [page for page in pages if 'load_data("behaviour")' in page]
    assert len(using) >= 3 and all("marmots = lk.load_data" in page for page in using)
