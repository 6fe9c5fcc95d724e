# Answers of lmerTest, pbkrtest, emmeans and lme4 that lme4_reference.json does not hold: inference.json.
# Run from the repository's folder: Rscript tests/reference/make_inference.R
suppressMessages({library(lmerTest); library(pbkrtest); library(emmeans); library(jsonlite)})
here <- "tests/reference"
data_of <- function(name) read.csv(file.path(here, "data", paste0(name, ".csv")), stringsAsFactors = TRUE)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), check.conv.singular = "ignore")
tightg <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-10)
listed <- function(x) lapply(as.data.frame(x), function(column) if (is.factor(column)) as.character(column) else column)
out <- list()

# Unbalanced cake: every seventh row gone; "empty" loses a whole cell as well.
cake <- data_of("cake"); cake$temperature <- factor(cake$temperature); cake$warm <- cake$temp / 100
cake <- cake[seq_len(nrow(cake)) %% 7 != 3, ]
empty <- subset(cake, !(recipe == "A" & temperature == "175"))
arabidopsis <- data_of("Arabidopsis")
models <- list(
  factors = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight),
  covariate = lmer(angle ~ recipe * warm + (1 | recipe:replicate), cake, control = tight),
  polynomial = lmer(angle ~ recipe * poly(temp, 2) + (1 | recipe:replicate), cake, control = tight),
  contrasts = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight,
                   contrasts = list(recipe = "contr.sum", temperature = "contr.helmert")),
  no_intercept = lmer(angle ~ 0 + recipe * temperature + (1 | recipe:replicate), cake, control = tight),
  empty = lmer(angle ~ recipe * temperature + (1 | recipe:replicate), empty, control = tight),
  three_way = lmer(log(total.fruits + 1) ~ nutrient * amd * status + rack + (1 | popu/gen), arabidopsis, control = tight))
for (name in names(models)) for (type in 1:3) for (ddf in c("Satterthwaite", "Kenward-Roger")) {
  table <- suppressMessages(as.data.frame(anova(models[[name]], type = type, ddf = ddf)))
  out$anova[[length(out$anova) + 1]] <- list(model = name, type = type, ddf = ddf, term = rownames(table),
    num_df = table$NumDF, den_df = table$DenDF, statistic = table[["F value"]], p_value = table[["Pr(>F)"]])
}

# Singular, unbalanced, several contrasts at once.
sleep <- data_of("sleepstudy"); sleep$Subject <- factor(sleep$Subject)
unbalanced <- sleep[!(seq_len(nrow(sleep)) %% 7 == 2 | (sleep$Subject == "308" & sleep$Days > 5)), ]
coefs <- function(m, ddf) { s <- coef(summary(m, ddf = ddf)); list(term = rownames(s), std_error = s[, "Std. Error"], df = s[, "df"], p_value = s[, "Pr(>|t|)"]) }
singular <- lmer(Yield ~ 1 + (1 | Batch), data_of("Dyestuff2"), control = tight)
slopes <- lmer(Reaction ~ Days + (Days | Subject), unbalanced, control = tight)
quadratic <- lmer(Reaction ~ Days + I(Days^2) + (Days | Subject), sleep, control = tight)
for (ddf in c("Satterthwaite", "Kenward-Roger")) {
  out$coefs[[ddf]] <- list(singular = coefs(singular, ddf), unbalanced = coefs(slopes, ddf))
  both <- contest(slopes, diag(2), ddf = ddf)
  out$both[[ddf]] <- list(num_df = both$NumDF, den_df = both$DenDF, statistic = both[["F value"]])
}
kr <- KRmodcomp(quadratic, lmer(Reaction ~ 1 + (Days | Subject), sleep, control = tight))$stats
out$kr_modcomp <- list(num_df = kr$ndf, den_df = kr$ddf, statistic = kr$Fstat, p_value = kr$p.value)

# Comparisons.
plain <- lme4::lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight)
additive <- lmer(angle ~ recipe + temperature + (1 | recipe:replicate), cake, control = tight)
d <- as.data.frame(drop1(plain, test = "Chisq"))
out$drop1 <- list(term = rownames(d), df = d$npar, aic = d$AIC, chisq = d$LRT, p_value = d[["Pr(Chi)"]])
d <- as.data.frame(drop1(additive))
out$drop1_f <- list(term = rownames(d), num_df = d$NumDF, den_df = d$DenDF, statistic = d[["F value"]], p_value = d[["Pr(>F)"]])
fits <- list(lmer(Reaction ~ Days + (1 | Subject), sleep, control = tight), lmer(Reaction ~ Days + (Days || Subject), sleep, control = tight),
             lmer(Reaction ~ Days + (Days | Subject), sleep, control = tight))
