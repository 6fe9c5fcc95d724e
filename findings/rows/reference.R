# What R says of the same data: the values that the other packages are held against.
# Prints one line "key<TAB>value" for each quantity.
suppressMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(glmmTMB)
  library(emmeans)
  library(nlme)
})
say <- function(key, value) cat(key, "\t", format(unname(value), digits = 10, scientific = FALSE), "\n", sep = "")
version <- function(name) cat("version ", name, "\t", as.character(packageVersion(name)), "\n", sep = "")
for (name in c("lme4", "lmerTest", "pbkrtest", "glmmTMB", "emmeans", "nlme", "car")) version(name)
sleep <- lme4::sleepstudy

# --- sleepstudy, correlated intercept and slope ---
m <- lmerTest::lmer(Reaction ~ Days + (Days | Subject), sleep)
ml <- lme4::lmer(Reaction ~ Days + (Days | Subject), sleep, REML = FALSE)
say("sleep.reml.criterion", REMLcrit(m))
say("sleep.reml.loglik", as.numeric(logLik(m)))
say("sleep.reml.aic", AIC(m))
say("sleep.reml.bic", BIC(m))
say("sleep.ml.loglik", as.numeric(logLik(ml)))
say("sleep.ml.aic", AIC(ml))
say("sleep.ml.bic", BIC(ml))
say("sleep.bar.slope", fixef(suppressMessages(lme4::lmer(Reaction ~ Days + (1 | Days), sleep)))[2])
say("sleep.slope", fixef(m)[2])
say("sleep.se.slope", sqrt(diag(as.matrix(vcov(m))))[2])
say("sleep.df.slope", coef(summary(m))[2, "df"])
say("sleep.df.intercept", coef(summary(m))[1, "df"])
say("sleep.kr.df.slope", get_Lb_ddf(m, c(0, 1)))
say("sleep.var.intercept", VarCorr(m)$Subject[1, 1])
say("sleep.cov", VarCorr(m)$Subject[1, 2])
say("sleep.var.slope", VarCorr(m)$Subject[2, 2])
say("sleep.sigma", sigma(m))
say("sleep.ranef.308.intercept", ranef(m)$Subject["308", 1])
say("sleep.fitted.1", fitted(m)[1])
say("sleep.predict.new", predict(m, data.frame(Days = 4, Subject = "none"), allow.new.levels = TRUE))
ci <- suppressMessages(confint(ml, oldNames = FALSE, quiet = TRUE))
say("sleep.profile.slope.low", ci["Days", 1])
say("sleep.profile.slope.high", ci["Days", 2])
say("sleep.wald.slope.low", confint(ml, parm = "Days", method = "Wald")[1])
se <- apply(bootMer(ml, fixef, nsim = 500, seed = 1)$t, 2, sd)
say("sleep.boot.se.intercept", se[1])
xb <- as.vector(model.matrix(m) %*% fixef(m))
vf <- var(xb)
Z <- cbind(1, sleep$Days)
vr <- mean(rowSums((Z %*% as.matrix(VarCorr(m)$Subject)) * Z))
say("sleep.r2.marginal", vf / (vf + vr + sigma(m)^2))
say("sleep.r2.conditional", (vf + vr) / (vf + vr + sigma(m)^2))

# --- sleepstudy, intercept only, and with weights ---
i <- lmerTest::lmer(Reaction ~ Days + (1 | Subject), sleep)
say("sleep1.reml.criterion", REMLcrit(i))
say("sleep1.df.slope", coef(summary(i))[2, "df"])
say("sleep1.se.slope", sqrt(diag(as.matrix(vcov(i))))[2])
say("sleep1.var.intercept", VarCorr(i)$Subject[1, 1])
sleep$w <- 1 + sleep$Days / 3
w <- lmerTest::lmer(Reaction ~ Days + (1 | Subject), sleep, weights = w)
say("sleepw.slope", fixef(w)[2])
say("sleepw.sigma", sigma(w))
say("sleepw.loglik.reml", as.numeric(logLik(w)))
t <- glmmTMB(Reaction ~ Days + (1 | Subject), sleep, weights = w, REML = TRUE)
say("sleepw.glmmTMB.slope", fixef(t)$cond[2])
say("sleepw.glmmTMB.loglik.reml", as.numeric(logLik(t)))
say("sleepw.glmmTMB.sigma", sigma(t))
d <- lme(Reaction ~ Days, sleep, ~ 1 | Subject, weights = varFixed(~ I(1 / w)))
say("sleepw.nlme.slope", fixef(d)[2])
say("sleepw.nlme.df.slope", summary(d)$tTable[2, "DF"])
u <- lme4::lmer(Reaction ~ Days + (Days || Subject), sleep)
say("sleepu.reml.criterion", REMLcrit(u))

