# Answers of R's emmeans to what inference.json does not ask: emmeans.json.
# Run from the repository's folder: Rscript tests/reference/make_emmeans.R
suppressMessages({library(lmerTest); library(pbkrtest); library(emmeans); library(glmmTMB); library(jsonlite)})
emm_options(msg.interaction = FALSE, msg.nesting = FALSE)
here <- "tests/reference"
data_of <- function(name) read.csv(file.path(here, "data", paste0(name, ".csv")), stringsAsFactors = TRUE)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), check.conv.singular = "ignore")
tightg <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), tolPwrss = 1e-10)
listed <- function(x) lapply(as.data.frame(x), function(column) if (is.factor(column)) as.character(column) else column)
satt <- "satterthwaite"

cake <- data_of("cake"); cake$temperature <- factor(cake$temperature); cake$warm <- cake$temp / 100
cake <- cake[seq_len(nrow(cake)) %% 7 != 3, ]
logged <- lmer(log(angle) ~ recipe + temperature + (1 | recipe:replicate), cake, control = tight)
rooted <- lmer(sqrt(angle) ~ recipe + (1 | recipe:replicate), cake, control = tight)
shifted <- lmer(log(angle + 1) ~ recipe + (1 | recipe:replicate), cake, control = tight)
slopes <- lmer(log(angle) ~ recipe + warm + (warm | replicate), cake, control = tight)
factors <- lmer(angle ~ recipe * temperature + (1 | recipe:replicate), cake, control = tight)
covariate <- lmer(angle ~ recipe * warm + (1 | recipe:replicate), cake, control = tight)
curved <- lmer(angle ~ recipe * poly(warm, 2) + (1 | recipe:replicate), cake, control = tight)
inverse <- lm(I(1 / angle) ~ recipe, cake)
squared <- lm(I(angle^2) ~ recipe, cake)
tens <- lm(log10(angle) ~ recipe * temperature, cake)
herd_data <- data_of("cbpp"); herd_data$period <- factor(herd_data$period)
herds <- glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), herd_data, binomial, control = tightg)
counts <- data_of("counts")
counts$log_effort <- log(counts$effort)
# glmmTMB: lme4's standard errors of these two, by differences, are 0.5 % off
rates <- glmmTMB(count ~ treat * temp + offset(log_effort) + (1 | site), counts, poisson)
growth <- glmmTMB(count ~ treat * temp + (1 | site), counts, poisson)
# bird within nest, unequal numbers; feed crosses both
nests <- data.frame(nest = rep(c("A", "B", "C"), c(8, 12, 8)), bird = c(rep(1:2, each = 4), rep(3:5, each = 4), rep(6:7, each = 4)),
                    feed = rep(c("f", "g"), 14))
nests$y <- c(3.1, 4.2, 2.9, 4.8, 5.5, 6.1, 5.0, 6.9, 7.2, 8.8, 7.9, 8.1, 4.4, 5.2, 4.1, 5.9, 6.6, 7.1, 6.0, 7.7, 2.2, 3.9, 2.8, 3.3, 9.1, 9.9, 8.7, 9.5)
nests$bird <- factor(nests$bird)
nested <- lm(y ~ nest + bird + feed, nests)

total <- function(m) { v <- as.data.frame(VarCorr(m)); sqrt(sum(v$vcov[is.na(v$var2)])) }
out <- lapply(list(
  logged = emmeans(logged, "recipe", lmer.df = satt, type = "response"),
  logged_pairs = pairs(emmeans(logged, "recipe", lmer.df = satt, type = "response")),
  logged_control = contrast(emmeans(logged, "recipe", lmer.df = satt, type = "response"), "trt.vs.ctrl", adjust = "none"),
  logged_effects = contrast(emmeans(logged, "recipe", lmer.df = satt, type = "response"), "eff", adjust = "none"),
  logged_bias = emmeans(logged, "recipe", lmer.df = satt, type = "response", bias.adjust = TRUE, sigma = total(logged)),
  rooted = emmeans(rooted, "recipe", lmer.df = satt, type = "response"),
  rooted_bias = emmeans(rooted, "recipe", lmer.df = satt, type = "response", bias.adjust = TRUE, sigma = total(rooted)),
  shifted = emmeans(shifted, "recipe", lmer.df = satt, type = "response"),
  squared = emmeans(update(ref_grid(squared), tran = make.tran("power", 2)), "recipe", type = "response"),
  inverse = emmeans(update(ref_grid(inverse), tran = "inverse"), "recipe", type = "response"),
  tens = emmeans(tens, "recipe", by = "temperature", type = "response"),
  tens_pairs = pairs(emmeans(tens, "recipe", by = "temperature", type = "response")),
  herds_bias = emmeans(herds, "period", type = "response", bias.adjust = TRUE, sigma = total(herds)),
  rates_offset = emmeans(rates, "treat", offset = 0, type = "response", df = Inf),
  growth_trend = emtrends(growth, "treat", "temp", df = Inf),
  trend = emtrends(covariate, "recipe", "warm", lmer.df = satt),
  trend_kr = emtrends(covariate, "recipe", "warm", lmer.df = "kenward-roger"),
  trend_pairs = pairs(emtrends(covariate, "recipe", "warm", lmer.df = satt)),
  trend_curved = emtrends(curved, ~ recipe | warm, "warm", at = list(warm = c(1.8, 2.2)), delta.var = 1e-6, lmer.df = satt),
  poly = contrast(emmeans(factors, "temperature", lmer.df = satt), "poly", adjust = "none"),
  interaction = contrast(emmeans(factors, c("recipe", "temperature"), lmer.df = satt), interaction = "pairwise"),
  interaction_mixed = contrast(emmeans(factors, c("recipe", "temperature"), lmer.df = satt), interaction = c("trt.vs.ctrl", "poly")),
  interaction_by = contrast(emmeans(factors, c("recipe", "temperature"), lmer.df = satt), interaction = "consec", by = "recipe"),
  nest = emmeans(nested, "nest"), bird = emmeans(nested, "bird"), feed = emmeans(nested, "feed"),
  nest_pairs = pairs(emmeans(nested, "nest")), bird_pairs = pairs(emmeans(nested, "bird")),
  joint = joint_tests(factors, lmer.df = satt), joint_kr = joint_tests(factors, lmer.df = "kenward-roger"),
  joint_by = joint_tests(factors, by = "recipe", lmer.df = satt), joint_covariate = joint_tests(covariate, lmer.df = satt),
  joint_growth = joint_tests(growth), joint_tens = joint_tests(tens)), listed)
write_json(out, file.path(here, "emmeans.json"), digits = 12, na = "null")
if (interactive() || nzchar(Sys.getenv("SHOW"))) for (n in names(out)) { cat("\n##", n, "\n"); print(as.data.frame(out[[n]])) }
