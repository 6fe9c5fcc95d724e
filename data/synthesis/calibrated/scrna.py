"""Counts of one gene in 50 cells of each of ten donors, as slides 35 and 36 of lecture 000 print them.

Whole numbers cannot be walked to; they are searched in two stages. The fit sees the counts through the ten sums alone,
and a variance of 0.00001 means that the sums scatter almost exactly as Poisson sums do: sums are drawn until the fit
agrees. Then counts move between the cells of a donor, which leaves the sums alone, until the residual quantiles and
the log-likelihood (through the factorials) print as they should.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from method.figures import FIVE
from method.printed import Interval, Key, targets, value
from method.search import jacobian
from scipy.special import gammaln

SEED = 1

CELLS, DONORS = 50, 10
HEALTHY = np.repeat([0.0, 1.0], 5)
STEPS, HEAT = 60_000, 0.3


def deviance(sums: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-2 log-likelihood by Laplace, without the factorials, and the donors' modes, at v = (intercept, effect, sd)."""
    eta, sd = v[0] + v[1] * HEALTHY, v[2]
    u = np.zeros(DONORS, dtype=np.result_type(v, float))
    for _ in range(8):  # Newton for the modes, in units of sd
        mean = CELLS * np.exp(eta + sd * u)
        u = u + (sd * (sums - mean) - u) / (sd**2 * mean + 1)
    mean = CELLS * np.exp(eta + sd * u)
    terms = sums * (eta + sd * u) - mean - u**2 / 2 - np.log(1 + sd**2 * mean) / 2
    return -2 * terms.sum(), sd * u


def gradient(sums: np.ndarray, v: np.ndarray) -> np.ndarray:
    return jacobian(lambda at: np.array([deviance(sums, at)[0]]), v)[0]


