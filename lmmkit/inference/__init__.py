"""Tests, confidence intervals, model comparison, bootstrap and power.

May import `fitted` and what lies below it.
"""
