"""What lesson 14 and its exercise say of shares of variance."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lmmkit as lk

FORM = "~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)"


@pytest.fixture(scope="module")
def info():
    return lk.load_data("genexpr_info")


@pytest.fixture(scope="module")
def genes():
    return lk.load_data("genexpr")


@pytest.fixture(scope="module")
def one(info, genes):
    return info.assign(gene1=genes.loc["gene1"].to_numpy())


@pytest.fixture(scope="module")
def fit(one):
    return lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one, reml=False)


@pytest.fixture(scope="module")
def partition(info, genes):
    return lk.variance_partition(genes, FORM, info, progress=False)


@pytest.fixture(scope="module")
def taller(info, genes):
    return lk.variance_partition(genes, FORM.replace("Age", "Age + Height", 1), info, progress=False)


def test_people_differ_by_far_more_than_their_samples(one):
    """“People differ by far more than their own samples do; the three tissues overlap nearly completely.”"""
    people = one.groupby("Individual", observed=True)["gene1"]
    assert people.mean().std() > 2.5 * np.sqrt(people.var().mean())
    middle = one.groupby("Tissue", observed=True)["gene1"].quantile([0.25, 0.75]).unstack()
    assert middle[0.25].max() < middle[0.75].min()


def test_the_shares_are_those_of_lmer(one, fit):
    """“Add them up, and divide.”"""
    # R 4.2.2, lme4 1.1-31: VarCorr of the ML fit, and the slope of Age
    variances = pd.Series({"Individual": 3.561256370, "Tissue": 0.098720526, "Residuals": 0.339849381})
    variances["Age"] = np.var(fit.fixef["Age"] * one["Age"])
    expected = variances / variances.sum()
    assert fit.variance_partition()[expected.index].tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_several_fixed_terms_are_scaled_to_their_sum(one):
    """“they are scaled so that together they have the variance of the whole fixed part.”"""
    model = lk.lmer("gene1 ~ Age + Height + (1 | Individual)", one, reml=False)
    shares = model.variance_partition()
    whole = np.var(model.fixef["Age"] * one["Age"] + model.fixef["Height"] * one["Height"])
    total = whole + model.varcorr.frame["vcov"].sum()
    assert shares["Age"] + shares["Height"] == pytest.approx(whole / total, rel=1e-6)
    # R 4.2.2, lme4 1.1-31: variance of the fixed part over the sum of all
    assert shares["Age"] + shares["Height"] == pytest.approx(0.0033006272, abs=1e-5)


def test_the_variance_of_three_tissues_is_hardly_known(fit):
    """“its variance might be … times as large at one end as at the other.”"""
    low, high = fit.confint(parm="theta_").loc["sd_(Intercept)|Tissue"]
    # R 4.2.2, lme4 1.1-31: 0.12497826 to 1.08056155
    assert (low, high) == pytest.approx((0.12497826, 1.08056155), rel=5e-3)
    assert 70 < (high / low) ** 2 < 80


def test_ml_makes_variances_between_groups_too_small(one, fit):
    """“(Maximum likelihood makes variances between groups a little too small, lesson 10.)”"""
    reml = lk.lmer("gene1 ~ Age + (1 | Individual) + (1 | Tissue)", one).varcorr.frame["sdcor"]
    # R 4.2.2, lme4 1.1-31: by REML
    assert reml.tolist() == pytest.approx([1.9617769, 0.33128854, 0.58291164], rel=1e-4)
    assert (fit.varcorr.frame["sdcor"].iloc[:2] < reml.iloc[:2]).all()


def test_batch_matters_in_some_genes_and_age_in_fewer(partition):
    """“batch matters in some, age in fewer.”"""
    large = (partition > 0.1).sum()
    assert large["Age"] < large["Batch"] < len(partition) / 2
    # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML
    assert large[["Individual", "Tissue", "Batch", "Age"]].tolist() == [159, 127, 60, 42]


def test_five_medians_add_up_to_less_than_one(partition):
    """“The five medians printed above add up to less than one”"""
    assert partition.median().sum() < 0.9
    # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML
    expected = {"Individual": 0.30637634, "Tissue": 0.18038888, "Batch": 0.04500683, "Residuals": 0.2093535}
    assert partition.median()[list(expected)].tolist() == pytest.approx(list(expected.values()), abs=2e-4)
    assert partition["Age"].median() == pytest.approx(0.01884224, abs=2e-4)


def test_tissue_and_batch_come_back_and_the_individual_wanders(partition):
    """“The share of the individual wanders more, and in some genes it is far too large.”"""
    truth = lk.load_data("genexpr_truth")
    columns = ["Individual", "Tissue", "Batch"]
    error = partition.loc[truth.index, columns] - truth[columns]
    sizes = error.abs().mean()
    assert sizes["Individual"] > 2 * max(sizes["Tissue"], sizes["Batch"])
    assert max(sizes["Tissue"], sizes["Batch"]) < 0.03
    assert (error["Individual"] > 0.2).sum() >= 5
    # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML; how far its shares are off on average, and at most
    assert sizes.tolist() == pytest.approx([0.0580893, 0.02644986, 0.01860774], abs=2e-4)
    assert error["Individual"].max() == pytest.approx(0.48358702, abs=1e-3)


def test_with_height_no_share_is_far_too_large(taller):
    """“Leave it out, and the person gets its share: nothing is lost, but it moves.”"""
    truth = lk.load_data("genexpr_truth")
    worst = (taller.loc[truth.index, "Individual"] - truth["Individual"]).max()
    assert worst < 0.2
    assert worst == pytest.approx(0.14986658, abs=1e-3)  # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML


def test_noise_pushes_shares_up(info):
    """“Will the estimated share of `Individual` be zero in all of them?” and
    “A variance cannot be negative, so that noise can only push it up from zero.”"""
    noise = pd.DataFrame(np.random.default_rng(41).normal(size=(200, len(info))), columns=info["ID"])
    shares = lk.variance_partition(noise, FORM, info, progress=False)["Individual"]
    # R 4.2.2, lme4 1.1-31: an lmer of each of the same 200 rows of noise by ML
    assert (shares < 1e-6).mean() == pytest.approx(0.63, abs=0.011)
    assert shares.quantile(0.95) == pytest.approx(0.100724134, abs=1e-3)


def test_the_person_gives_the_age_but_not_the_other_way_round(info):
    """“Whoever knows the person knows the age, so nothing is left for it. (Not the other way round: two people may have
    one age.)”"""
    people = info.drop_duplicates("Individual")
    assert (info.groupby("Individual", observed=True)["Age"].nunique() == 1).all()
    assert people["Age"].nunique() < len(people) == 25


def test_tissue_and_batch_are_nearly_free_of_everything_else(info):
    """“Tissue and batch are nearly free of everything else, which is good design.”"""
    table = lk.cancorr_pairs("~ Individual + Tissue + Batch + Age + Height", info)
    for name in ("Tissue", "Batch"):
        assert table.loc[name].drop(name).max() < 0.3
    # R 4.2.2: the root mean square of the canonical correlations of cancor
    found = table.loc["Tissue", ["Individual", "Batch", "Age", "Height"]].to_list()
    assert found == pytest.approx([0.24977708, 0.14819171, 0.09466982, 0.15044028], abs=1e-6)
    assert table.loc["Individual", ["Age", "Height"]].min() == pytest.approx(1)


def test_degrees_of_freedom_are_those_of_people(info, genes):
    """“Degrees of freedom are near …: people, not samples.”"""
    df = lk.fit_many(genes.iloc[:20], FORM, info, progress=False).tests("Age")["df"]
    assert df.median() == pytest.approx(25 - 2, abs=1)
    assert df.median() == pytest.approx(23.000109, abs=1e-3)  # R 4.2.2, lmerTest 3.1-3, of these twenty genes


def test_without_the_day_nothing_is_left_for_chicks():
    """“the residual has grown so much that nothing is left for chicks, and less for nests.”"""
    owls = lk.load_data("implants")
    fits = [
        lk.lmer(f"mass ~ {part} + (1 | nest / chick)", owls, reml=False)
        for part in ("day + implant", "implant")
    ]
    # R 4.2.2, lme4 1.1-31: chicks, nests, residual
    expected = [[81.134619, 293.23985, 86.375905], [0, 183.42033, 2167.99806]]
    for model, variances in zip(fits, expected, strict=True):
        assert model.varcorr.frame["vcov"].tolist() == pytest.approx(variances, rel=1e-3, abs=1e-3)


def test_more_than_half_of_one_gene_is_the_laboratory(taller):
    """“More than half of that gene is the laboratory.”"""
    assert taller["Batch"].max() > 0.5
    # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML
    assert taller["Batch"].idxmax() == "gene77"
    assert taller["Batch"].max() == pytest.approx(0.68485204, abs=1e-3)


def test_a_quarter_is_the_share_of_the_gene_in_the_middle(taller):
    """“for the gene in the middle of our list; some genes have nearly nothing of it, others nearly all.”"""
    assert taller["Individual"].median() == pytest.approx(0.25, abs=0.01)
    assert taller["Individual"].min() < 0.01 and taller["Individual"].max() > 0.9
    # R 4.2.2, lme4 1.1-31: an lmer of each gene by ML
    found = taller["Individual"].median(), taller["Individual"].max()
    assert found == pytest.approx((0.24937661, 0.90210577), abs=1e-3)


def test_classes_matter_more_than_schools():
    """“Seen so, classes matter more than schools.”"""
    pupils = lk.load_data("schools")
    variances = lk.lmer("score ~ hours + (1 | school / class)", pupils, reml=False).varcorr.frame["vcov"]
    # R 4.2.2, lme4 1.1-31: classes, schools, residual
    assert variances.tolist() == pytest.approx([12.9951959, 2.1214044, 35.4564213], rel=1e-4)


def study(seed):
    """Three hundred genes counted in sixteen donors, as the lesson makes them; the first thirty change."""
    rng, changed = np.random.default_rng(seed), np.arange(300) < 30
    donors, disease = np.repeat([f"d{i:02d}" for i in range(16)], 4), np.repeat(["no", "yes"], 32)
    samples = pd.DataFrame({"donor": donors, "disease": disease})
    samples["total"] = rng.integers(20_000, 120_000, len(samples))
    log_rate = rng.normal(-8.5, 0.7, (300, 1)) + np.outer(changed, samples["disease"] == "yes")
    log_rate += np.repeat(rng.normal(0, 0.4, (300, 16)), 4, axis=1)
    counts = rng.poisson(np.exp(log_rate) * rng.gamma(5, 0.2, log_rate.shape) * samples["total"].to_numpy())
    return samples, counts, changed


def of_disease(samples, counts):
    form = "~ disease + offset(log(total)) + (1 | donor)"
    return lk.fit_many(counts, form, samples, family="negative_binomial", progress=False).tests("diseaseyes")


def test_a_sample_with_more_cells_has_more_of_everything():
    """“A sample with more cells has more of everything: the logarithm of its total is the offset.”"""
    samples, counts, _ = study(14)
    slope = np.polyfit(np.log(samples["total"]), np.log(counts.sum(axis=0)), 1)[0]
    assert slope == pytest.approx(
        0.995881462, abs=1e-6
    )  # R 4.2.2: lm(log(all) ~ log(total)) of the same rows


def test_tests_of_counts_use_the_normal_distribution():
    """“The p-values come from the normal distribution, as in all such models.”"""
    samples, counts, _ = study(14)
    table = of_disease(samples, counts[:2])
    assert table["p_value"].to_numpy() == pytest.approx(
        2 * stats.norm.sf(table["statistic"].abs()), rel=1e-10
    )
    # R 4.2.2, glmmTMB 1.1.5: glmmTMB(count ~ disease + offset(log(total)) + (1 | donor), family = nbinom2)
    assert table["estimate"].to_numpy() == pytest.approx([1.166669, 1.075601], abs=1e-4)
    assert table["std_error"].to_numpy() == pytest.approx([0.191216, 0.251877], rel=1e-3)


@pytest.mark.slow
def test_a_correction_is_no_better_than_the_tests():
    """“A correction for many tests is no better than the tests.”"""
    # No R number: a count over simulated studies; R's numbers of the first stand above.
    wrong = {"normal": 0, "t": 0}
    listed = dict(wrong)
    for seed in range(14, 20):
        samples, counts, changed = study(seed)
        table = of_disease(samples, counts)
        for name, p in (("normal", table["p_value"]), ("t", 2 * stats.t.sf(table["statistic"].abs(), 14))):
            found = stats.false_discovery_control(p) < 0.05
            listed[name] += found.sum()
            wrong[name] += (found & ~changed).sum()
    assert wrong["normal"] > 0.1 * listed["normal"] and wrong["t"] < 0.6 * wrong["normal"]
