# lme4's criterion of each design in a folder: NAME.csv beside NAME.txt (formula, then TRUE for REML, or family and
# link for a GLMM, whose modes are found to 1e-12).
# The lower of two optimisers, each from lme4's own start. Run by make_valleys.py.
suppressMessages(library(lme4))
folder <- commandArgs(trailingOnly = TRUE)[1]
names <- sub("\\.csv$", "", list.files(folder, pattern = "\\.csv$"))
criterion <- function(optimizer, formula, data, reml) {
  control <- lmerControl(optimizer = optimizer, calc.derivs = FALSE, check.nobs.vs.nlev = "ignore",
                         check.nobs.vs.nRE = "ignore", check.nobs.vs.rankZ = "ignore")
  fit <- tryCatch(suppressMessages(suppressWarnings(lmer(formula, data, REML = reml, control = control))),
                  error = function(e) NULL)
  if (is.null(fit)) Inf else as.numeric(-2 * logLik(fit))
}
generalised <- function(optimizer, formula, data, family) {
  control <- glmerControl(optimizer = optimizer, calc.derivs = FALSE, tolPwrss = 1e-12)
  fit <- tryCatch(suppressMessages(suppressWarnings(glmer(formula, data, family, control = control))),
                  error = function(e) NULL)
  if (is.null(fit)) Inf else as.numeric(-2 * logLik(fit))
}
for (name in names) {
  lines <- readLines(file.path(folder, paste0(name, ".txt")))
  data <- read.csv(file.path(folder, paste0(name, ".csv")), stringsAsFactors = TRUE)
  values <- if (length(lines) == 2) {
    sapply(c("nloptwrap", "bobyqa"), criterion, as.formula(lines[1]), data, as.logical(lines[2]))
  } else {
    sapply(c("nlminbwrap", "bobyqa"), generalised, as.formula(lines[1]), data, get(lines[2])(link = lines[3]))
  }
  cat(name, format(min(values), digits = 12), "\n", sep = "\t")
}
cat("version", as.character(packageVersion("lme4")), "\n", sep = "\t")
