# What R prints for some fits of lme4_reference.json: print(), summary() (of lmerTest for linear models), VarCorr().
# Run in this folder; writes printed.json. Blanks at line ends are dropped.
suppressMessages({library(lme4); library(lmerTest); library(jsonlite)})
read <- function(name, factors = character()) { d <- read.csv(file.path("data", paste0(name, ".csv"))); for (f in factors) d[[f]] <- factor(d[[f]]); d }
sleepstudy <- read("sleepstudy", "Subject"); Penicillin <- read("Penicillin"); Pastes <- read("Pastes"); Dyestuff2 <- read("Dyestuff2"); counts <- read("counts")
cake <- read("cake", c("recipe", "temperature")); crossed <- read("crossed"); cbpp <- read("cbpp", c("herd", "period")); grouseticks <- read("grouseticks", "YEAR"); Arabidopsis <- read("Arabidopsis")
cl <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5), check.conv.singular = "ignore")
cg <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), check.conv.singular = "ignore", tolPwrss = 1e-10)
out <- list()
lines <- function(expr) sub(" +$", "", capture.output(expr))
keep <- function(id, data, reml, m, plain = m) {
  m@call$control <- NULL; plain@call$control <- NULL
  out[[id]] <<- list(formula = paste(trimws(deparse(formula(plain))), collapse = " "), data = data, reml = reml, print = lines(print(plain)),
    summary = lines(print(summary(m))), summary_none = lines(print(summary(plain))), varcorr = lines(print(VarCorr(plain))))
}
linear <- function(id, formula, data, reml = TRUE, ...) {
  one <- function(fun) eval(bquote(.(fun)(.(formula), data = .(as.name(data)), REML = .(reml), control = cl, ...)))
  m <- one(quote(lmerTest::lmer)); plain <- one(quote(lme4::lmer)); m@call$REML <- NULL; plain@call$REML <- NULL
  keep(id, data, reml, m, plain)
}
linear("slopes", Reaction ~ Days + (Days | Subject), "sleepstudy")
linear("slopes, ML", Reaction ~ Days + (Days | Subject), "sleepstudy", reml = FALSE)
linear("intercepts", Reaction ~ Days + (1 | Subject), "sleepstudy")
linear("slopes only", Reaction ~ Days + (0 + Days | Subject), "sleepstudy")
linear("crossed", diameter ~ 1 + (1 | plate) + (1 | sample), "Penicillin")
linear("nested", strength ~ 1 + (1 | batch/cask), "Pastes")
linear("zero variance", Yield ~ 1 + (1 | Batch), "Dyestuff2")
linear("many coefficients", angle ~ recipe * temperature + (1 | recipe:replicate), "cake")
linear("scientific", rt ~ cond * x + (x | subj) + (1 | item), "crossed")
linear("long formula", log(total.fruits + 1) ~ rack + nutrient * amd + status + (1 | reg/popu/gen), "Arabidopsis")
keep("binomial", "cbpp", FALSE, glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, control = cg))
keep("quadrature", "cbpp", FALSE, glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, nAGQ = 9, control = cg))
keep("poisson", "counts", FALSE, glmer(count ~ treat + temp + offset(log(effort)) + (temp | site), counts, poisson, control = cg))
keep("ticks", "grouseticks", FALSE, glmer(TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION), grouseticks, poisson, control = cg))
write_json(out, "printed.json", auto_unbox = TRUE, pretty = TRUE)
