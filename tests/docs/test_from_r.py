"""The page for users of R: each row runs, some give R's numbers, and it knows the names that errors know."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import lmmkit as lk
from lmmkit.numerics import r_names
from tests import doc_tables

PAGE = "from_r.md"
ROWS = doc_tables.rows(PAGE)


@pytest.fixture(scope="module")
def names():
    """What the first block of the page prepares."""
    prepared: dict = {}
    exec(doc_tables.blocks(PAGE)[0], prepared)
    return prepared


def test_the_page_has_its_rows_and_no_call_twice():
    assert len(ROWS) >= 80
    assert len({row.theirs for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.theirs for row in ROWS])
def test_each_row_runs(row, names):
    assert eval(row.ours, dict(names)) is not None
    plt.close("all")


def value(theirs, names):
    (ours,) = [row.ours for row in ROWS if row.theirs == theirs]
    return eval(ours, dict(names))


# R 4.2.2 with lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5-2, emmeans 1.8.4-1 gave these (glmer with its search
# told to go on until rhoend = 1e-10).
NUMBERS = [
    ("fixef(m)", lambda found: found, [251.405105, 10.467286]),
    ("ranef(m)", lambda found: found["Subject"].loc["308"], [2.25855095, 9.19897577]),
    ("coef(m)", lambda found: found["Subject"].loc["308"], [253.6636558, 19.6662617]),
    ("as.data.frame(VarCorr(m))", lambda found: found["sdcor"],
     [24.740657995, 5.9221376589, 0.0655512382, 25.5917957217]),
    ("ranef(m, condVar = TRUE)", lambda found: found["Subject"].iloc[0, 0], 12.070857),
    ('getME(m, "theta")', lambda found: found, [0.966741774, 0.0151690589, 0.2309099532]),
    ('getME(m, "Lambda")', lambda found: found.toarray()[:2, :2].ravel(), [0.966741774, 0, 0.0151690589, 0.2309099532]),
    ("rePCA(m)", lambda found: found["sd"], [0.9668679723, 0.2308798142]),
    ("MuMIn::AICc(m)", lambda found: found, 1756.113821),
    ("logLik(m)", lambda found: found, -871.814136),
    ("AIC(m)", lambda found: found, 1755.62827),
    ("BIC(m)", lambda found: found, 1774.78601),
    ("REMLcrit(m)", lambda found: found, 1743.62827),
    ("deviance(refitML(m))", lambda found: found, 1751.93934),
    ("ngrps(a)", lambda found: sorted(found), [15, 60]),
    ('residuals(m, type = "pearson")', lambda found: found[:3], [-4.1036558, -14.6252175, -42.1955792]),
    ('residuals(g, type = "pearson")', lambda found: found[:3], [-0.349839488, -1.023046612, 1.821812019]),
    ('residuals(g, type = "deviance")', lambda found: found[:3], [-0.355307859, -1.041424025, 1.747072782]),
    ("predict(m, new, re.form = NA)", lambda found: found[:1], 356.077964),
    ("predict(m, new)", lambda found: found[:1], 450.326273),
    ("predict(m, random.only = TRUE)", lambda found: found[:3], [2.25855095, 11.45752672, 20.65650249]),
    ("hatvalues(m)", lambda found: found[:3], [0.229304038, 0.169729994, 0.126823715]),
    ('confint(m, method = "Wald")', lambda found: found.loc["Days"], [7.43759393, 13.49697799]),
    ("confint(m)", lambda found: found.loc["Days"], [7.35865328, 13.57591875]),
    ("anova(m1, m)", lambda found: found["chisq"].iloc[1], 42.1392985),
    ('anova(m, ddf = "Kenward-Roger")', lambda found: found[["den_df", "statistic"]], [17, 45.8529616]),
    ("anova(a)", lambda found: found["statistic"], [1.14589514, 7431.51565718, 76.63361514]),
    ("drop1(a)", lambda found: found["statistic"].dropna(), [76.6336151]),
    ("ranova(m)", lambda found: found["lrt"], [42.8368134]),
    ("contest(m, diag(2))", lambda found: found[["num_df", "den_df", "statistic"]],
     [2, 16.999846, 749.950454]),
    ("contest(m, c(1, 9), joint = FALSE)", lambda found: found[["estimate", "std_error", "df"]],
     [345.610678, 14.6288155, 16.999882]),
    ("KRmodcomp(m, m0)", lambda found: found[["den_df", "statistic"]], [17, 45.8529616]),
    ("SATmodcomp(m, m0)", lambda found: found[["den_df", "statistic"]], [16.9999837, 45.8529616]),
    ('emmeans(a, "implant")', lambda found: found["estimate"], [276.498333, 291.528333]),
    ('emmeans(a, "implant", lmer.df = "kenward-roger")', lambda found: found["std_error"], [4.95288496] * 2),
    ("emmeans(a, pairwise ~ implant)", lambda found: found["estimate"], [-15.03]),
    ('emtrends(a, ~ implant, var = "day")', lambda found: found["estimate"], [8.7355, 10.7101667]),
    ('confint(pairs(emmeans(g, "season")))', lambda found: found[["conf_low", "conf_high"]][:1],
     [-1.24681188623, -0.460383979262]),
    ('contrast(emmeans(g, "season"), "eff")', lambda found: found["p_value"][[0, 2]], [0.01013762382, 0.1268350627]),
    ("confint(m, parm = c(1, 6))", lambda found: found, [14.381418161, 37.71599532, 7.358653275, 13.57591875]),
    ("joint_tests(a)", lambda found: sorted(found["statistic"]), [32.252, 76.634, 7431.516]),
    ('emmeans(g, "season", type = "response")', lambda found: found["estimate"],
     [0.0909909418, 0.1903099956, 0.1335296088, 0.0763158610]),
    ("glmer(infected, herds, family = binomial, nAGQ = 9)", lambda found: found.fixef,
     [-2.301836982, 0.853682825, 0.431565444, -0.191924617]),
    ('cooks.distance(influence(m, groups = "Subject"))', lambda found: found[:3] * 16 / 18,
     [0.082148405, 0.132020798, 0.098240744]),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "part", "numbers"), NUMBERS, ids=[one[0] for one in NUMBERS])
def test_numbers_are_those_of_r(theirs, part, numbers, names):
    np.testing.assert_allclose(np.ravel(part(value(theirs, names))), np.ravel(numbers), rtol=2e-5)


def called(theirs):
    """The functions of R that a row calls, and what it asks `getME` for."""
    return re.findall(r"([A-Za-z_][\w.]*)\(", theirs) + re.findall(r'getME\(\w+, "(\w+)"', theirs)


def member(answer):
    return re.search(r"(?:fit|lk)\.(plot\.\w+|\w+)", answer)[1]


@pytest.mark.parametrize(("theirs", "answer"), r_names.FUNCTIONS.items())
def test_each_name_that_an_error_knows_is_on_the_page(theirs, answer):
    shown = [row.ours for row in ROWS if theirs in called(row.theirs)]
    assert any(re.search(rf"\.{member(answer)}\b", ours) for ours in shown), (theirs, answer, shown)


@pytest.mark.parametrize("row", [row for row in ROWS if called(row.theirs)], ids=lambda row: row.theirs)
def test_errors_know_each_name_on_the_page(row, names):
    known = [one for one in called(row.theirs) if one in r_names.FUNCTIONS or hasattr(lk, one)]
    assert known or any(hasattr(names["m"], one) for one in called(row.theirs))


#: What the packages export (lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2, emmeans 1.8.4-1, glmmTMB 1.1.5), but no
#: methods.
EXPORTS = {
    "lme4": (
        "allFit bootMer checkConv cov2sdcor Cv_to_Sv Cv_to_Vv devcomp devfun2 dummy expandDoubleVerts "
        "factorize findbars fixef formatVC getData getL getME GHrule glFormula glmer glmer.nb glmerControl "
        "glmerLaplaceHandle glmFamily glmResp golden GQdk GQN isGLMM isLMM isNested isNLMM isREML isSingular "
        "lFormula llikAIC lme4_testlevel lmer lmerControl lmerResp lmList lmResp logProf merPredD methTitle "
        "mkDataTemplate mkGlmerDevfun mkLmerDevfun mkMerMod mkNewReTrms mkParsTemplate mkRespMod mkReTrms "
        "mkVarCorr mlist2vec negative.binomial Nelder_Mead NelderMead ngrps nlformula nlmer nlmerControl "
        "nlminbwrap nloptwrap nlsResp nobars optimizeGlmer optimizeLmer ranef refit refitML REMLcrit rePCA "
        "rePos sdcor2cov show subbars Sv_to_Cv updateGlmerDevfun VarCorr varianceProf vec2mlist vec2STlist "
        "Vv_to_Cv"
    ),
    "lmerTest": (
        "as_lmerModLmerTest calcSatterth contest contest1D contestMD difflsmeans get_model lmer ls_means "
        "lsmeansLT rand ranova show_tests step"
    ),
    "pbkrtest": (
        "compare_column_space ddf_Lb get_Lb_ddf get_SigmaG getKR getLRT getSAT KRmodcomp Lb_ddf "
        "make_model_matrix make_restriction_matrix model2restriction_matrix PBmodcomp PBrefdist "
        "restriction_matrix2model SATmodcomp tidy vcovAdj"
    ),
    "emmeans": (
        "add_grouping as.emm_list as.emmGrid as.glht comb_facs contrast eff_size emm emm_basis emm_defaults "
        "emm_example emm_options emmeans emmip emmip_ggplot emmip_lattice emmobj emtrends force_regular "
        "get_emm_option get.lsm.option hpd.summary inverse joint_tests lsm lsm.options lsmeans lsmip lsmobj "
        "lstrends make.tran meanint mvcontrast permute_levels pwpm pwpp qdrg recover_data ref_grid regrid "
        "split_fac symmint test"
    ),
    "glmmTMB": (
        "addForm addForm0 beta_family betabinomial checkDepPackageVersion compois diagnose drop.special "
        "dropHead dtruncated_nbinom1 dtruncated_nbinom2 dtruncated_poisson expandAllGrpVar expandDoubleVert "
        "extractForm family_params findbars_x fitTMB fixef genpois get_cor getCapabilities getGrpVar getME "
        "getReStruc glmmTMB glmmTMBControl gt_load inForm nbinom1 nbinom2 noSpecials numFactor omp_check "
        "ordbeta parseNumLevels ranef refit reOnly replaceForm RHSForm sigma splitForm sumTerms t_family "
        "truncated_compois truncated_genpois truncated_nbinom1 truncated_nbinom2 truncated_poisson tweedie "
        "up2date VarCorr ziGamma"
    ),
}


@pytest.mark.parametrize("package", EXPORTS)
def test_every_function_of_a_package_is_answered(package):
    """With ours, with a sentence, or because it bears the same name."""
    silent = []
    for name in EXPORTS[package].split():
        try:
            getattr(lk, name)
        except AttributeError as error:
            if not str(error).startswith(f"lmmkit has no '{name}'; "):
                silent.append(name)
    assert not silent


def test_what_has_no_equal_is_on_the_page_and_really_missing():
    """When one of them comes, this fails: give it a row."""
    page = re.sub(r"\s+", " ", doc_tables.text(PAGE).split("## No equal")[1]).replace("\\*", "*")
    names = [name for together, _ in r_names.ANSWERS for name in together.split()]
    assert len(names) == len(set(names))
    for together, sentence in r_names.ANSWERS:
        listed = ", ".join(f"`{name}`" for name in together.split())
        assert f"- {listed}: {sentence}." in page
        for theirs in together.split():
            assert theirs not in r_names.FUNCTIONS
            with pytest.raises(AttributeError, match=re.escape(sentence)):
                getattr(lk, theirs)
