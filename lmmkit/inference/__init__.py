"""Is it real? Tests, confidence intervals and model comparison for fitted models."""