# --- KR and the weights: the adjusted covariance with and without them ---
say("sleepw.satterthwaite.df.slope", coef(summary(w))[2, "df"])
say("sleepw.kr.df.intercept", get_Lb_ddf(w, c(1, 0)))
say("sleep1.kr.df.intercept", get_Lb_ddf(i, c(1, 0)))
say("sleepw.kr.se.intercept", sqrt(diag(as.matrix(vcovAdj(w))))[1])
say("sleepw.se.intercept", sqrt(diag(as.matrix(vcov(w))))[1])
say("sleepw.kr.se.slope", sqrt(diag(as.matrix(vcovAdj(w))))[2])
say("sleepw.se.slope", sqrt(diag(as.matrix(vcov(w))))[2])

# --- Penicillin, crossed ---
p <- lme4::lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, REML = FALSE)
say("penicillin.ml.loglik", as.numeric(logLik(p)))
say("penicillin.sd.plate", attr(VarCorr(p)$plate, "stddev"))

one <- lme4::lmer(Reaction ~ Days + (1 | Subject), sleep, REML = FALSE)
say("sleep1.ml.loglik", as.numeric(logLik(one)))
say("sleep1.ml.var.intercept", VarCorr(one)$Subject[1, 1])
say("sleep1.ml.predict.308", predict(one, sleep[1, ]))
say("sleep1.ml.var.new", VarCorr(one)$Subject[1, 1] + sigma(one)^2)
say("sleep.square", coef(lm(Reaction ~ Days + I(Days^2), sleep))[3])

# --- cake: Satterthwaite and Kenward-Roger differ ---
cake <- lme4::cake
k <- lmerTest::lmer(angle ~ recipe * temp + (1 | recipe:replicate), cake)
say("cake.df.recipeB", coef(summary(k))["recipeB", "df"])
say("cake.kr.df.recipeB", coef(summary(k, ddf = "Kenward-Roger"))["recipeB", "df"])
a3 <- anova(k)
say("cake.F.recipe.lmerTest", a3["recipe", "F value"])
say("cake.chisq.recipe.car3", car::Anova(k, type = 3)["recipe", "Chisq"])
say("cake.chisq.recipe.car2", car::Anova(k, type = 2)["recipe", "Chisq"])

# --- an unbalanced set: Kenward-Roger is not Satterthwaite ---
few <- sleep[sleep$Days >= as.integer(sleep$Subject) %% 6, ]
f <- lmerTest::lmer(Reaction ~ Days + (Days | Subject), few)
say("few.df.slope", coef(summary(f))[2, "df"])
say("few.kr.df.slope", get_Lb_ddf(f, c(0, 1)))
say("few.se.slope", sqrt(diag(as.matrix(vcov(f))))[2])
say("few.kr.se.slope", sqrt(diag(as.matrix(vcovAdj(f))))[2])

# --- Dyestuff2: singular ---
s <- suppressMessages(lme4::lmer(Yield ~ 1 + (1 | Batch), Dyestuff2))
say("dyestuff2.var", VarCorr(s)$Batch[1])
say("dyestuff2.reml.criterion", REMLcrit(s))
tm <- suppressWarnings(glmmTMB(Yield ~ 1 + (1 | Batch), Dyestuff2, REML = TRUE))
say("dyestuff2.glmmTMB.sd", attr(VarCorr(tm)$cond$Batch, "stddev"))
say("dyestuff2.glmmTMB.se", sqrt(vcov(tm)$cond[1]))
say("dyestuff2.se", sqrt(vcov(s)[1]))
lm2 <- lme(Yield ~ 1, Dyestuff2, ~ 1 | Batch)
say("dyestuff2.nlme.sd", as.numeric(VarCorr(lm2)[1, 2]))

# --- cbpp, binomial ---
form <- cbind(incidence, size - incidence) ~ period + (1 | herd)
g <- glmer(form, cbpp, binomial)
g0 <- glmer(form, cbpp, binomial, nAGQ = 0)
g9 <- glmer(form, cbpp, binomial, nAGQ = 9)
gt <- glmmTMB(form, cbpp, family = binomial)
say("cbpp.period2", fixef(g)[2])
say("cbpp.intercept", fixef(g)[1])
say("cbpp.loglik", as.numeric(logLik(g)))
say("cbpp.nagq0.intercept", fixef(g0)[1])
say("cbpp.nagq0.period2", fixef(g0)[2])
say("cbpp.nagq9.intercept", fixef(g9)[1])
say("cbpp.nagq9.loglik", as.numeric(logLik(g9)))
say("cbpp.glmmTMB.intercept", fixef(gt)$cond[1])
say("cbpp.sd", attr(VarCorr(g)$herd, "stddev"))
say("cbpp.se.intercept", sqrt(diag(as.matrix(vcov(g))))[1])
say("cbpp.glmmTMB.se.intercept", sqrt(vcov(gt)$cond[1, 1]))
say("cbpp.nagq0.se.intercept", sqrt(diag(as.matrix(vcov(g0))))[1])
say("cbpp.nagq0.loglik", as.numeric(logLik(g0)))
say("cbpp.glmmTMB.loglik", as.numeric(logLik(gt)))

