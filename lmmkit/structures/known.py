"""The structures that a formula can name."""

from __future__ import annotations

from functools import cache

from .autoregressive import Autoregressive
from .compound_symmetry import CompoundSymmetry
from .diagonal import Diagonal
from .structure import Structure
from .unstructured import Unstructured

__all__ = ["STRUCTURES", "structure_of"]

#: By their tags; a new structure is a file of its own and a name here.
STRUCTURES: dict[str, type[Structure]] = {
    kind.tag: kind for kind in (Unstructured, Diagonal, CompoundSymmetry, Autoregressive)
}


@cache
def structure_of(tag: str, k: int, homogeneous: bool) -> Structure:
    """The structure of a term with ``k`` effects per group; a single effect has a variance and nothing else.

    Examples
    --------
    >>> structure_of("cs", 3, False).size
    4
    >>> structure_of("ar1", 1, True)
    Unstructured(k=1, homogeneous=False)
    """
    return Unstructured(1) if k == 1 else STRUCTURES[tag](k, homogeneous)
