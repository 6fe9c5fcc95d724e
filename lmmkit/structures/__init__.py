"""The covariance structures of random-effects terms: `us`, `diag`, `cs`, `ar1`.

One small class each, from its few parameters to the covariance of one group's effects. May import `numerics`.
"""