# --- grouse ticks, one term, Poisson ---
ticks <- lme4::grouseticks
ticks$YEAR <- factor(ticks$YEAR)
ticks$h <- (ticks$HEIGHT - 460) / 100
gp <- glmer(TICKS ~ h + YEAR + (1 | BROOD), ticks, poisson)
gq <- glmmTMB(TICKS ~ h + YEAR + (1 | BROOD), ticks, family = poisson)
say("ticks.h", fixef(gp)["h"])
say("ticks.intercept", fixef(gp)[1])
say("ticks.se.h", sqrt(diag(as.matrix(vcov(gp))))["h" == names(fixef(gp))])
say("ticks.glmmTMB.se.h", sqrt(diag(vcov(gq)$cond))["h"])
say("ticks.se.intercept", sqrt(diag(as.matrix(vcov(gp))))[1])
say("ticks.glmmTMB.se.intercept", sqrt(diag(vcov(gq)$cond))[1])
g00 <- glmer(TICKS ~ h + YEAR + (1 | BROOD), ticks, poisson, nAGQ = 0)
g90 <- glmer(TICKS ~ h + YEAR + (1 | BROOD), ticks, poisson, nAGQ = 9)
say("ticks.nagq9.h", fixef(g90)["h"])
say("ticks.nagq0.h", fixef(g00)["h"])
say("ticks.nagq0.se.h", sqrt(diag(as.matrix(vcov(g00))))["h" == names(fixef(g00))])
say("ticks.glmmTMB.h", fixef(gq)$cond["h"])
say("ticks.glmmTMB.loglik", as.numeric(logLik(gq)))
say("ticks.loglik", as.numeric(logLik(gp)))

# --- Gamma: what sigma() is ---
set.seed(1)
gd <- data.frame(x = rep(0:9, 20) / 10, g = factor(rep(1:20, each = 10)))
gd$y <- round(sleep$Reaction[1:10][rep(1:10, 20)] / 100 * exp(0.3 * sin(1:200)), 3)
ga <- glmer(y ~ x + (1 | g), transform(gd, y = y * exp(0.2 * cos(as.integer(g)))), Gamma("log"))
gb <- glmmTMB(y ~ x + (1 | g), transform(gd, y = y * exp(0.2 * cos(as.integer(g)))), family = Gamma("log"))
say("gamma.sd.lme4", attr(VarCorr(ga)$g, "stddev"))
say("gamma.sd.glmmTMB", attr(VarCorr(gb)$cond$g, "stddev"))
say("gamma.sigma.lme4", sigma(ga))
say("gamma.sigma.glmmTMB", sigma(gb))
say("gamma.loglik.lme4", as.numeric(logLik(ga)))
say("gamma.loglik.glmmTMB", as.numeric(logLik(gb)))

# --- BodyWeight: ar1 in nlme and glmmTMB ---
bw <- as.data.frame(nlme::BodyWeight)
bw$week <- factor(bw$Time)
n1 <- lme(weight ~ Time * Diet, bw, ~ 1 | Rat, method = "ML")
say("bodyweight.ml.loglik", as.numeric(logLik(n1)))
say("bodyweight.nlme.df.time", summary(n1)$tTable["Time", "DF"])
say("bodyweight.nlme.df.diet2", summary(n1)$tTable["Diet2", "DF"])
n2 <- lmerTest::lmer(weight ~ Time * Diet + (1 | Rat), bw, REML = FALSE)
say("bodyweight.df.diet2", coef(summary(n2))["Diet2", "df"])

# --- emmeans: means after a fit with an interaction ---
e <- suppressMessages(emmeans(k, "recipe"))
say("cake.emmeans.A", summary(e)$emmean[1])
say("cake.emmeans.df.A", summary(e)$df[1])
e2 <- suppressMessages(emmeans(k, "recipe", lmer.df = "satterthwaite"))
say("cake.emmeans.satterthwaite.df.A", summary(e2)$df[1])
say("cake.emmeans.p.AB.tukey", summary(pairs(e))$p.value[1])
say("cake.p.AB.unadjusted", summary(pairs(e, adjust = "none"))$p.value[1])

# --- Kenward and Roger with weights: multiply each row by the root of its weight, and the weights are gone ---
sleep$root <- sqrt(sleep$w)
sleep$y2 <- sleep$Reaction * sleep$root
sleep$x2 <- sleep$Days * sleep$root
r2 <- lme4::lmer(y2 ~ 0 + root + x2 + (0 + root | Subject), sleep)
say("sleepw.without.weights.slope", fixef(r2)[2])
say("sleepw.without.weights.kr.df.intercept", get_Lb_ddf(r2, c(1, 0)))
say("sleepw.without.weights.kr.se.intercept", sqrt(diag(as.matrix(vcovAdj(r2))))[1])

