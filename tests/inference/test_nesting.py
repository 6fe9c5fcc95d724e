"""Which structured model contains which, and which of its parameters is then at the end of its range."""

import pytest

import lmmkit as lk
from lmmkit.inference.nesting import boundary
from tests.lme4_2_reference import load

ONE, WITHIN = "(1 | Worker)", "(1 | Worker:Machine)"
AR1, CS = "ar1(0 + Machine | Worker)", "cs(0 + Machine | Worker)"
HOMCS, HETAR1 = CS[:-1] + ", hom = TRUE)", AR1[:-1] + ", hom = FALSE)"
DIAG = "diag(0 + Machine | Worker)"


def fitted(*terms):
    data = load("Machines")
    data = data.assign(machine=data["Machine"].cat.codes)
    return lk.lmer(f"score ~ Machine + {' + '.join(terms)}", data, reml=False)


@pytest.mark.parametrize(
    ("small", "large", "variances", "correlations"),
    [
        ([ONE], [AR1], 0, [AR1]),  # all machines alike: rho is 1
        ([ONE], [HETAR1], 0, [HETAR1]),
        ([ONE], [CS], 0, [CS]),
        ([ONE], [HOMCS], 0, [HOMCS]),
        ([ONE], ["(0 + Machine | Worker)"], 2, []),
        ([ONE], ["cs(1 + machine | Worker)"], 1, []),
        ([ONE], [ONE, AR1], 1, []),
        ([ONE], [ONE, DIAG[:-1] + ", hom = TRUE)"], 1, []),
        ([WITHIN], [AR1], 0, []),  # rho is 0, inside its range
        ([WITHIN], [DIAG], 0, []),  # the variances are equal, not zero
        ([ONE, WITHIN], [CS], 0, []),  # compound symmetry with one standard deviation
        ([ONE, WITHIN], [ONE, AR1], 0, []),
        ([DIAG], [CS], 0, []),
        ([AR1], ["(0 + Machine | Worker)"], 0, []),
    ],
)
def test_what_a_structure_contains(small, large, variances, correlations):
    one, other = fitted(*small), fitted(*large)
    assert lk.anova(one, other)["df"].iloc[1] == other.npar - one.npar
    found = boundary(one, other)
    assert (found.variances, found.correlations) == (variances, correlations)


@pytest.mark.parametrize(
    ("small", "large"), [([ONE], [DIAG]), ([ONE, WITHIN], [HETAR1]), ([HOMCS], [HETAR1]), ([AR1], [CS])]
)
def test_what_a_structure_does_not_contain(small, large):
    with pytest.raises(lk.ModelError, match="has nothing that contains"):
        lk.anova(fitted(*small), fitted(*large))


def test_a_correlation_at_its_end_has_the_p_value_of_the_variance_that_is_then_zero():
    one, notes = fitted(ONE), []
    for large in ([HOMCS], [ONE, WITHIN]):  # the same model, written in two ways
        notes.append(lk.anova(one, fitted(*large), names=["a", "b"]).notes[0])
    assert f"b has the correlation rho of {HOMCS} more than a" in notes[0]
    assert notes[0].partition("The equal mixture")[2] == notes[1].partition("The equal mixture")[2] != ""
    undefined = lk.anova(one, fitted(ONE, AR1)).notes[0]
    assert "a variance more" in undefined and "lk.pb_modcomp" in undefined
