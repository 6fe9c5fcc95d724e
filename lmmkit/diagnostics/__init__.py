"""Does the model fit? Residuals, influence, explained variance.

May import `inference` and what lies below it; not `report` or `plots`.
"""
