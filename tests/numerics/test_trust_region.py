import numpy as np
import pytest

from lmmkit.numerics.trust_region import Search, Trial, differenced_hessian, minimise, polish


def rosenbrock(x):
    a, b = x
    return Trial(
        float((1 - a) ** 2 + 100 * (b - a**2) ** 2),
        lambda: np.array([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)]),
        lambda: np.array([[2 + 1200 * a**2 - 400 * b, -400 * a], [-400 * a, 200.0]]),
    )


def test_follows_a_curved_valley():
    search = minimise(rosenbrock, np.array([-1.2, 1.0]), tolerance=1e-20)
    assert search.converged
    np.testing.assert_allclose(search.x, [1, 1], atol=1e-8)


def test_trail_descends_and_starts_at_the_start():
    search = minimise(rosenbrock, np.array([-1.2, 1.0]))
    values = [value for _, value in search.trail]
    assert values == sorted(values, reverse=True)
    assert search.trail[0][0].tolist() == [-1.2, 1.0]


def test_a_poor_curvature_is_replaced_after_a_while():
    def poor(x):
        return rosenbrock(x)._replace(curvature=lambda: 2000 * np.eye(2))

    assert minimise(poor, np.array([-1.2, 1.0]), patience=10_000, max_evaluations=400).converged is False
    assert minimise(poor, np.array([-1.2, 1.0]), tolerance=1e-16).value < 1e-12


def test_a_hessian_that_is_given_takes_over_and_costs_no_evaluations():
    def poor(x):
        trial = rosenbrock(x)
        return trial._replace(curvature=lambda: 2000 * np.eye(2), hessian=trial.curvature)

    search = minimise(poor, np.array([-1.2, 1.0]), tolerance=1e-16)
    assert search.value < 1e-12
    assert search.evaluations < 40


def test_a_negative_curvature_is_left_downhill():
    def saddle(x):
        a, b = x
        return Trial(
            float(a**2 - b**2 + b**4),
            lambda: np.array([2 * a, -2 * b + 4 * b**3]),
            lambda: np.diag([2.0, -2 + 12 * b**2]),
        )

    search = minimise(saddle, np.array([1.0, 1e-3]))
    assert abs(search.x[1]) == pytest.approx(np.sqrt(0.5), abs=1e-5)


def test_an_expensive_gradient_is_not_taken_after_the_last_step():
    taken = []

    def bowl(x):  # the curvature is a tenth too large, so that each step goes a tenth too short
        return Trial(float(x @ x) / 2, lambda: taken.append(x) or x, lambda: 1.1 * np.eye(1))

    plain, full = minimise(bowl, np.ones(1), tolerance=2e-6), len(taken)
    taken.clear()
    short = minimise(bowl, np.ones(1), tolerance=2e-6, expensive=True)
    assert short.converged
    assert short.value <= plain.value
    assert len(taken) == full - 1
    assert not any(np.array_equal(short.x, x) for x in taken)


def test_a_last_step_that_breaks_its_promise_is_not_the_last():
    def poor(x):
        return rosenbrock(x)._replace(curvature=lambda: 3 * rosenbrock(x).curvature())

    start = np.array([1.0001, 1.0002])
    assert rosenbrock(start).value < 20 * 1e-6
    search = minimise(poor, start, tolerance=1e-9, expensive=True)
    assert search.converged
    assert search.value < 1e-8


def test_inadmissible_points_are_avoided():
    def barrier(x):
        value = x[0] - np.log(x[0]) if x[0] > 0 else np.nan
        return Trial(float(value), lambda: np.array([1 - 1 / x[0]]), lambda: np.array([[0.01]]))

    assert minimise(barrier, np.array([5.0])).x[0] == pytest.approx(1, abs=1e-4)


def test_the_bound_on_the_work_is_kept_and_told():
    search = minimise(rosenbrock, np.array([-1.2, 1.0]), max_evaluations=4)
    assert search.evaluations == 4
    assert not search.converged


def test_differenced_hessian():
    x = np.array([0.3, -0.7])
    np.testing.assert_allclose(differenced_hessian(rosenbrock, x), rosenbrock(x).curvature(), rtol=1e-5)


@pytest.mark.parametrize("curvature", [rosenbrock(np.ones(2)).curvature(), np.eye(2)])
def test_polishing_gains_the_last_digits(curvature):
    near = np.array([1 + 1e-5, 1 + 3e-5])
    trial = rosenbrock(near)
    search = Search(near, trial.value, trial.gradient(), 1)
    polish(rosenbrock, search, curvature)
    np.testing.assert_allclose(search.x, [1, 1], atol=1e-11)


def test_polishing_leaves_a_point_that_it_cannot_improve():
    def slope(x):
        return Trial(float(x[0]), lambda: np.ones(1), lambda: np.zeros((1, 1)))

    search = Search(np.zeros(1), 0.0, np.ones(1), 1)
    polish(slope, search, np.eye(1))
    assert search.x[0] == 0.0


def test_steps_teach_a_wrong_curvature():
    """Where the cheap curvature is wrong in some directions, two remembered steps save evaluations."""
    H = np.array([[4.0, 1.5, 0.2], [1.5, 2.0, -0.6], [0.2, -0.6, 1.0]])

    def bowl(x):
        value = float(x @ H @ x / 2 + np.cosh(x).sum())
        return Trial(value, lambda: H @ x + np.sinh(x), lambda: np.diag(np.diag(H)) + 1.5 * np.eye(3))

    plain, taught = (minimise(bowl, np.array([1.0, -2.0, 1.5]), learning=n) for n in (0, 2))
    assert plain.converged and taught.converged
    assert taught.x == pytest.approx(np.zeros(3), abs=1e-5) and taught.value == pytest.approx(3.0, abs=1e-9)
    assert taught.evaluations < plain.evaluations
