"""The cross-products Z'Z, Z'X, X'X in blocks, and the elimination of the random effects.

May import `design` and what lies below it.
"""