a <- suppressMessages(as.data.frame(anova(fits[[1]], fits[[2]], fits[[3]], lm(Reaction ~ Days, sleep))))
out$anova_ml <- list(npar = a$npar, aic = a$AIC, bic = a$BIC, loglik = a$logLik, deviance = a$deviance, chisq = a$Chisq, df = a$Df, p_value = a[["Pr(>Chisq)"]])
r <- as.data.frame(ranova(fits[[3]]))
out$ranova <- list(term = rownames(r), npar = r$npar, loglik = r$logLik, lrt = r$LRT, df = r$Df, p_value = r[["Pr(>Chisq)"]])
out$lm_reml <- as.numeric(logLik(lm(Reaction ~ Days, sleep), REML = TRUE))
ticks <- data_of("cbpp"); ticks$period <- factor(ticks$period)
herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), ticks, binomial, control = tightg)
fixed <- glm(cbind(incidence, size - incidence) ~ period, binomial, ticks)
a <- as.data.frame(anova(herds, fixed))
out$anova_glm <- list(chisq = a$Chisq[2], df = a$Df[2], p_value = a[["Pr(>Chisq)"]][2])

# Profiles.
limits <- function(m) { m <- as(m, if (isLMM(m)) "lmerMod" else "glmerMod"); ci <- confint(m, oldNames = FALSE, quiet = TRUE); list(parameter = rownames(ci), low = ci[, 1], high = ci[, 2]) }
profiled <- list(nested = lmer(score ~ ses + sex + (1 | school/class), data_of("nested")), uncorrelated = fits[[2]], herds = herds,
                 dyestuff = lmer(Yield ~ 1 + (1 | Batch), data_of("Dyestuff")))
for (name in names(profiled)) out$profile[[name]] <- limits(profiled[[name]])

# Estimated marginal means.
m <- models$factors; satt <- "satterthwaite"
out$emmeans <- lapply(list(
  recipe_kr = emmeans(m, "recipe", lmer.df = "kenward-roger"), recipe = emmeans(m, "recipe", lmer.df = satt),
  two = emmeans(m, c("recipe", "temperature"), lmer.df = satt),
  proportional = emmeans(m, "recipe", lmer.df = satt, weights = "proportional"),
  tukey = pairs(emmeans(m, "recipe", lmer.df = satt)), holm = pairs(emmeans(m, "recipe", lmer.df = satt), adjust = "holm"),
  bonferroni = pairs(emmeans(m, "recipe", lmer.df = satt), adjust = "bonferroni"),
  sidak = pairs(emmeans(m, "recipe", lmer.df = satt), adjust = "sidak"), none = pairs(emmeans(m, "recipe", lmer.df = satt), adjust = "none"),
  by = pairs(emmeans(m, "recipe", by = "temperature", lmer.df = satt)),
  control = contrast(emmeans(m, "recipe", lmer.df = satt), "trt.vs.ctrl", adjust = "holm"),
  consecutive = contrast(emmeans(m, "temperature", lmer.df = satt), "consec", adjust = "none"),
  effects = contrast(emmeans(m, "recipe", lmer.df = satt), "eff", adjust = "none"),
  covariate = emmeans(models$covariate, "recipe", lmer.df = satt),
  at = emmeans(models$covariate, c("recipe", "warm"), at = list(warm = c(1.8, 2.2)), lmer.df = satt),
  empty = emmeans(models$empty, "temperature", lmer.df = satt),
  glmm = emmeans(herds, "period"), glmm_response = emmeans(herds, "period", type = "response"),
  glmm_pairs = pairs(emmeans(herds, "period", type = "response"))), listed)

# Influence.
i <- influence(as(fits[[3]], "lmerMod"), groups = "Subject")
out$influence <- list(dfbetas = unname(dfbetas(i)), cooksd = unname(cooks.distance(i)), components = unname(i[["var.cov.comps[-Subject]"]]),
                      hat = unname(hatvalues(fits[[3]])))
write_json(out, file.path(here, "inference.json"), digits = 12, na = "null")
