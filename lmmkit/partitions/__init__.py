"""Data in parts, such as a Dask frame: what a linear mixed model needs of the rows, summed part by part.

May import `crossprod` and what lies below it.
"""
