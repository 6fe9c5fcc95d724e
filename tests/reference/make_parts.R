# What glmmTMB says about models with several parts: counts with extra zeros, hurdles, modelled dispersion, shares.
# Run in this folder, after make_parts.py: Rscript make_parts.R
# data/salamanders.csv: counts of salamanders by Price, Muncy, Bonner, Drayer and Barton (2016), Journal of Applied
# Ecology 53:459-468, from Dryad (doi:10.5061/dryad.5m8f6, CC0), in the form of glmmTMB's `Salamanders`.
suppressMessages({library(glmmTMB); library(jsonlite)})
specs <- fromJSON("parts_specs.json", simplifyVector = FALSE)
data <- lapply(c(parts = "parts", salamanders = "salamanders"), function(name)
  read.csv(file.path("data", paste0(name, ".csv")), stringsAsFactors = TRUE))
families <- list(poisson = poisson, binomial = binomial, gamma = Gamma, gaussian = gaussian, nbinom2 = nbinom2,
  nbinom1 = nbinom1, truncated_poisson = truncated_poisson, truncated_nbinom2 = truncated_nbinom2, beta = beta_family,
  betabinomial = betabinomial, tweedie = tweedie)
formula_or <- function(text, default) if (is.null(text)) default else as.formula(text)
fit <- function(s) {
  family <- if (s$family == "gamma" && !is.null(s$zero_inflation)) ziGamma else families[[s$family]]
  family <- if (is.null(s$link)) family() else family(link = s$link)
  one <- function(control) suppressWarnings(glmmTMB(as.formula(s$formula), data = data[[s$data]], family = family,
    ziformula = formula_or(s$zero_inflation, ~0), dispformula = formula_or(s$dispersion, ~1), control = control))
  models <- list(one(glmmTMBControl()), tryCatch(one(glmmTMBControl(optimizer = optim, optArgs = list(method = "BFGS"))),
    error = function(e) NULL))
  models <- Filter(Negate(is.null), models)
  value <- function(m) 2 * (if (is.null(m$fit$objective)) m$fit$value else m$fit$objective)
  proper <- sapply(models, function(m) isTRUE(m$sdr$pdHess))
  if (any(proper)) models <- models[proper]
  m <- models[[which.min(sapply(models, value))]]
  coefs <- suppressWarnings(summary(m)$coefficients)
  se <- function(part) if (is.null(coefs[[part]])) NULL else I(unname(coefs[[part]][, "Std. Error"]))
  part <- function(name) I(unname(fixef(m)[[name]]))
  c(s, list(objective = value(m), proper = isTRUE(m$sdr$pdHess), conditional = part("cond"),
    zero_inflation_estimates = part("zi"), dispersion_estimates = part("disp"), se_conditional = se("cond"),
    se_zero_inflation = se("zi")))
}
out <- parallel::mclapply(specs, function(s) tryCatch(fit(s), error = function(e) c(s, list(error = conditionMessage(e)))),
  mc.cores = 2, mc.preschedule = FALSE)
versions <- list(R = as.character(getRversion()), glmmTMB = as.character(packageVersion("glmmTMB")),
  TMB = as.character(packageVersion("TMB")))
write(toJSON(list(versions = versions, fits = out), digits = NA, auto_unbox = TRUE, null = "null"), "parts.json")
