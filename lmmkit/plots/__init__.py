"""Pictures of a fitted model.

May import `inference` and what lies below it; not `diagnostics` or `report`.
"""