# --- what other packages seem to give ---
say("cbpp.se.intercept.without.hessian", sqrt(diag(as.matrix(vcov(g, use.hessian = FALSE))))[1])
say("ticks.se.h.without.hessian", sqrt(diag(as.matrix(vcov(gp, use.hessian = FALSE))))["h" == names(fixef(gp))])
say("ticks.loglik.saturated", sum(dpois(ticks$TICKS, ticks$TICKS, log = TRUE)))
say("sleep.ml.se.intercept", sqrt(diag(as.matrix(vcov(ml))))[1])
say("sleepw.half.sum.log.w", sum(log(sleep$w)) / 2)

# --- BodyWeight: ar1 in the order of the days, and a Gamma model ---
bw$week <- bw$Time / 7
X <- model.matrix(~ Diet * week, bw)
one <- tapply(seq_len(nrow(bw)), bw$Rat, identity)
minus <- function(p) { # the likelihood of the definition: a dense covariance for each rat, coefficients by GLS
  k <- length(one[[1]])
  V <- exp(2 * p[1]) * tanh(p[2])^abs(outer(1:k, 1:k, "-")) + exp(2 * p[3]) * diag(k)
  C <- chol(solve(V))
  Xw <- X; yw <- bw$weight
  for (rows in one) { Xw[rows, ] <- C %*% X[rows, ]; yw[rows] <- C %*% bw$weight[rows] }
  sum(lm.fit(Xw, yw)$residuals^2) / 2 + nrow(X) * log(2 * pi) / 2 - length(one) * sum(log(diag(C)))
}
starts <- expand.grid(2:4, 1:3, 0:1)
ar <- sapply(seq_len(nrow(starts)), function(i) optim(unlist(starts[i, ]), minus, control = list(maxit = 5000, reltol = 1e-14))$value)
say("bodyweight.ar1.ml.loglik", -min(ar))
gam <- glmmTMB(weight ~ Diet + week + (1 | Rat), bw, family = Gamma("log"))
say("bodyweight.gamma.sd.glmmTMB", attr(VarCorr(gam)$cond$Rat, "stddev"))
gam1 <- suppressWarnings(glmer(weight ~ Diet + week + (1 | Rat), bw, Gamma("log")))
say("bodyweight.gamma.sd.lme4", attr(VarCorr(gam1)$Rat, "stddev"))

# --- the standard error of a variance: the Hessian of the restricted likelihood in the four parameters ---
X <- model.matrix(m)
rows <- split(seq_len(nrow(sleep)), sleep$Subject)
restricted <- function(p) { # variances of intercept and slope, their covariance, variance of the residuals
  A <- 0; b <- 0; q <- 0; l <- 0
  for (r in rows) {
    V <- X[r, ] %*% matrix(p[c(1, 2, 2, 3)], 2) %*% t(X[r, ]) + p[4] * diag(length(r))
    C <- chol(V)
    Xc <- backsolve(C, X[r, ], transpose = TRUE)
    yc <- backsolve(C, sleep$Reaction[r], transpose = TRUE)
    A <- A + crossprod(Xc); b <- b + crossprod(Xc, yc); q <- q + sum(yc^2); l <- l + 2 * sum(log(diag(C)))
  }
  (l + as.numeric(determinant(A)$modulus) + q - sum(b * solve(A, b)) + (nrow(X) - 2) * log(2 * pi)) / 2
}
top <- c(VarCorr(m)$Subject[c(1, 2, 4)], sigma(m)^2)
H <- optimHess(top, restricted, control = list(parscale = top, ndeps = rep(1e-3, 4)))
say("sleep.dense.reml.loglik", -restricted(top))
say("sleep.se.var.intercept", sqrt(diag(solve(H)))[1])

# --- grouse ticks, three terms, Poisson ---
three <- TICKS ~ h + YEAR + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)
g3 <- suppressWarnings(glmer(three, ticks, poisson))
t3 <- glmmTMB(three, ticks, family = poisson)
say("ticks3.se.h", sqrt(diag(as.matrix(vcov(g3))))["h" == names(fixef(g3))])
say("ticks3.glmmTMB.se.h", sqrt(diag(vcov(t3)$cond))["h"])
say("ticks3.h", fixef(g3)["h"])
say("ticks3.glmmTMB.h", fixef(t3)$cond["h"])

# --- sleepstudy, intercept only, more of it ---
say("sleep1.sigma", sigma(i))
say("sleep1.reml.loglik", as.numeric(logLik(i)))
