"""The kinds of array that the library's signatures speak of."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]  # numbers
Index = NDArray[np.intp]  # positions: rows, columns, codes of levels
Flags = NDArray[np.bool_]  # yes or no for each
