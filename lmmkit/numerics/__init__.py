"""Numerical tools that know nothing of statistics: optimiser, tails of distributions, threads, memory,
workers.

May import no room.
"""
