"""Contrasts of coefficients and moderated tests of many responses. Values: limma 3.54.1 on R 4.2.2."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.many.moderation import Squeezed

GENES, SAMPLES = lk.load_data("genexpr")[:6], lk.load_data("genexpr_info")
FORMULA = "~ 0 + Tissue + Height + (1 | Individual)"
B_MINUS_A = {"TissueB": 1, "TissueA": -1}


@pytest.mark.parametrize(
    ("variances", "df", "prior_df", "prior", "posterior"),
    [
        (
            [1, 2, 9, 0.2, 3.3, 1.1, 0.05], [5, 4, 7.5, 3, 10, 6, 2.2], 1.772705804, 0.6275569538,
            [0.9025157790, 1.5785446485, 7.3994015667, 0.3588056597, 2.8975899357, 0.9922508389, 0.3077181938],
        ),
        ([1, 1.1, 0.9, 1.05], [5] * 4, np.inf, 1.0125, [1.0125] * 4),
    ],
    ids=["they differ", "they do not"],
)  # fmt: skip
def test_variances_are_moderated_as_by_limma(variances, df, prior_df, prior, posterior):
    """squeezeVar(variances, df)."""
    found = Squeezed.of(np.array(variances, dtype=float), np.array(df, dtype=float))
    assert (found.prior_df, found.prior_variance) == pytest.approx((prior_df, prior), rel=1e-8)
    np.testing.assert_allclose(found.variances, posterior, rtol=1e-8)


def test_a_contrast_is_that_of_each_fit():
    fits = lk.fit_many(GENES, FORMULA, SAMPLES)
    found = fits.tests(B_MINUS_A)
    for name in GENES.index:
        one = fits.fit(name).contest(B_MINUS_A, joint=False).iloc[0]
        columns = ["estimate", "std_error", "df", "statistic", "p_value"]
        np.testing.assert_allclose(
            found.loc[name, columns].astype(float), one[columns].astype(float), rtol=2e-4
        )
    np.testing.assert_allclose(fits.tests([0, 0, 0, 1]), fits.tests("Height"), rtol=1e-12)


def test_a_contrast_of_counts_is_that_of_each_fit():
    counts = np.random.default_rng(1).poisson(4, (3, len(SAMPLES)))
    fits = lk.fit_many(counts, FORMULA, SAMPLES, family="poisson")
    one = fits.fit(1).contest(B_MINUS_A, joint=False).iloc[0]
    found = fits.tests(B_MINUS_A).loc[1]
    np.testing.assert_allclose(
        found[["estimate", "std_error"]].astype(float),
        one[["estimate", "std_error"]].astype(float),
        rtol=1e-4,
    )
    assert np.isinf(found["df"])
    with pytest.raises(lk.ModelError, match="no residual variance"):
        fits.tests("Height", moderated=True)


def test_moderated_tests_by_hand():
    """Where nothing varies between individuals, a residual variance has n - p degrees of freedom, as in limma."""
    rng = np.random.default_rng(3)
    y = rng.standard_normal((30, len(SAMPLES))) * np.exp(rng.normal(0, 0.5, (30, 1)))
    fits = lk.fit_many(y, FORMULA, SAMPLES)
    plain, moderated = fits.tests("Height"), fits.tests("Height", moderated=True)
    s2, d = fits.status["sigma"] ** 2, fits._df_sigma
    none = fits.status["singular"]
    assert none.sum() > 5
    squeezed = Squeezed.of(s2.to_numpy(), d.to_numpy())
    shrunk = (squeezed.prior_df * squeezed.prior_variance + d * s2) / (squeezed.prior_df + d)
    np.testing.assert_allclose(moderated["statistic"], plain["statistic"] * np.sqrt(s2 / shrunk), rtol=1e-9)
    np.testing.assert_allclose(moderated["df"], plain["df"] + squeezed.prior_df, rtol=1e-9)
    assert moderated["statistic"].var() < plain["statistic"].var()
    assert moderated.notes == [squeezed.in_words()]
    # lm has n - p for all; a fit with variance between individuals has fewer
    assert (d[~none] < len(SAMPLES) - 4).all()


def test_samples_without_weight_are_left_out_and_told():
    weights = np.ones(GENES.shape)
    weights[0, :2], weights[1, 3] = 0, np.nan
    fits = lk.fit_many(GENES, FORMULA, SAMPLES, weights=weights)
    assert fits.status["n_obs"].tolist() == [98, 99, 100, 100, 100, 100]
    assert fits.status["message"].iloc[0] == "2 samples without weight (missing or zero) left out"
    assert "In 2 of 6 fits samples without weight were left out; see .status." in repr(fits)
    rows = SAMPLES.assign(y=GENES.iloc[0].to_numpy()).iloc[2:]
    alone = lk.lmer(FORMULA.replace("~", "y ~"), rows)
    assert fits.status["objective"].iloc[0] == pytest.approx(alone.estimate.objective, abs=1e-6)


@pytest.mark.parametrize(
    ("contrast", "message"),
    [
        ("x", "no coefficient 'x'"),
        ({"q": 1}, "no coefficient 'q'"),
        ([1, 2], "2 columns for 4 coefficients"),
        (np.eye(4), "one contrast at a time"),
    ],
    ids=["name", "dict", "length", "several"],
)
def test_contrasts_that_make_no_sense_are_refused(contrast, message):
    fits = lk.fit_many(GENES[:2], FORMULA, SAMPLES)
    with pytest.raises(lk.ModelError, match=message):
        fits.tests(contrast)
    with pytest.raises(lk.ModelError, match="two fitted responses"):
        lk.fit_many(GENES[:1], FORMULA, SAMPLES).tests("Height", moderated=True)
