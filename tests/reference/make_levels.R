# Levels that factor() makes of numbers: Rscript tests/reference/make_levels.R > tests/reference/levels.csv
set.seed(4)
whole <- c(outer(c(1, 2, 5, 12, 123, 1234, 99999), 10^(0:16)), 2^(40:60), 1:30, 1e5 + 0:20, 1e15 + 0:5)
parts <- c(outer(c(1, 2, 15, 123, 1001), 10^-(1:12)), 1 / (1:60), 0.1 * (1:60), 100 + (1:20) / 7)
random <- c(signif(10^runif(300, -9, 18), 1:6), 10^runif(200, -300, 300), round(rnorm(100, 0, 1e5), 2), rnorm(60))
values <- unique(c(whole, parts, -whole[1:60], -parts[1:60], random, 0, 5e-324, 1.797e308))
cat("# ", R.version.string, ", levels(factor(value))\n", sep = "")
cat(sprintf("%.17g,%s\n", values, vapply(values, function(value) levels(factor(value)), "")), sep = "")
