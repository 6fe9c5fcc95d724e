# Expected model matrices and random-effects terms for tests/design/test_design.py, made by R's model.matrix and lme4's lFormula on small data.
# Run in this folder:  Rscript make_model_matrix.R      (needs jsonlite, lme4)
library(jsonlite)

n <- 24
i <- seq_len(n)
d <- data.frame(
  y = round(10 + sin(i) * 3 + i / 5, 3),
  x = round(cos(i * 1.7) * 2 + i / 10, 3),
  z = round((i * 7) %% 11 + 0.25, 2),
  f = factor(c("b", "a", "c")[(i * 5) %% 3 + 1]),
  h = c("u", "v")[(i %/% 3) %% 2 + 1],
  k = c(10, 2, 30)[(i %/% 2) %% 3 + 1],
  flag = (i * 3) %% 7 > 2,
  dose = factor(c("low", "mid", "high", "top", "max")[i %% 5 + 1], levels = c("low", "mid", "high", "top", "max")),
  "my col" = round(i / 3, 2),
  total.fruits = i %% 4,
  class = c("p", "q")[i %% 2 + 1],
  check.names = FALSE
)
d$o <- factor(d$dose, levels = levels(d$dose), ordered = TRUE)
d$twice <- 2 * d$x
new <- d[c(3, 8, 14, 21), ]
new$x <- c(-4, 0.5, 1, 6)          # two of them outside the range of the fit
new$z <- c(1, 2, 30, 4)

cases <- list(
  "y ~ x", "y ~ 0 + x", "y ~ x - 1", "y ~ f", "y ~ 0 + f", "y ~ f - 1 + h", "y ~ x * f", "y ~ x + f:x",
  "y ~ f:x", "y ~ f:h", "y ~ 0 + f:h", "y ~ h + f:h", "y ~ f/h", "y ~ x/f", "y ~ f * h * x", "y ~ (f + h + x)^2",
  "y ~ (x + z)^2 - x", "y ~ b1 + x:z", "y ~ h:x + f:h", "y ~ flag", "y ~ flag:x", "y ~ 0 + flag + f",
  "y ~ I(x^2) + log(z) + exp(x/10) + sqrt(z)", "y ~ I(x > 1) + (z > 4)", "y ~ I(f == \"a\")", "y ~ poly(x, 2)",
  "y ~ poly(x, 3) * h", "y ~ poly(x, 1)", "y ~ poly(x, 2, raw = TRUE)", "y ~ scale(x)", "y ~ scale(x, scale = FALSE):f",
  "y ~ bs(x)", "y ~ bs(x, df = 5)", "y ~ bs(x, knots = c(0, 1), degree = 2)", "y ~ bs(x, df = 6, intercept = TRUE) - 1",
  "y ~ ns(x)", "y ~ ns(x, 3)", "y ~ ns(x, df = 4, intercept = TRUE)", "y ~ ns(x, df = 2, Boundary.knots = c(-1, 3))",
  "y ~ factor(k)", "y ~ factor(k) * x", "y ~ factor(f, levels = c(\"c\", \"a\", \"b\"))", "y ~ o", "y ~ o:x", "y ~ 0 + o",
  "y ~ dose", "y ~ C(f, sum)", "y ~ C(dose, helmert) * x", "y ~ C(f, treatment) + x", "y ~ C(dose, poly)",
  "y ~ `my col` + f:`my col`", "y ~ log(total.fruits + 1) * class", "y ~ x + twice + f", "y ~ f + h + f:h + x + x:f",
  "y ~ x + offset(log(z)) + h", "y ~ x:f + z:h + f", "y ~ x + z + x:z:f", "y ~ h*x + f:h:x",
  "y ~ -1 + x:f + h", "y ~ f + h:f:flag", "log(y) ~ log2(z) + log10(z) + log1p(z) + abs(x)", "y ~ I(-x^2 + 2 * z / 3)",
  "y ~ log(z, 2)", "y ~ I(1e5 * x) + I(x / 1000000)", "y ~ 1", "y ~ z + x + f:x:z", "y ~ (f + x):h", "y ~ f * h - f",
  "y ~ I(flag * x) + I(!flag)", "y ~ I(x > 0 & z < 5)", "y ~ scale(log(z))", "y ~ 0 + x + f:h",
  "y ~ (z + x * h)^2", "y ~ x + (f - x)", "y ~ (x + h)/(f + z)", "y ~ x/f/h - x", "y ~ 0 + flag:h + (x + f)^3",
  "y ~ f:h:x + h:x + f"
)
with_contrasts <- list(
  list("y ~ f * x", list(f = "contr.sum")), list("y ~ f + dose", list(dose = "contr.helmert")),
  list("y ~ dose * h", list(dose = "contr.poly", h = "contr.sum")), list("y ~ o", list(o = "contr.treatment")),
  list("y ~ factor(k)", list("factor(k)" = "contr.sum")), list("y ~ 0 + f + h", list(f = "contr.sum", h = "contr.sum"))
)
suppressMessages(library(splines))
d$b1 <- d$z^2
new$b1 <- new$z^2
new$twice <- 2 * new$x + 1         # no longer a multiple: the dropped column must stay out

