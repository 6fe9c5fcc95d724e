"""Simulated responses of every kind, and the models that glmmTMB fits to them (make_parts.R).

Run in this folder: python make_parts.py; then Rscript make_parts.R.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
N = 240
rng = np.random.default_rng(20)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def negative_binomial(theta, mu):
    return rng.poisson(rng.gamma(theta, mu / theta))


def above_zero(draw):
    y = draw()
    while (y == 0).any():
        again = draw()
        y = np.where(y == 0, again, y)
    return y


g, h = np.repeat(np.arange(24), 10), np.tile(np.arange(10), 24)
x, f = np.round(rng.normal(size=N), 3), rng.integers(0, 3, N)
of_g, of_h, zero_of_g = rng.normal(0, 0.6, 24), rng.normal(0, 0.3, 10), rng.normal(0, 0.8, 24)
eta = 0.6 + 0.4 * x + 0.3 * (f == 1) - 0.4 * (f == 2) + of_g[g] + of_h[h]
mu = np.exp(eta)
extra = rng.random(N) < logistic(-1 + 0.5 * x + zero_of_g[g])
theta = np.exp(0.3 + 0.8 * (f == 1))
data = pd.DataFrame(
    {"g": [f"g{i:02d}" for i in g], "h": [f"h{i}" for i in h], "x": x, "f": np.array(list("abc"))[f]}
)
data["pois"] = rng.poisson(mu)
data["zip"] = np.where(extra, 0, rng.poisson(mu))
data["nb2"] = negative_binomial(theta, mu)
data["zinb2"] = np.where(extra, 0, negative_binomial(theta, mu))
phi = np.exp(-0.2 + 0.7 * (f == 2))
data["nb1"] = rng.poisson(rng.gamma(mu / phi) * phi)
data["zinb1"] = np.where(extra, 0, rng.poisson(rng.gamma(mu / phi) * phi))
data["tp"] = above_zero(lambda: rng.poisson(mu))
data["tnb"] = above_zero(lambda: negative_binomial(theta * 2, mu * 1.5 + 0.5))
data["hp"], data["hnb"] = np.where(extra, 0, data["tp"]), np.where(extra, 0, data["tnb"])
mean, precision = logistic(eta - 0.6), np.exp(2 + 0.6 * (f == 1))
share = np.clip(rng.beta(mean * precision, (1 - mean) * precision), 1e-4, 1 - 1e-4)
data["share"] = np.round(share, 4)
data["zshare"] = np.where(extra, 0, data["share"])
size = rng.integers(3, 15, N)
data["size"] = size
data["hits"] = rng.binomial(size, rng.beta(mean * precision, (1 - mean) * precision))
data["zhits"] = np.where(extra, 0, data["hits"])
data["bhits"] = rng.binomial(size, mean)
data["zbhits"] = np.where(extra, 0, data["bhits"])
power, scale = 1.6, np.exp(0.2 + 0.4 * (f == 1))
number = rng.poisson(mu ** (2 - power) / (scale * (2 - power)))
amounts = rng.gamma(np.maximum(number, 1) * (2 - power) / (power - 1))
amounts = amounts * scale * (power - 1) * mu ** (power - 1)
data["tw"] = np.round(np.where(number > 0, amounts, 0), 5)
sd = np.exp(-0.2 + 0.6 * (f == 2))
data["norm"] = np.round(eta + sd * rng.normal(size=N), 4)
data["lognorm"] = np.round(5 + mu + sd * rng.normal(size=N), 4)
squared_cv = np.exp(-0.5 + 0.5 * (f == 1))
data["amount"] = np.maximum(np.round(rng.gamma(1 / squared_cv, squared_cv * mu), 5), 1e-3)
data["zamount"] = np.where(extra, 0, data["amount"])
data.to_csv(HERE / "data" / "parts.csv", index=False)

specs: list[dict[str, str | None]] = []


def add(response, fixed, family, *, link=None, zi=None, disp=None, data="parts"):
    specs.append(
        {
            "id": f"{len(specs):02d}_{family}", "data": data, "formula": f"{response} ~ {fixed}", "family": family,
            "link": link, "zero_inflation": zi, "dispersion": disp,
        }
    )  # fmt: skip


HITS, ZERO_HITS = "cbind(hits, size - hits)", "cbind(zhits, size - zhits)"
ONE, CROSSED, SLOPES = "x + f + (1 | g)", "x + (1 | g) + (1 | h)", "x + (x | g)"
for zi in ("~ 1", "~ x", "~ x + (1 | g)"):
    add("zip", ONE, "poisson", zi=zi)
    for disp in (None, "~ f"):
        add("zinb2", ONE, "nbinom2", zi=zi, disp=disp)
        add("zinb1", ONE, "nbinom1", zi=zi, disp=disp)
    add("hp", ONE, "truncated_poisson", zi=zi)
    add("hnb", ONE, "truncated_nbinom2", zi=zi)
    add("zshare", ONE, "beta", zi=zi)
    add(ZERO_HITS, ONE, "betabinomial", zi=zi)
    add("zamount", ONE, "gamma", link="log", zi=zi)
for disp in (None, "~ f", "~ x + f"):
    add("nb2", ONE, "nbinom2", disp=disp)
    add("nb1", ONE, "nbinom1", disp=disp)
    add("tnb", ONE, "truncated_nbinom2", disp=disp)
    add("share", ONE, "beta", disp=disp)
    add(HITS, ONE, "betabinomial", disp=disp)
    add("norm", ONE, "gaussian", disp=disp)
    add("amount", ONE, "gamma", link="log", disp=disp)
add("tw", ONE, "tweedie")  # with a dispersion formula glmmTMB 1.1.5 brings R down here
add("tp", ONE, "truncated_poisson")
add("lognorm", ONE, "gaussian", link="log")
add("lognorm", ONE, "gaussian", link="log", disp="~ f")
for link in ("probit", "cloglog"):
    add("share", ONE, "beta", link=link)
    add(HITS, ONE, "betabinomial", link=link)
add("cbind(zbhits, size - zbhits)", ONE, "binomial", zi="~ 1")
add("cbind(zbhits, size - zbhits)", ONE, "binomial", link="probit", zi="~ x")
add("nb1", CROSSED, "nbinom1")
add("zinb2", CROSSED, "nbinom2", zi="~ 1")
add("share", CROSSED, "beta")
add("tw", CROSSED, "tweedie")
add(HITS, CROSSED, "betabinomial")
add("hp", CROSSED, "truncated_poisson", zi="~ (1 | h)")
add("nb1", SLOPES, "nbinom1")
add("zip", SLOPES, "poisson", zi="~ 1")
add("share", SLOPES, "beta")
add("norm", SLOPES, "gaussian")
SPECIES = "spp + mined + (1 | site)"
for family in ("poisson", "nbinom2", "nbinom1"):
    for zi in ("~ 1", "~ mined", "~ spp"):
        add("count", SPECIES, family, zi=zi, data="salamanders")
add("count", SPECIES, "nbinom2", disp="~ DOY", data="salamanders")
add("count", SPECIES, "nbinom1", data="salamanders")
add("count", SPECIES, "truncated_nbinom2", zi="~ mined", data="salamanders")
add("count", SPECIES, "truncated_poisson", zi="~ spp + mined", data="salamanders")
add("count", SPECIES, "tweedie", data="salamanders")
FIXED = "x + f"  # without random effects
for family, response in (
    ("poisson", "zip"),
    ("nbinom2", "zinb2"),
    ("nbinom1", "zinb1"),
    ("truncated_poisson", "hp"),
    ("truncated_nbinom2", "hnb"),
    ("beta", "zshare"),
    ("betabinomial", ZERO_HITS),
):
    for zi in ("~ 1", "~ x"):
        add(response, FIXED, family, zi=zi)
add("zinb2", FIXED, "nbinom2", zi="~ x", disp="~ f")
add("zamount", FIXED, "gamma", link="log", zi="~ x")
add("nb2", FIXED, "nbinom2", disp="~ f")
add("nb1", FIXED, "nbinom1")
add("tp", FIXED, "truncated_poisson")
add("tnb", FIXED, "truncated_nbinom2")
add("share", FIXED, "beta")
add("share", FIXED, "beta", disp="~ f")
add(HITS, FIXED, "betabinomial", disp="~ f")
add("tw", FIXED, "tweedie")
add("norm", FIXED, "gaussian", disp="~ f")
add("amount", FIXED, "gamma", link="log", disp="~ f")
for family in ("poisson", "nbinom2"):
    add("count", "spp + mined", family, zi="~ spp + mined", data="salamanders")
(HERE / "parts_specs.json").write_text(json.dumps(specs, indent=0))
