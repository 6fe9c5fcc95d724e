"""A fitted model in words, tables and formulas.

May import `inference` and what lies below it; not `diagnostics` or `plots`.
"""
