"""Expression of 200 genes in 100 samples of 25 people: the study of lecture 002.

Three tables come from one seed: the samples (the first ten as printed), the variance shares of each gene, and
the genes drawn with them. Gene 1 alone is sought: its fit prints the lecture's four variance fractions, to seven
digits. Individuals and tissues are crossed, so that the model is one block of 25 + 3 random effects.
"""

import numpy as np
import pandas as pd
from method.figures import Mixed
from method.find import Fit, Setting, committed
from method.printed import Interval, Key, rows, targets, value

SEED = 2201
N, PEOPLE, GENES = 100, 25, 200
SOURCES = ["Individual", "Tissue", "Batch", "Age", "Height", "Residuals"]
SHARES = [0.9, 0.7, 0.35, 0.12, 0.12, 0.9]  # of the Dirichlet distribution: every source dominates some genes
TRUTH = {"shares": "genexpr_truth", "Dirichlet": dict(zip(SOURCES, SHARES, strict=True))}


def printed_samples() -> pd.DataFrame:
    """The ten samples that the lecture lists."""
    cells = {
        (key.level, key.term): printed for key, printed in rows("", "genexpr_info") if key.quantity == "cell"
    }
    names = sorted({level for level, _ in cells}, key=lambda name: int(name[1:]))
    return pd.DataFrame(
        {term: [cells[name, term] for name in names] for term in ["Tissue", "Batch", "Age", "Height"]}
    )


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / x.std()


def make() -> dict[str, pd.DataFrame]:
    """The samples, the genes' shares, and the genes (gene 1 as it was found)."""
    rng = np.random.default_rng(SEED)
    info = samples(rng)
    person = np.tile(np.arange(PEOPLE), 4)
    tissue = np.searchsorted(["A", "B", "C"], info["Tissue"])
    batch = info["Batch"].to_numpy() - 1
    age, height = standard(info["Age"].to_numpy(float)), standard(info["Height"].to_numpy())

    def effect(of: np.ndarray, levels: int) -> np.ndarray:
        return standard(rng.normal(size=levels))[of]

    expression, shares = np.empty((GENES, N)), np.empty((GENES, len(SOURCES)))
    for gene in range(GENES):
        share = shares[gene] = rng.dirichlet(SHARES)
        sd, level = rng.uniform(0.6, 2.5), rng.uniform(3, 11)
        parts = [effect(person, PEOPLE), effect(tissue, 3), effect(batch, 4)]
        parts += [age * rng.choice([-1, 1]), height * rng.choice([-1, 1]), rng.normal(size=N)]
        expression[gene] = level + sd * (np.sqrt(share) @ parts)
    names = pd.Index([f"gene{i}" for i in range(1, GENES + 1)], name="gene")
    genes = pd.DataFrame(expression.round(4), names, info["ID"])
    genes.loc["gene1"] = committed("genexpr", ["gene", *info["ID"]]).set_index("gene").loc["gene1"]
    truth = pd.DataFrame(shares.round(4), names, SOURCES).drop("gene1")
    return {"genexpr_info": info, "genexpr": genes.reset_index(), "genexpr_truth": truth.reset_index()}


def samples(rng: np.random.Generator) -> pd.DataFrame:
    """Everybody gives tissues A, B, C and one of them again, in four batches."""
    first = printed_samples()
    tissues, batches = np.empty((4, PEOPLE), object), np.empty((4, PEOPLE), int)
    for i in range(PEOPLE):
        tissues[:, i] = rng.permutation(["A", "B", "C", "ABC"[i % 3]])
        batches[:, i] = rng.permutation([1, 2, 3, 4])
        if i < len(first):  # the sample that is printed comes first
            for drawn, wanted in ((tissues, first["Tissue"][i]), (batches, int(first["Batch"][i]))):
                place = list(drawn[:, i]).index(wanted)
                drawn[[0, place], i] = drawn[[place, 0], i]
    more = PEOPLE - len(first)
    age = np.r_[first["Age"].astype(int), np.round(rng.normal(48, 7, more)).astype(int)]
    height = np.r_[first["Height"].astype(float), np.round(rng.uniform(150, 200, more), 4)]
    return pd.DataFrame(
        {
            "ID": [f"s{i + 1}" for i in range(N)],
            "Individual": np.tile(
                np.round(1 + 4.125 * np.arange(PEOPLE)).astype(int), 4
            ),  # printed: 1, 5, 9, 13, …
            "Tissue": tissues.ravel(),
            "Batch": batches.ravel(),
            "Age": np.tile(age, 4),
            "Height": np.tile(height, 4),
        }
    )


INFO = committed("genexpr_info", ["Individual", "Tissue", "Age"])
X = np.column_stack([np.ones(N), INFO["Age"].to_numpy(float)])
Z = pd.get_dummies(INFO[["Individual", "Tissue"]].astype(str), dtype=float).to_numpy()
BASIS = np.array([np.diag([1.0] * PEOPLE + [0.0] * 3), np.diag([0.0] * PEOPLE + [1.0] * 3)])
MIXED = Mixed(np.array([0]), BASIS, ("(Intercept)", "Age"), reml=False)


def fractions() -> dict[str, float]:
    return {
        source: value("gene1_vp", "variance_fraction", term=source)
        for source in ("Individual", "Tissue", "Age", "Residuals")
    }


def start(rng: np.random.Generator) -> np.ndarray:
    """The fractions do not depend on the scale: a total variance of 4 will do."""
    variance = {source: 4 * fraction for source, fraction in fractions().items()}
    slope = -np.sqrt(variance["Age"]) / X[:, 1].std()
    person = rng.normal(0, np.sqrt(variance["Individual"]), PEOPLE)
    tissue = standard(rng.normal(size=3)) * np.sqrt(variance["Tissue"])
    y = X @ [6.2, slope] + Z @ np.r_[person, tissue] + rng.normal(0, np.sqrt(variance["Residuals"]), N)
    return np.r_[y, np.sqrt([variance["Individual"], variance["Tissue"]] / np.array(variance["Residuals"]))]


def fits(v: np.ndarray) -> list[Fit]:
    figures, scaled, score = MIXED.figures(v[:N], X, Z, v[N:])
    residual, slope = figures[Key("var", "Residual")], figures[Key("fixef", term="Age")]
    individual, tissue = residual * v[N:] ** 2
    variance = {
        "Individual": individual, "Tissue": tissue, "Age": slope**2 * X[:, 1].var(), "Residuals": residual,
    }  # fmt: skip
    total = sum(variance.values())
    shares = {Key("variance_fraction", term=source): part / total for source, part in variance.items()}
    return [Fit("gene1_vp", shares, scaled, score)]


def frame(v: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"gene1": v[:N]})


def unknowns(data: pd.DataFrame) -> np.ndarray:
    return data.set_index("gene").loc["gene1"].to_numpy(float)


def setting() -> Setting:
    return Setting(
        start=start,
        fits=fits,
        targets={"gene1_vp": targets("gene1_vp")},
        scale=np.r_[np.ones(N), 0.1, 0.1],
        n=N,
        frame=frame,
        unknowns=unknowns,
        decimals={(0, N): 9},
        optimum=Interval(-1e-8, 1e-8),
    )
