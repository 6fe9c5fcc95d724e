"""The objective of each kind of model, its gradient, and the search: from a design to an `Estimate`.

May import `partitions` and what lies below it.
"""
