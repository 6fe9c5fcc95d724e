"""What the fitter does: drag theta, watch the criterion, find its lowest point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State, number, plural
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.sources import with_unit
from lmmkit.course.explorers.tables import measured
from lmmkit.errors import DataError, ModelError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# data set: (response, predictor, grouping factor)
_DATA = {
    "simulated mice": ("Weight", "Dose", "Strain"),
    "mouse": ("Weight", "Dose", "Strain"),
    "sleepstudy": ("Reaction", "Days", "Subject"),
}
_UNITS = {name: columns for name, columns in _DATA.items() if name != "simulated mice"}  # have a dictionary
_GRID = np.linspace(0.0, 6.0, 121)
_WIDE = (-0.2, 6.2)


@dataclass(frozen=True)
class Parts:
    """What the criterion is made of at one theta, or (arrays) at many.

    Attributes
    ----------
    residual : numpy.ndarray
        ``||y - X beta - Z b||²``.
    penalty : numpy.ndarray
        ``||u||²``, with ``b = theta u``.
    log_det : numpy.ndarray
        ``log|L|²``, the price of flexibility.
    log_det_x : numpy.ndarray
        ``log|R_X|²``, REML only.
    ml, reml : numpy.ndarray
        Deviance and REML criterion.
    """

    residual: np.ndarray
    penalty: np.ndarray
    log_det: np.ndarray
    log_det_x: np.ndarray
    ml: np.ndarray
    reml: np.ndarray


@dataclass(frozen=True)
class Likelihood:
    """The criterion at `theta`, along `grid`, and at its lowest point.

    Attributes
    ----------
    names : (str, str, str)
        Response, predictor and group.
    data : pandas.DataFrame
        The rows.
    criterion : str
        "REML" or "ML".
    theta : float
        SD between groups over the residual SD.
    here, along : Parts
        The criterion and its parts at `theta` and along `grid`.
    beta : numpy.ndarray, (2,)
        Intercept and slope at this theta.
    effects : numpy.ndarray, (groups,)
        Random effects at this theta.
    sigma : float
        Residual SD at this theta.
    grid : numpy.ndarray
        Thetas of the curves.
    theta_hat, lowest : float
        Where the optimiser ends, and the criterion there.
    trail : numpy.ndarray
        The thetas of the optimiser's steps.
    limits : (float, float)
        Of the picture of the data.
    """

    names: tuple[str, str, str]
    data: pd.DataFrame
    criterion: str
    theta: float
    here: Parts
    beta: np.ndarray
    effects: np.ndarray
    sigma: float
    grid: np.ndarray
    along: Parts
    theta_hat: float
    lowest: float
    trail: np.ndarray
    limits: tuple[float, float]

    @property
    def value(self) -> float:
        """The chosen criterion at this theta."""
        return float(self.here.reml if self.criterion == "REML" else self.here.ml)

    @property
    def above(self) -> float:
        """How far above its lowest value."""
        return max(0.0, self.value - self.lowest)


def simulated_mice(seed: int, strains: int = 6, doses: int = 6) -> pd.DataFrame:
    """Weights of mice of several strains at rising doses; strains differ by 2.5 g, mice of a strain by 1.2
    g.
    """
    rng = np.random.default_rng(seed)
    strain = np.repeat(np.arange(strains), doses)
    dose = np.tile(np.arange(1.0, doses + 1), strains)
    weight = (
        26 - 1.5 * dose + 2.5 * rng.standard_normal(strains)[strain] + 1.2 * rng.standard_normal(len(dose))
    )
    return pd.DataFrame({"Weight": weight, "Dose": dose, "Strain": [f"s{s + 1}" for s in strain]})


def _load(data: str, seed: int) -> pd.DataFrame:
    if data == "simulated mice":
        return simulated_mice(seed)
    from lmmkit import load_data

    return load_data(data)


class _Criterion:
    """The profiled deviance and REML criterion of ``y ~ x + (1 | group)`` for any number of thetas at once.

    With one random intercept V = I + theta² ZZ' is inverted group by group, so that sums over groups are all
    that is needed (Bates et al. 2015, J. Stat. Softw. 67(1), equations 33-42, for this case).
    """

    def __init__(self, y: np.ndarray, x: np.ndarray, codes: np.ndarray) -> None:
        self.y, self.codes = y, codes
        self.X = np.column_stack([np.ones_like(x), x])
        groups = codes.max() + 1
        self.sizes = np.bincount(codes, minlength=groups)
        W = np.column_stack([self.X, y])
        self.sums = np.column_stack([np.bincount(codes, column, groups) for column in W.T])
        self.cross = W.T @ W

    def parts(self, theta: np.ndarray) -> tuple[Parts, np.ndarray]:
        """Parts of the criterion and beta (…, 2) at every theta."""
        theta = np.asarray(theta, dtype=float)
        n, p = self.X.shape
        stretch = 1 + theta[..., None] ** 2 * self.sizes  # (…, groups), the diagonal of L²
        shrunk = theta[..., None] ** 2 / stretch
        A = self.cross - np.einsum("...g,gi,gj->...ij", shrunk, self.sums, self.sums)
        XVX, XVy, yVy = A[..., :p, :p], A[..., :p, p], A[..., p, p]
        beta = np.linalg.solve(XVX, XVy[..., None])[..., 0]
        total = yVy - np.einsum("...i,...i->...", beta, XVy)
        left = self.sums[:, p] - np.einsum("gi,...i->...g", self.sums[:, :p], beta)  # residual sums of groups
        penalty = ((theta[..., None] * left / stretch) ** 2).sum(-1)
        log_det = np.log(stretch).sum(-1)
        log_det_x = np.linalg.slogdet(XVX)[1]
        ml = log_det + n * (1 + np.log(2 * np.pi * total / n))
        reml = log_det + log_det_x + (n - p) * (1 + np.log(2 * np.pi * total / (n - p)))
        return Parts(total - penalty, penalty, log_det, log_det_x, ml, reml), beta

    def effects(self, theta: float, beta: np.ndarray) -> np.ndarray:
        """Conditional modes b of the groups."""
        left = self.sums[:, -1] - self.sums[:, :-1] @ beta
        return theta**2 * left / (1 + theta**2 * self.sizes)


def compute(
    data: str = "simulated mice", criterion: str = "REML", theta: float = 0.4, seed: int = 1
) -> Likelihood:
    """The criterion at `theta` for a random-intercept model of `data`."""
    frame = _load(data, seed)
    limits = (7.0, 37.0) if data == "simulated mice" else _limits(frame[_DATA[data][0]].to_numpy(float))
    return _at(frame, _DATA[data], limits, criterion, theta)


def _limits(y: np.ndarray) -> tuple[float, float]:
    room = 0.06 * float(np.ptp(y)) or 1.0
    return float(y.min()) - room, float(y.max()) + room


def _at(
    frame: pd.DataFrame,
    names: tuple[str, str, str],
    limits: tuple[float, float],
    criterion: str,
    theta: float,
) -> Likelihood:
    from lmmkit import lmer

    response, predictor, group = names
    codes, _ = pd.factorize(frame[group])
    y, x = frame[response].to_numpy(float), frame[predictor].to_numpy(float)
    plain = pd.DataFrame(
        {"y": y, "x": x, "group": codes.astype(str)}
    )  # any name may stand in a reader's table
    fit = lmer("y ~ x + (1 | group)", plain, reml=criterion == "REML")  # refuses what has no criterion
    crit = _Criterion(y, x, codes)
    here, beta = crit.parts(np.array(theta))
    along, _ = crit.parts(_GRID)
    n, p = crit.X.shape
    df = n - p if criterion == "REML" else n
    theta_hat = float(fit.theta[0])
    best, _ = crit.parts(np.array(theta_hat))
    return Likelihood(
        names,
        frame,
        criterion,
        theta,
        here,
        beta,
        crit.effects(theta, beta),
        float(np.sqrt((here.residual + here.penalty) / df)),
        _GRID,
        along,
        theta_hat,
        float(best.reml if criterion == "REML" else best.ml),
        fit.optinfo["trail"]["theta1"].to_numpy(),
        limits,
    )


def _own_compute(
    table: pd.DataFrame, names: tuple[str, str, str], criterion: str = "REML", theta: float = 0.4
) -> Likelihood:
    return _at(table, names, _limits(table[names[0]].to_numpy(float)), criterion, theta)


def own(table: Any, y: str, x: str, group: str) -> Explorer[Likelihood]:
    """`y` and `x` are columns of numbers, `group` says which rows belong together: y ~ x + (1 | group)."""
    rows = measured(table, (y, x), group)
    explorer = replace(
        EXPLORER,
        controls=tuple(c for c in EXPLORER.controls if c.name in ("theta", "criterion")),
        compute=partial(_own_compute, table=rows, names=(y, x, group)),
        own=None,
    )
    try:
        explorer.result()
    except ModelError as refused:
        raise DataError(f"{y} ~ {x} + (1 | {group}) cannot be fitted: {refused}") from None
    return explorer


_DEPTH = (-0.6, 12.0)  # of the picture of the criterion, above its lowest value
_FAR = 3.84  # the 95% point of chi-squared with one degree of freedom


def draw(r: Likelihood, fig: Figure) -> None:
    """Data with the lines of this theta; the criterion along theta; what it is made of."""
    response, predictor, group = r.names
    left, right, below = style.axes(
        fig, [(0.085, 0.16, 0.41, 0.75), (0.60, 0.57, 0.385, 0.34), (0.60, 0.16, 0.385, 0.27)]
    )
    codes, labels = pd.factorize(r.data[group])
    x, y = r.data[predictor].to_numpy(float), r.data[response].to_numpy(float)
    ends = np.array([x.min(), x.max()])
    xlim = (float(ends[0] - 0.05 * np.ptp(x)), float(ends[1] + 0.05 * np.ptp(x)))
    for g in range(len(labels)):
        look = style.group_style(g)
        mine = codes == g
        style.shown(
            left,
            x[mine],
            y[mine],
            look["marker"],
            xlim=xlim,
            ylim=r.limits,
            markersize=6,
            color=look["color"],
        )
        line = r.beta[0] + r.effects[g] + r.beta[1] * ends
        style.line(left, ends, line, color=look["color"], linewidth=1.5)
    style.line(left, ends, r.beta[0] + r.beta[1] * ends, color=style.BLACK, linewidth=3.5, linestyle="--")
    known = next((data for data, names in _UNITS.items() if names == r.names), None)
    left.set(xlim=xlim, ylim=r.limits, xlabel=with_unit(known, predictor), ylabel=with_unit(known, response))
    left.set(title=f"lines at θ = {r.theta:.2f}")

    curve = (r.along.reml if r.criterion == "REML" else r.along.ml) - r.lowest
    other = r.along.ml if r.criterion == "REML" else r.along.reml
    style.line(right, r.grid, curve, color=style.BLACK)
    style.line(right, r.grid, other - other.min(), color=style.GREY, linestyle=":", linewidth=1.5)
    style.line(right, _WIDE, [_FAR, _FAR], color=style.GREEN, linestyle="--", linewidth=1.5)
    right.text(0.62, 0.38, f"{_FAR}", color=style.GREEN, fontsize=13, transform=right.transAxes)
    if r.above < 0.005:
        at = np.interp(r.trail, r.grid, curve)
        style.shown(right, r.trail, at, "x", color=style.BLACK, markersize=8, mew=2, xlim=_WIDE, ylim=_DEPTH)
    style.shown(right, [r.theta], [r.above], "o", color=style.RED, markersize=12, xlim=_WIDE, ylim=_DEPTH)
    right.set(
        xlim=_WIDE,
        ylim=_DEPTH,
        yticks=(0, 5, 10),
        title=f"{r.criterion} (dotted: {'ML' if r.criterion == 'REML' else 'REML'}), above its lowest",
    )
    right.tick_params(labelbottom=False)

    total = r.along.residual + r.along.penalty
    for values, here, scale, colour, line, marker, name, place in (
        (r.along.residual, r.here.residual, total[0], style.GREEN, "-", "s", "■ residual", 0.0),
        (r.along.penalty, r.here.penalty, total[0], style.RED, "--", "^", "▲ penalty", 0.37),
        (r.along.log_det, r.here.log_det, r.along.log_det[-1], style.BLUE, "-.", "D", "◆ log|L|²", 0.70),
    ):
        below.plot(r.grid, values / scale, color=colour, linestyle=line)
        below.plot(r.theta, here / scale, marker, color=colour, markersize=10)
        below.text(place, 1.07, name, color=colour, transform=below.transAxes, fontsize=14)
    below.set(xlabel="θ = SD between / SD within", xlim=_WIDE, ylim=(-0.1, 1.12), yticks=(0, 1))


def sentence(r: Likelihood) -> str:
    """Where we are and how far it is to the lowest point."""
    sd = r.theta * r.sigma
    if r.above < 0.005:
        where = (
            f"which is the lowest it gets (the crosses are the optimiser's {plural(len(r.trail), 'step')})"
        )
    else:
        where = f"{r.above:.2f} above the lowest it can get"
        if r.theta_hat > _GRID[-1]:
            where += f", which lies beyond the slider, at θ = {r.theta_hat:.2f}"
    name = "the REML criterion" if r.criterion == "REML" else "the deviance (ML)"
    return (
        f"At θ = {r.theta:.2f} the {r.names[2]} effects have an SD of {number(sd)}, "
        f"the residual SD is {number(r.sigma)}, and {name} is {r.value:.2f}, {where}."
    )


def details(r: Likelihood) -> str:
    """The parts as a table."""
    p = r.here
    total = p.residual + p.penalty
    rows = [
        ("residual part ‖y − Xβ − Zb‖²", p.residual),
        ("penalty ‖u‖²", p.penalty),
        ("log|L|², the price of flexibility", p.log_det),
        ("log|R|², REML only", p.log_det_x),
        ("deviance (ML)", p.ml),
        ("REML criterion", p.reml),
    ]
    body = "".join(f"<tr><td>{label}</td><td>{number(float(value), 3)}</td></tr>" for label, value in rows)
    head = f"at θ = {r.theta:.2f}; residual + penalty = {number(float(total), 3)}"
    return f"<table><tr><th>{head}</th><th></th></tr>{body}</table>"


def _optimise(state: State, r: Likelihood) -> State:
    return {"theta": min(6.0, round(r.theta_hat, 3))}


EXPLORER = Explorer(
    name="likelihood",
    title="What the fitter does: look for the lowest point",
    prompt="Drag θ until the red dot lies as low as it can; then let the optimiser do it.",
    controls=(
        Slider("theta", "θ, relative SD", 0.0, 6.0, 0.01, unit="SD between groups over the residual SD"),
        Choice("criterion", "Criterion", ("REML", "ML")),
        Choice("data", "Data", tuple(_DATA)),
        Number("seed", "Seed of the mice", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    example=""">>> r = explorers.likelihood.result(data="sleepstudy", theta=1.2)
>>> round(r.value, 2), round(r.theta_hat, 2)
(1786.47, 1.2)""",
    details=details,
    actions={"Let the optimiser do it": _optimise},
    own=own,
)
