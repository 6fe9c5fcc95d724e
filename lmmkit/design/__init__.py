"""Formula and data become the matrices of a mixed model.

May import `formula` and what lies below it.
"""

from .design import Design, RandomTerm, build_design
from .grouping_checks import check_grouping

__all__ = ["Design", "RandomTerm", "build_design", "check_grouping"]
