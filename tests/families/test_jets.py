"""Jets that carry only those third derivatives that are asked for."""

import numpy as np
import pytest

from lmmkit.families.gamma_functions import log_rising
from lmmkit.families.jets import Jet, exp, softplus


def jets(focus=None):
    rng = np.random.default_rng(3)
    return [Jet.variable(rng.normal(size=5), number, 3, focus) for number in range(3)]


def formula(x, y, z):
    return softplus(x - y * z) * exp(z) + log_rising(y, np.array([0.0, 1.0, 2.0, 2.0, 7.0])) - x * y * z


def test_focus_leaves_out_other_third_derivatives_only():
    whole, part = formula(*jets()), formula(*jets((0,)))
    assert set(whole.parts) - set(part.parts) == {
        key for key in whole.parts if len(key) == 3 and key.count(0) < 2
    }
    for key, values in part.parts.items():
        assert values == pytest.approx(whole.parts[key], rel=1e-12), key


def test_sums_and_differences_carry_the_focus_of_either():
    x, y, _ = jets((0,))
    constant = Jet.constant(np.ones(5))
    for jet in (constant - x, x - constant, constant + x, constant * x, x.take(np.ones(5, bool)) + 1.0, -x):
        assert jet.focus == (0,) and jet.variables == (0,)
    assert (x - y)[1] == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "steps", [np.array([0.0, 3, 3, 1]), np.array([2.0, 1e6, 2, 4]), np.array([0.5, 1, 2, 2])]
)
def test_rising_factorials_of_repeated_steps(steps):
    """One start for all rows is computed once for each number of steps, whatever these are."""
    one = log_rising(Jet.variable(np.full(4, 0.7), 0), steps)
    single = [log_rising(Jet.variable(np.array([0.7]), 0), steps[[i]]) for i in range(4)]
    for key, values in one.parts.items():
        assert values == pytest.approx([float(jet[key][0]) if key else float(jet.value[0]) for jet in single])
