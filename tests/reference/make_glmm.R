# What lme4 (its inner tolerance tightened: standard errors need it) and glmmTMB say about more GLMMs.
# Run in this folder: Rscript make_glmm.R
suppressMessages({library(lme4); library(glmmTMB); library(jsonlite)})
D <- list()
for (f in c("cbpp.csv", "counts.csv", "grouseticks.csv", "VerbAgg.csv.gz")) D[[sub("[.].*", "", f)]] <- read.csv(file.path("data", f))
D$cbpp$period <- factor(D$cbpp$period)
for (v in c("YEAR", "BROOD", "INDEX", "LOCATION")) D$grouseticks[[v]] <- factor(D$grouseticks[[v]])
D$VerbAgg$r2 <- factor(D$VerbAgg$r2); D$VerbAgg$id <- factor(D$VerbAgg$id)
cases <- list()
add <- function(id, data, formula, engine, family, link, loglik, beta, se, sd, extra = list())
  cases[[id]] <<- c(list(data = data, formula = formula, engine = engine, family = family, link = link,
    loglik = as.numeric(loglik), fixef = as.list(beta), se = as.list(se), sd = sd), extra)
control <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5),
  check.conv.singular = "ignore", tolPwrss = 1e-13)
with_lme4 <- function(id, data, formula, family, nodes = 1) {
  m <- glmer(as.formula(formula), D[[data]], family = family, nAGQ = nodes, control = control)
  v <- as.data.frame(VarCorr(m)); b <- fixef(m)
  add(id, data, formula, "lme4", family$family, family$link, logLik(m), b,
    setNames(sqrt(diag(as.matrix(vcov(m)))), names(b)), I(v$sdcor[is.na(v$var2) & v$grp != "Residual"]), list(n_agq = nodes))
}
with_tmb <- function(id, data, formula, family, name) {
  m <- glmmTMB(as.formula(formula), D[[data]], family = family,
    control = glmmTMBControl(optCtrl = list(iter.max = 1e4, eval.max = 1e4)))
  b <- fixef(m)$cond; v <- VarCorr(m)$cond
  sds <- setNames(lapply(v, function(s) unname(attr(s, "stddev"))), names(v))
  add(id, data, formula, "glmmTMB", name, family$link, logLik(m), b, sqrt(diag(vcov(m)$cond)), I(unlist(sds, use.names = FALSE)),
    list(groups = names(v), dispersion = sigma(m)))
}
with_lme4("pois_off", "counts", "count ~ treat + temp + offset(log(effort)) + (1 | site)", poisson())
with_lme4("pois_slope", "counts", "count ~ treat + temp + offset(log(effort)) + (temp | site)", poisson())
with_lme4("pois_sqrt", "counts", "count ~ treat + (1 | site)", poisson("sqrt"))
with_lme4("bern", "counts", "pos ~ temp + treat + (1 | site)", binomial())
with_lme4("probit", "counts", "pos ~ temp + treat + (1 | site)", binomial("probit"))
with_lme4("cloglog", "counts", "pos ~ temp + treat + (1 | site)", binomial("cloglog"))
with_lme4("cauchit", "counts", "pos ~ temp + treat + (1 | site)", binomial("cauchit"))
with_lme4("cloglog_agq", "counts", "pos ~ temp + treat + (1 | site)", binomial("cloglog"), 11)
with_lme4("pois_agq", "counts", "count ~ treat + temp + (1 | site)", poisson(), 15)
with_tmb("tmb_probit", "counts", "pos ~ temp + treat + (1 | site)", binomial("probit"), "binomial")
with_tmb("tmb_cloglog", "counts", "pos ~ temp + (1 | site)", binomial("cloglog"), "binomial")
with_tmb("tmb_gamma", "counts", "time ~ temp + (1 | site)", Gamma("log"), "Gamma")
with_tmb("tmb_gamma_slope", "counts", "time ~ temp + treat + (temp | site)", Gamma("log"), "Gamma")
with_tmb("tmb_gamma_inverse", "counts", "time ~ treat + (1 | site)", Gamma("inverse"), "Gamma")
with_tmb("tmb_nb", "counts", "over ~ treat + (1 | site)", nbinom2(), "negative_binomial")
with_tmb("tmb_nb_slope", "counts", "over ~ treat + temp + offset(log(effort)) + (temp | site)", nbinom2(), "negative_binomial")
with_tmb("tmb_nb_crossed", "grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION)", nbinom2(), "negative_binomial")
with_tmb("tmb_verbagg", "VerbAgg", "r2 ~ Anger + Gender + btype + situ + (1 | id) + (1 | item)", binomial(), "binomial")
write_json(cases, "glmm.json", digits = 12, auto_unbox = TRUE, pretty = TRUE)
