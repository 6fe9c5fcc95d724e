# One case fitted by lme4 with its defaults.
suppressMessages(library(lme4))
a <- commandArgs(TRUE)
d <- read.csv(a[1]); f <- as.formula(a[2]); repeats <- as.integer(a[5])
for (v in strsplit(a[4], ",")[[1]]) d[[v]] <- factor(d[[v]])
fit <- function() suppressMessages(suppressWarnings(if (a[3] == "gaussian") lmer(f, d) else glmer(f, d, family = a[3])))
m <- fit()
seconds <- sapply(seq_len(repeats), function(i) as.numeric(system.time(m <<- fit())["elapsed"]))
if (max(seconds) < 0.05) { # below the clock's resolution: time a whole run
  total <- as.numeric(system.time(for (i in seq_len(50)) fit())["elapsed"]); seconds <- rep(total / 50, repeats)
}
peak <- as.numeric(sub("[^0-9]*([0-9]+) kB", "\\1", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
cat(sprintf('{"seconds": [%s], "objective": %.8f, "megabytes": %.1f}\n', paste(format(seconds, digits = 6), collapse = ", "),
            -2 * as.numeric(logLik(m)), peak))