one <- function(text, contrasts = NULL) {
  formula <- as.formula(text)
  frame <- model.frame(formula, d)
  terms <- terms(frame)
  X <- model.matrix(terms, frame, contrasts.arg = contrasts)
  q <- qr(X, tol = 1e-7)
  keep <- q$pivot[seq_len(q$rank)]
  frame_new <- suppressWarnings(model.frame(delete.response(terms), new, xlev = .getXlevels(terms, frame)))
  X_new <- suppressWarnings(model.matrix(delete.response(terms), frame_new, contrasts.arg = attr(X, "contrasts")))
  list(formula = text, contrasts = contrasts, names = I(colnames(X)), dropped = I(colnames(X)[setdiff(seq_len(ncol(X)), keep)]),
       assign = I(attr(X, "assign")), labels = I(attr(terms, "term.labels")),
       X = lapply(seq_len(nrow(X)), function(r) I(unname(X[r, ]))), new = lapply(seq_len(nrow(X_new)), function(r) I(unname(X_new[r, ]))))
}
out <- c(lapply(cases, one), lapply(with_contrasts, function(case) one(case[[1]], case[[2]])))

# rows with missing values: transforms are fitted on the whole column, as model.frame does, then rows are dropped
holes <- d
holes$y[3] <- NA
holes$x[5] <- NA
holes$f[7] <- NA
holes$flag[9] <- NA
holes$dose[holes$dose == "top"] <- NA
with_holes <- lapply(list("y ~ scale(x) + f", "y ~ poly(z, 2) * f", "y ~ ns(z, 3) + flag", "y ~ dose", "y ~ bs(z, df = 4)"),
  function(text) {
    frame <- model.frame(as.formula(text), holes, drop.unused.levels = TRUE)
    X <- model.matrix(terms(frame), frame)
    list(formula = text, names = I(colnames(X)), rows = I(as.integer(rownames(X))),
         X = lapply(seq_len(nrow(X)), function(r) I(unname(X[r, ]))))
  })

# random-effects terms as lme4 makes them
suppressMessages(library(lme4))
control <- lmerControl(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore", check.nobs.vs.rankZ = "ignore")
bars <- c(
  "(1 | h)", "(x | h)", "(0 + x | h)", "(x - 1 | h)", "(x || h)", "(f || h)", "(0 + f | h)", "(1 + x + f | h)", "(x | class/h)",
  "(1 | class/h/f)", "(1 | h:f)", "(1 | k)", "(1 | h) + (1 | f) + (1 | dose)", "(poly(x, 2) | h)",
  "(1 | f) + (1 | h:f) + (x | class)", "(flag | h)", "(1 | (h:f))", "(x * z || h)", "(0 + x || h)", "(x | h) + (0 + z | h)",
  "(o | h)", "(1 | flag)", "(f:x | h)", "(0 + f:x | h)", "(1 | my.g)", "(1 | `my col`)", "(x || class/h)", "(1 | h) + (1 | class) + (1 | f)",
  "(1 | class:h:f)", "(I(x^2) + z | dose)", "(1 | k:h)", "(0 + f:h | class)", "(C(f, sum) | h)", "(scale(x) | h)"
)
d$my.g <- d$k / 4
random <- lapply(bars, function(text) {
  re <- lFormula(as.formula(paste("y ~ x +", text)), d, control = control)$reTrms
  list(formula = paste("y ~ x +", text),
       terms = lapply(seq_along(re$cnms), function(t) list(
         group = names(re$cnms)[t], names = I(re$cnms[[t]]), levels = I(levels(re$flist[[attr(re$flist, "assign")[t]]])),
         Z = lapply(seq_len(nrow(d)), function(r) I(unname(as.matrix(re$Ztlist[[t]])[, r]))))))
})

as_columns <- function(frame) lapply(as.list(frame), function(v) I(if (is.factor(v)) as.character(v) else v))
write_json(list(data = as_columns(d), new = as_columns(new), holes = as_columns(holes), ordered = levels(d$dose), cases = out,
                with_holes = with_holes, random = random),
           "model_matrix.json", digits = 10, auto_unbox = TRUE, null = "null", na = "null")
