"""Functions of R that have no equal of the same kind here, and what does their work, or why nothing does.

The page ``docs/from_r.md`` shows the same table. Names are those that the packages export; methods, such as
``confint.merMod``, are answered as the generic function.
"""

from __future__ import annotations

__all__ = ["ANSWERS"]

_FAMILIES = "lk.families has the families, each with its links: lk.families.NegativeBinomial()"

#: (functions of R, a sentence)
ANSWERS: list[tuple[str, str]] = [
    # ---- lme4 ----
    (
        "nlmer nlformula nlmerControl nlsResp",
        "models that are not linear in their coefficients are not fitted here; poly(x, 2), ns(x, 3) and bs(x) in a "
        "formula bend a line, and a curve such as exp(-k * x) with unknown k needs R's nlme or lme4",
    ),
    (
        "lmerControl glmerControl glmmTMBControl nloptwrap nlminbwrap Nelder_Mead NelderMead golden",
        "there is no search to choose; start= says where it begins, fit.all_fit() tries others, and fit.optinfo tells "
        "what was done",
    ),
    ("checkConv diagnose", "fit.converged and fit.messages tell how the search went, and what to do"),
    (
        "lFormula glFormula mkLmerDevfun mkGlmerDevfun optimizeLmer optimizeGlmer updateGlmerDevfun mkMerMod mkReTrms "
        "mkNewReTrms mkRespMod mkDataTemplate mkParsTemplate mkVarCorr devfun2 devcomp merPredD lmResp lmerResp "
        "glmResp glmFamily glmerLaplaceHandle rePos getL fitTMB",
        "a fit is not taken apart into steps; fit.X, fit.Z, fit.Lambda and fit.theta are its pieces, and "
        "optimize=False evaluates the model at start=",
    ),
    (
        "Cv_to_Sv Cv_to_Vv Sv_to_Cv Vv_to_Cv cov2sdcor sdcor2cov mlist2vec vec2mlist vec2STlist get_cor",
        "fit.varcorr.frame has variances and covariances (vcov) beside standard deviations and correlations (sdcor)",
    ),
    (
        "varianceProf logProf",
        "fit.confint() profiles standard deviations; the limits of a variance are their squares",
    ),
    (
        "findbars findbars_x nobars subbars expandDoubleVerts expandDoubleVert factorize addForm addForm0 dropHead "
        "drop.special expandAllGrpVar extractForm inForm noSpecials reOnly replaceForm RHSForm splitForm sumTerms "
        "getGrpVar getReStruc",
        "a formula is text here: fit.call.formula is what was asked for, fit.design.formula what was understood",
    ),
    ("isNested", 'data.groupby("inner")["outer"].nunique().max() == 1 tells it'),
    (
        "isLMM isGLMM isNLMM",
        "fit.family is None for a linear mixed model, and the family of a generalised one",
    ),
    ("formatVC show methTitle", "print(fit) and print(fit.varcorr) show them"),
    (
        "GHrule GQdk GQN",
        "n_agq= of lk.glmer chooses the number of quadrature points, and numpy.polynomial.hermite has the rules",
    ),
    ("getData", "fit.call.data is the data, fit.design.frame the rows and columns that were used"),
    ("fortify", "write fit.augment()"),
    ("llikAIC", "write fit.glance()"),
    ("dummy", "it is a function of formulas: (0 + dummy(f, 'a') | g)"),
    (
        "lme4_testlevel omp_check getCapabilities up2date gt_load checkDepPackageVersion",
        "nothing here needs it",
    ),
    # ---- lmerTest ----
    ("as_lmerModLmerTest", "every fit of lk.lmer has degrees of freedom and p-values"),
    ("calcSatterth", "write fit.contest(L)"),
    ("lsmeansLT", "write lk.emmeans(fit, specs)"),
    ("show_tests", "fit.anova(type=3) says what it tests, and fit.contest(L) takes hypotheses of your own"),
    # ---- pbkrtest ----
    (
        "getKR getSAT Lb_ddf ddf_Lb",
        'fit.contest(L, ddf="kenward_roger") has the statistic and its degrees of freedom',
    ),
    (
        "compare_column_space make_model_matrix make_restriction_matrix restriction_matrix2model",
        "lk.kr_modcomp takes the small model or a matrix of hypotheses, and fit.X is the model matrix",
    ),
    (
        "get_SigmaG",
        "the response has the covariance fit.sigma**2 * (Z @ L @ L.T @ Z.T + I), with fit.Z and fit.Lambda",
    ),
    # ---- emmeans ----
    (
        "mvcontrast",
        "a model has one response; lk.fit_many fits many side by side, and its .tests() contrasts coefficients in each",
    ),
    (
        "test emm lsm as.glht",
        "lk.emmeans(fit, specs, contrasts=..., adjust=...) has the tests, lk.joint_tests(fit) those of all together",
    ),
    ("lstrends", "write lk.emtrends(fit, specs, var)"),
    ("lsmip emmip_ggplot emmip_lattice", "fit.plot.fit(x, hue) draws it, with the data"),
    (
        "pwpm pwpp",
        'lk.emmeans(fit, specs, contrasts="pairwise") has the differences and their p-values, lk.cld letters',
    ),
    (
        "regrid make.tran inverse",
        'kind="response" of lk.emmeans carries means back, also for a response such as log(y), sqrt(y) or 1/y',
    ),
    ("meanint symmint", "at={...} of lk.emmeans takes the values that you want"),
    (
        "add_grouping comb_facs split_fac force_regular permute_levels",
        "levels are columns of the data here: make a new column with pandas and put it into the formula",
    ),
    (
        "qdrg emm_basis recover_data emmobj lsmobj",
        "lk.emmeans takes the fits of lk.lmer, lk.glmer, lk.lm and lk.glm, and fit.contest any L",
    ),
    (
        "emm_options get_emm_option get.lsm.option lsm.options emm_defaults",
        "there are no options for all calls: each call has its arguments",
    ),
    (
        "as.emmGrid as.emm_list emm_example",
        "tables are pandas DataFrames, and help(lk.emmeans) has an example",
    ),
    (
        "as.mcmc hpd.summary as.mcmc.list",
        "nothing is Bayesian here, so there are no posterior draws; fit.bootstrap(n_sim) draws from the fitted model",
    ),
    # ---- glmmTMB ----
    (
        "nbinom1 nbinom2 negative.binomial betabinomial beta_family truncated_nbinom1 truncated_nbinom2 "
        "truncated_poisson tweedie family_params",
        _FAMILIES,
    ),
    ("ziGamma", 'family="gamma" with zero_inflation= is the same model'),
    (
        "compois truncated_compois genpois truncated_genpois ordbeta t_family",
        "there is no such family here; lk.families lists those that there are",
    ),
    (
        "dtruncated_nbinom1 dtruncated_nbinom2 dtruncated_poisson",
        "scipy.stats has the densities; divide by one minus the probability of zero",
    ),
    (
        "numFactor parseNumLevels",
        "there are no structures over coordinates; us, diag, cs and ar1 are those there are",
    ),
    # ---- performance ----
    (
        "check_distribution",
        "no family is guessed; fit those that make sense, look at lk.simulate_residuals(fit), and compare .aic",
    ),
    (
        "check_predictions check_residuals binned_residuals",
        "lk.simulate_residuals(fit) compares data with simulations",
    ),
    ("check_homogeneity", "fit.plot.scale_location() shows it"),
    ("test_likelihoodratio test_lrt", "write lk.anova(small, large)"),
    ("test_wald", "fit.contest(L) is Wald's test, with degrees of freedom"),
    (
        "performance_rmse performance_mse performance_mae",
        "fit.resid() has the residuals",
    ),
    ("performance_aic performance_aicc performance_logloss", "write fit.aic, fit.aicc or fit.loglik"),
    ("get_variance", "write fit.variance_partition()"),
    # ---- DHARMa ----
    ("plotQQunif plotResiduals", "lk.simulate_residuals(fit).plot() draws both"),
    ("getSimulations", "fit.simulate(n_sim) makes them"),
    ("createDHARMa", "lk.simulate_residuals takes fits of this package alone"),
    # ---- simr ----
    (
        "fixed random compare fcompare rcompare",
        "effect= and test= of lk.power say what is tested",
    ),
    ("getSimdata lastResult simrOptions", "lk.power gives all it has found back: .table and .messages"),
]
