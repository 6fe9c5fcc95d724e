# R's answers for lm and glm on the data sets of this repository: tests/reference/linear.json.
# Run from the repository's folder: Rscript tests/reference/make_linear.R
suppressMessages({library(jsonlite); library(MASS)})
options(width = 80, useFancyQuotes = FALSE, digits = 7)
here <- "tests/reference"
data_of <- function(name) read.csv(file.path("data", paste0(name, ".csv")), stringsAsFactors = TRUE)

mouse <- data_of("mouse")
plasma_age <- data_of("plasma_age"); plasma_age$group <- factor(plasma_age$group)
clinic <- data_of("clinic")
scrna <- data_of("scrna")
owl_cort <- data_of("owl_cort"); owl_cort$days <- factor(owl_cort$days, c("before", "2", "20"))
clinic$w <- 0.5 + clinic$Dose
owl_cort$count <- floor(owl_cort$totCort)

fits <- list(
  mouse = lm(Weight ~ Dose, data = mouse),
  mouse_mean = lm(Weight ~ 1, data = mouse),
  mouse_strain = lm(Weight ~ 0 + Strain + Dose, data = mouse),
  plasma_group = lm(conc ~ age + group, data = plasma_age),
  clinic_weighted = lm(Value ~ Dose * Gender, data = clinic, weights = w),
  clinic_offset = lm(Value ~ Gender + offset(100 * Dose), data = clinic),
  owl = lm(log(totCort) ~ Implant * days, data = owl_cort),
  scrna_poisson = glm(counts ~ disease, data = scrna, family = poisson),
  owl_nb = glm.nb(count ~ Implant * days, data = owl_cort),
  mouse_binomial = glm(cbind(Dose, 6 - Dose) ~ Weight, data = mouse, family = binomial),
  clinic_logit = glm(Gender ~ Value, data = clinic, family = binomial),
  clinic_probit = glm(Gender ~ Value, data = clinic, family = binomial(link = "probit")),
  owl_gamma = glm(totCort ~ Implant * days, data = owl_cort, family = Gamma(link = "log")),
  scrna_offset = glm(counts ~ disease + offset(log(2 + 0 * counts)), data = scrna, family = poisson)
)

one <- function(name) {
  fit <- fits[[name]]
  is_glm <- inherits(fit, "glm")
  call <- fit$call
  if (is_glm) fit <- update(fit, control = glm.control(epsilon = 1e-14, maxit = 100))
  fit$call <- call
  s <- summary(fit)
  answer <- list(
    summary = capture.output(print(s)), print = capture.output(print(fit)),
    terms = rownames(s$coefficients), coef = unname(s$coefficients), vcov = unname(vcov(fit)),
    loglik = as.numeric(logLik(fit)), npar = attr(logLik(fit), "df"), aic = AIC(fit), bic = BIC(fit),
    deviance = deviance(fit), df_resid = df.residual(fit), sigma = sigma(fit), nobs = nobs(fit),
    fitted = unname(fitted(fit))[1:8], response = unname(resid(fit, "response"))[1:8],
    pearson = unname(resid(fit, "pearson"))[1:8], deviance_resid = unname(resid(fit, "deviance"))[1:8],
    working = unname(resid(fit, "working"))[1:8],
    confint = unname(suppressMessages(confint(fit))), wald = unname(confint.default(fit)),
    hat = unname(hatvalues(fit))[1:8], cooks = unname(cooks.distance(fit))[1:8],
    rstandard = unname(rstandard(fit))[1:8],
    anova = { a <- anova(fit, test = if (is_glm) (if (s$dispersion == 1) "Chisq" else "F") else "F"); cbind(row = rownames(a), as.data.frame(a)) }
  )
  if (is_glm) answer <- c(answer, list(null_deviance = fit$null.deviance, df_null = fit$df.null, dispersion = s$dispersion))
  else answer <- c(answer, list(r2 = s$r.squared, adj_r2 = s$adj.r.squared, fstat = unname(s$fstatistic),
       quantiles = unname(quantile(resid(fit)))))
  if (name == "owl_nb") answer$theta <- fit$theta
  answer
}
answers <- sapply(names(fits), one, simplify = FALSE)

new <- data.frame(Dose = c(1, 2.5, 6))
answers$mouse$confidence <- unname(predict(fits$mouse, new, interval = "confidence"))
answers$mouse$prediction <- unname(predict(fits$mouse, new, interval = "prediction", level = 0.9))
answers$mouse$deletion_sigma <- unname(influence(fits$mouse)$sigma)[1:8]
answers$mouse$dfbetas <- unname(dfbetas(fits$mouse))[1:8, ]
p <- predict(fits$clinic_logit, data.frame(Value = c(120, 180, 260)), se.fit = TRUE)
answers$clinic_logit$link <- unname(p$fit); answers$clinic_logit$link_se <- unname(p$se.fit)
owl_sum <- lm(log(totCort) ~ Implant * days, data = owl_cort, contrasts = list(Implant = "contr.sum", days = "contr.sum"))
type3 <- drop1(owl_sum, . ~ ., test = "F")[-1, ]
answers$owl$type3 <- unname(as.matrix(type3[, c("Df", "Sum of Sq", "F value", "Pr(>F)")]))
two <- function(small, large) { a <- anova(small, large, fits$owl); c(a$Df[2], a$`Sum of Sq`[2], a$F[2], a$`Pr(>F)`[2]) }
implant <- lm(log(totCort) ~ Implant, owl_cort); days <- lm(log(totCort) ~ days, owl_cort); both <- lm(log(totCort) ~ Implant + days, owl_cort)
answers$owl$type2 <- rbind(two(days, both), two(implant, both))
answers$clinic_weighted$prediction <- unname(predict(fits$clinic_weighted, clinic[c(1, 60), ], interval = "prediction", weights = clinic$w[c(1, 60)]))
write(toJSON(answers, digits = NA, auto_unbox = TRUE, na = "null"), file.path(here, "linear.json"))
