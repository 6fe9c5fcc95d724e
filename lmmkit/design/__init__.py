"""Formula and data become the matrices of a mixed model.

May import `formula`, `numerics`.
"""

from .checks import check_grouping
from .design import Design, RandomTerm, build_design

__all__ = ["Design", "RandomTerm", "build_design", "check_grouping"]
