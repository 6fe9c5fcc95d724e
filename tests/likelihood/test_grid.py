"""The valleys of a grid, against a look at every point and its neighbours one by one."""

from itertools import product

import numpy as np
import pytest

from lmmkit.likelihood.grid import valleys


def by_looking(values: np.ndarray, shape: tuple[int, ...]) -> list[int]:
    """Points lower than every neighbour, the lowest first; of equal ones the first counts as lower."""
    at = list(product(*map(range, shape)))
    order = {point: (values[number], number) for number, point in enumerate(at)}
    found = []
    for point in at:
        near = product(*([c - 1, c, c + 1] for c in point))
        others = [order[n] for n in near if n in order and n != point]
        if np.isfinite(order[point][0]) and all(order[point] < other for other in others):
            found.append(order[point])
    return [number for _, number in sorted(found)]


@pytest.mark.parametrize("shape", [(7,), (5, 6), (4, 5, 3)])
def test_valleys_are_lower_than_all_around(shape):
    rng, size = np.random.default_rng(len(shape)), int(np.prod(shape))
    values = rng.normal(size=(40, size))
    values[:10] = rng.integers(0, 3, (10, size))  # many are equal
    values[10:20][rng.random((10, size)) < 0.3] = np.inf
    values[20] = np.inf
    for row, found in zip(values, valleys(values, shape, 5), strict=True):
        expected = by_looking(row, shape)[:5]
        assert found.tolist() == expected + [-1] * (5 - len(expected))
