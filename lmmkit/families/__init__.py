"""Response distributions and links.

May import `formula`, `numerics`.
"""

from .families import Binomial, Family, Gamma, NegativeBinomial, Poisson, resolve

__all__ = ["Binomial", "Family", "Gamma", "NegativeBinomial", "Poisson", "resolve"]
