"""What the fitter does: drag theta, watch the criterion, find its lowest point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Number, Slider, State
from lmmkit.course.explorers.explorer import Explorer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# data set: (response, predictor, grouping factor)
_DATA = {
    "simulated mice": ("Weight", "Dose", "Strain"),
    "mouse": ("Weight", "Dose", "Strain"),
    "sleepstudy": ("Reaction", "Days", "Subject"),
}
_GRID = np.linspace(0.0, 6.0, 121)


@dataclass(frozen=True)
class Parts:
    """What the criterion is made of at one theta, or (arrays) at many."""

    residual: np.ndarray  # ||y - X beta - Z b||²
    penalty: np.ndarray  # ||u||², with b = theta u
    log_det: np.ndarray  # log|L|², the price of flexibility
    log_det_x: np.ndarray  # log|R_X|², REML only
    ml: np.ndarray  # deviance, -2 log-likelihood
    reml: np.ndarray  # REML criterion


@dataclass(frozen=True)
class Likelihood:
    """The criterion at `theta`, along `grid`, and at its lowest point."""

    names: tuple[str, str, str]
    data: pd.DataFrame
    criterion: str
    theta: float
    here: Parts
    beta: np.ndarray  # (2,)
    effects: np.ndarray  # (groups,) conditional modes at this theta
    sigma: float
    grid: np.ndarray
    along: Parts
    theta_hat: float  # where the optimiser ends
    lowest: float  # the criterion there
    trail: np.ndarray  # thetas it looked at

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
    from lmmkit import lmer

    names = _DATA[data]
    response, predictor, group = names
    frame = _load(data, seed)
    codes, _ = pd.factorize(frame[group])
    y, x = frame[response].to_numpy(float), frame[predictor].to_numpy(float)
    crit = _Criterion(y, x, codes)
    here, beta = crit.parts(np.array(theta))
    along, _ = crit.parts(_GRID)
    n, p = crit.X.shape
    df = n - p if criterion == "REML" else n
    fit = lmer(f"{response} ~ {predictor} + (1 | {group})", frame, reml=criterion == "REML")
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
    )


def draw(r: Likelihood, fig: Figure) -> None:
    """Data with the lines of this theta; the criterion along theta; what it is made of."""
    response, predictor, group = r.names
    left, right, below = style.axes(
        fig, [(0.085, 0.16, 0.41, 0.75), (0.60, 0.57, 0.385, 0.34), (0.60, 0.16, 0.385, 0.27)]
    )
    codes, labels = pd.factorize(r.data[group])
    x, y = r.data[predictor].to_numpy(float), r.data[response].to_numpy(float)
    ends = np.array([x.min(), x.max()])
    for g in range(len(labels)):
        look = style.group_style(g)
        mine = codes == g
        left.plot(x[mine], y[mine], linestyle="", markersize=6, alpha=0.8, **look)
        left.plot(ends, r.beta[0] + r.effects[g] + r.beta[1] * ends, color=look["color"], linewidth=1.5)
    left.plot(ends, r.beta[0] + r.beta[1] * ends, color=style.BLACK, linewidth=3.5, linestyle="--")
    left.set(xlabel=predictor, ylabel=response, title=f"lines at θ = {r.theta:.2f}")

    curve = r.along.reml if r.criterion == "REML" else r.along.ml
    other = r.along.ml if r.criterion == "REML" else r.along.reml
    right.plot(r.grid, curve, color=style.BLUE)
    right.plot(r.grid, other, color=style.GREY, linestyle=":", linewidth=1.5)
    right.plot(r.theta, r.value, "o", color=style.RED, markersize=12)
    if r.above < 0.005:
        at = np.interp(r.trail, r.grid, curve)
        right.plot(r.trail, at, "x", color=style.BLACK, markersize=8, markeredgewidth=2)
    low, high = min(curve.min(), other.min()), max(curve[0], curve[-1], r.value)
    right.set_ylim(low - 0.05 * (high - low), high + 0.08 * (high - low))
    right.set(
        xlim=(-0.2, 6.2), title=f"{r.criterion} (solid), {'ML' if r.criterion == 'REML' else 'REML'} (dotted)"
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
    below.set(xlabel="θ = SD between / SD within", xlim=(-0.2, 6.2), ylim=(-0.1, 1.12), yticks=(0, 1))


def sentence(r: Likelihood) -> str:
    """Where we are and how far it is to the lowest point."""
    sd = r.theta * r.sigma
    where = (
        f"which is the lowest it gets (the crosses are the {len(r.trail)} places where the optimiser looked)"
        if r.above < 0.005
        else f"{r.above:.2f} above the lowest it can get"
    )
    name = "the REML criterion" if r.criterion == "REML" else "the deviance (ML)"
    return (
        f"At θ = {r.theta:.2f} the {r.names[2].lower()}s have an SD of {sd:.2f}, "
        f"the residual SD is {r.sigma:.2f}, and {name} is {r.value:.2f}, {where}."
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
    body = "".join(f"<tr><td>{label}</td><td>{float(value):.3f}</td></tr>" for label, value in rows)
    head = f"at θ = {r.theta:.2f}; residual + penalty = {float(total):.3f}"
    return f"<table><tr><th>{head}</th><th></th></tr>{body}</table>"


def _optimise(state: State, r: Likelihood) -> State:
    return {"theta": min(6.0, round(r.theta_hat, 3))}


EXPLORER = Explorer(
    name="likelihood",
    title="What the fitter does: look for the lowest point",
    prompt="Drag θ until the red dot lies as low as it can; then let the optimiser do it.",
    controls=(
        Slider("theta", "θ, relative SD", 0.0, 6.0, 0.01),
        Choice("criterion", "Criterion", ("REML", "ML")),
        Choice("data", "Data", tuple(_DATA)),
        Number("seed", "Seed of the mice", 1, 99999),
    ),
    compute=compute,
    draw=draw,
    sentence=sentence,
    details=details,
    actions={"Let the optimiser do it": _optimise},
)
