"""Variance fractions beside their definition, term by term; what the lecture prints; pictures."""

from __future__ import annotations

import pickle

import matplotlib
import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.diagnostics.variance_fractions import variance_fractions

matplotlib.use("Agg")
FORMULA = "~ Age + (1 | Individual) + (1 | Tissue)"
PRINTED = {"Individual": 0.8903140, "Tissue": 0.02468013, "Age": 4.354738e-05, "Residuals": 0.08496235}


@pytest.fixture(scope="module")
def genes() -> pd.DataFrame:
    return lk.load_data("genexpr")


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    return lk.load_data("genexpr_info")


def test_each_part_by_its_definition() -> None:
    data = lk.load_data("owl_cort")
    fit = lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", data, reml=False)
    shares = fit.variance_partition()
    assert list(shares.index) == ["Ring", "Implant", "days", "Implant:days", "Residuals"]
    assert shares.sum() == pytest.approx(1)
    late = data["days"] == "20"
    days = (data["days"] == "2") * fit.fixef["days2"] + late * fit.fixef["days20"]
    implant = (data["Implant"] == "P") * fit.fixef["ImplantP"]
    intercepts = fit.varcorr["Ring"].to_numpy().item()
    assert shares["days"] / shares["Implant"] == pytest.approx(np.var(days) / np.var(implant))
    fixed = shares[["Implant", "days", "Implant:days"]].sum() / shares["Residuals"]
    whole = np.var(fit.design.X @ fit.fixef.to_numpy())
    assert fixed == pytest.approx(whole / fit.sigma**2)
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


def test_the_fractions_that_the_lecture_prints(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    parts = lk.variance_partition(genes, FORMULA, samples)
    assert list(parts.columns) == list(PRINTED)
    for name, value in PRINTED.items():
        assert f"{parts.loc['gene1', name]:.6e}" == f"{value:.6e}"
    np.testing.assert_allclose(parts.sum(axis=1), 1)


def test_each_row_is_that_of_the_single_fit(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    formula = "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
    parts = lk.variance_partition(genes[:8], formula, samples)
    for gene in parts.index:
        data = samples.assign(y=genes.loc[gene].to_numpy())
        single = lk.lmer(f"y {formula}", data, reml=False).variance_partition()
        np.testing.assert_allclose(parts.loc[gene, single.index], single, atol=1e-6)


def test_the_truth_comes_back_on_average(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    truth = lk.load_data("genexpr_truth")
    formula = "~ Age + Height + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
    parts = lk.variance_partition(genes, formula, samples)
    for name in ("Individual", "Tissue", "Batch", "Residuals"):  # age and height differ between people only
        assert np.corrcoef(parts.loc[truth.index, name], truth[name])[0, 1] > 0.9


def test_rows_keep_their_status_when_they_are_selected(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    flat = genes[:4].copy()
    flat.loc["gene2"] = 3.0
    parts = lk.variance_partition(flat, FORMULA, samples)
    assert parts.loc["gene2"].isna().all()
    assert parts.status["failed"].tolist() == [False, True, False, False]
    assert "exactly" in parts.status.loc["gene2", "message"]
    some = parts.sort_values("Tissue").head(2)
    assert list(some.status.index) == list(some.index)
    assert "1 of 4 responses could not be fitted" in repr(parts)


def test_canonical_correlations(samples: pd.DataFrame) -> None:
    table = lk.cancorr_pairs("~ Age + Height + Tissue + Batch", samples)
    assert table.loc["Age", "Height"] == pytest.approx(abs(samples["Age"].corr(samples["Height"])))
    # For two factors: the root mean square of the singular values of the table of counts, standardised.
    counts = pd.crosstab(samples["Tissue"], samples["Batch"]).to_numpy() / len(samples)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    standard = (counts - np.outer(rows, columns)) / np.sqrt(np.outer(rows, columns))
    sizes = np.linalg.svd(standard, compute_uv=False)[:2]
    assert table.loc["Tissue", "Batch"] == pytest.approx(np.sqrt(np.mean(sizes**2)))
    assert (table == table.T).all(axis=None)


def test_canonical_correlations_of_bad_formulas(samples: pd.DataFrame) -> None:
    with pytest.raises(lk.FormulaError, match="random effects"):
        lk.cancorr_pairs("~ Age + (1 | Tissue)", samples)
    with pytest.raises(lk.FormulaError, match="fewer than two"):
        lk.cancorr_pairs("~ Age", samples)
    holes = samples.assign(Flat=1.0, Age=samples["Age"].where(samples.index > 5))
    table = lk.cancorr_pairs("~ Age + Height + Flat", holes)
    late = samples[samples.index > 5]
    assert table.loc["Age", "Height"] == pytest.approx(abs(late["Age"].corr(late["Height"])))
    assert np.isnan(table.loc["Age", "Flat"])


def test_pictures_show_every_term(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    fits = lk.fit_many(genes[:30], FORMULA, samples, reml=False, ddf="none")
    violin = fits.fractions.violin()
    assert [label.get_text() for label in violin.get_xticklabels()] == list(PRINTED)
    bars = fits.fractions.head(6).bars()
    assert len(bars.containers) == len(PRINTED)
    widths = np.array([[patch.get_width() for patch in part] for part in bars.containers])
    np.testing.assert_allclose(widths.sum(axis=0), 100)
    stratified = fits.stratified("gene1", "Tissue")
    assert [label.get_text() for label in stratified.get_xticklabels()] == ["A", "B", "C"]
    with pytest.raises(lk.DataError, match="there is no response 'gene31'"):
        fits.stratified("gene31", "Tissue")


def test_status_goes_with_the_rows_of_one_call(genes: pd.DataFrame, samples: pd.DataFrame) -> None:
    parts = lk.variance_partition(genes[:4], "~ Age + (1 | Individual)", samples)
    pd.testing.assert_frame_equal(parts.iloc[[2, 0]].round(2).status, parts.status.iloc[[2, 0]])
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(parts)).status, parts.status)
    both = pd.concat([parts, lk.variance_partition(genes[4:6], "~ Age + (1 | Individual)", samples)])
    with pytest.raises(lk.DataError, match="put together from others"):
        _ = both.status