def fit(sums: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The optimum near v, by Newton on the gradient with a differenced Hessian."""
    for _ in range(6):
        step = np.diag([1e-5, 1e-5, 1e-6])
        hessian = np.array([(gradient(sums, v + s) - gradient(sums, v - s)) / (2 * s.sum()) for s in step])
        v = v - np.linalg.solve(hessian, gradient(sums, v))
    return v


def printed_fit() -> np.ndarray:
    fixed = [value("scrna_pois", "fixef", term=term) for term in ("(Intercept)", "diseaseND")]
    return np.array([*fixed, value("scrna_pois", "sd", "sample", term="(Intercept)")])


def draw_sums(rng: np.random.Generator) -> np.ndarray:
    """Ten sums whose fit is the printed one."""
    near, wanted = printed_fit(), targets("scrna_pois")
    mean = CELLS * np.exp(near[0] + near[1] * HEALTHY)
    totals = np.rint([mean[:5].sum(), mean[5:].sum()]).astype(int)
    spread = near[2] ** 2 * (mean**2).sum()  # what the squared deviations exceed the sums by, to first order
    while True:
        sums = np.concatenate([rng.multinomial(total, np.full(5, 0.2)) for total in totals])
        exact = np.repeat(totals / 5, 5)
        if not 1 < (((sums - exact) ** 2).sum() - totals.sum()) / spread < 1.5:
            continue
        if extremes(means_at(sums, near)) is None:
            continue
        found = fit(sums, near)
        sd_is_close = (
            abs(found[2] / near[2] - 1) < 1e-3
        )  # its last printed digit is the printed program's noise
        fixed = [wanted[Key("fixef", term=term)] for term in ("(Intercept)", "diseaseND")]
        agrees = all(i.low < b < i.high for i, b in zip(fixed, found[:2], strict=True))
        if sd_is_close and agrees and extremes(means_at(sums, found)) is not None:
            return sums


def means_at(sums: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Each donor's mean count."""
    return np.exp(v[0] + v[1] * HEALTHY + deviance(sums, v)[1])


def extremes(means: np.ndarray) -> dict[str, tuple[int, int]] | None:
    """For each printed quantile of the residuals a (count, donor) that has it; None if one cannot occur."""
    possible = (np.arange(13)[:, None] - means) / np.sqrt(means)
    wanted, found = targets("scrna_pois"), {}
    for name in FIVE:
        interval = wanted[Key(f"scaled_resid_{name}")]
        hits = np.argwhere((possible > interval.low) & (possible < interval.high))
        if not len(hits):
            return None
        found[name] = (int(hits[0, 0]), int(hits[0, 1]))
    return found


def rank_faults(residuals: np.ndarray, wanted: dict[Key, Interval]) -> int:
    """How many cells stand on the wrong side of a printed quantile: what the moves bring down to 0."""
    faults = 0
    for name, q in FIVE.items():
        place = q * (residuals.size - 1)
        interval = wanted[Key(f"scaled_resid_{name}")]
        below = int((residuals <= interval.low).sum())
        up_to = int((residuals < interval.high).sum())
        faults += max(below - int(place), 0) + max(int(np.ceil(place)) + 1 - up_to, 0)
    return faults


def figures(counts: np.ndarray, v: np.ndarray, laplace: float, means: np.ndarray) -> dict[Key, float]:
    """Printed figures of counts (donors × cells) whose fit is v."""
    loglik = -laplace / 2 - gammaln(counts + 1).sum()
    residuals = (counts - means[:, None]) / np.sqrt(means)[:, None]
    five = np.quantile(residuals, list(FIVE.values()))
    found = {Key(f"scaled_resid_{name}"): float(q) for name, q in zip(FIVE, five, strict=True)}
    n = counts.size
    found |= {Key("loglik"): loglik, Key("deviance"): -2 * loglik}
    found |= {Key("aic"): -2 * loglik + 6, Key("bic"): -2 * loglik + 3 * np.log(n)}
    found |= {
        Key("fixef", term=t): float(b) for t, b in zip(("(Intercept)", "diseaseND"), v[:2], strict=True)
    }
    return found


def misses(found: dict[Key, float], wanted: dict[Key, Interval]) -> np.ndarray:
    return np.array([(found[key] - i.centre) / i.half for key, i in wanted.items() if key in found])


def log_factorials(wanted: dict[Key, Interval], laplace: float, n: int) -> Interval:
    """What the log-factorials must sum to for the log-likelihood, deviance, AIC and BIC to print as they do."""
    room = Interval(-np.inf, np.inf)
    for quantity, extra in (("deviance", 0.0), ("aic", 6.0), ("bic", 3 * np.log(n))):
        found = wanted[Key(quantity)]
        room = room.meet(Interval((found.low - extra - laplace) / 2, (found.high - extra - laplace) / 2))
    found = wanted[Key("loglik")]
    return room.meet(Interval(-found.high - laplace / 2, -found.low - laplace / 2))


def fitted(sums: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Estimates, Laplace deviance and the donors' means."""
    v = fit(sums, printed_fit())
    laplace, modes = deviance(sums, v)
    return v, float(laplace), np.exp(v[0] + v[1] * HEALTHY + modes)


def find(seed: int, say: Callable[[str], None] = print) -> tuple[pd.DataFrame, float]:
    """A table that prints as the lecture's, and its largest miss in half units."""
    rng = np.random.default_rng(seed)
    sums, wanted = draw_sums(rng), targets("scrna_pois")
    say(f"sums {sums}")
    v, laplace, means = fitted(sums)
    counts = np.array([rng.multinomial(total, np.full(CELLS, 1 / CELLS)) for total in sums])
    largest, donor = extremes(means)["max"]
    rest = rng.multinomial(sums[donor] - largest, np.full(CELLS - 1, 1 / (CELLS - 1)))
    counts[donor] = np.r_[rest, largest]

    room = log_factorials(wanted, laplace, counts.size)

    def faults(at: np.ndarray) -> tuple[int, float]:
        residuals = (at - means[:, None]) / np.sqrt(means)[:, None]
        return rank_faults(residuals, wanted), abs(gammaln(at + 1).sum() - room.centre)

    wrong, off = faults(counts)
    moves = 0
    while moves < STEPS and not (wrong == 0 and off < 0.9 * room.half):
        moves += 1
        donor, (a, b) = rng.integers(DONORS), rng.choice(CELLS, 2, replace=False)
        if counts[donor, a] == 0:
            continue
        counts[donor, [a, b]] += [-1, 1]
        new_wrong, new_off = faults(counts)
        if rng.random() < np.exp((wrong + off - new_wrong - new_off) / HEAT):
            wrong, off = new_wrong, new_off
        else:
            counts[donor, [a, b]] += [1, -1]
    say(f"{moves} moves, {wrong} cells out of place")
    return frame(counts), float(np.abs(misses(figures(counts, v, laplace, means), wanted)).max())


def frame(counts: np.ndarray) -> pd.DataFrame:
    sample = np.repeat([f"s{i}" for i in range(1, DONORS + 1)], CELLS)
    disease = np.repeat(np.where(HEALTHY, "ND", "D"), CELLS)
    return pd.DataFrame({"sample": sample, "disease": disease, "counts": counts.ravel()})


def worst_miss(data: pd.DataFrame) -> float:
    """The largest miss of a table, in half units."""
    counts = data["counts"].to_numpy().reshape(DONORS, CELLS)
    v, laplace, means = fitted(counts.sum(axis=1))
    return float(np.abs(misses(figures(counts, v, laplace, means), targets("scrna_pois"))).max())
