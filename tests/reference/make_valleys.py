"""Make valleys.json: lme4's criterion of hard designs and links, and of every model of the model builder.

    python tests/reference/make_valleys.py

Needs Rscript with lme4.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from lmmkit import load_data  # noqa: E402
from tests.hard_designs import hard_design, link_design  # noqa: E402
from tests.valleys import DESIGNS, LINK_DESIGNS, builder_models  # noqa: E402


def lme4_criteria(folder: Path) -> dict[str, str]:
    """The R script's answers, by name, with its version."""
    run = subprocess.run(
        ["Rscript", str(HERE / "make_valleys.R"), str(folder)], capture_output=True, text=True, check=True
    )
    return dict(line.rstrip("\t").split("\t")[:2] for line in run.stdout.splitlines())


def finite(answer: str) -> float | None:
    """A number, or None where lme4 gave up."""
    return round(float(answer), 5) if answer not in ("Inf", "NA", "NaN") else None


def main() -> None:
    """Write data and formulas for R, run it, and keep its answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(DESIGNS):
            design = hard_design(seed)
            design.data.to_csv(folder / f"{seed:04}.csv", index=False)
            (folder / f"{seed:04}.txt").write_text(f"{design.formula}\n{str(design.reml).upper()}\n")
        models = builder_models()
        for number, (source, formula) in enumerate(models):
            load_data(source).to_csv(folder / f"m{number:04}.csv", index=False)
            (folder / f"m{number:04}.txt").write_text(f"{formula}\nTRUE\n")
        for seed in range(LINK_DESIGNS):
            formula, data, family, link = link_design(seed)
            data.to_csv(folder / f"l{seed:04}.csv", index=False)
            (folder / f"l{seed:04}.txt").write_text(f"{formula}\n{family}\n{link}\n")
        answers = lme4_criteria(folder)
    contents = {
        "made_by": f"make_valleys.py with lme4 {answers['version']}",
        "designs": [round(float(answers[f"{seed:04}"]), 5) for seed in range(DESIGNS)],
        "links": [finite(answers[f"l{seed:04}"]) for seed in range(LINK_DESIGNS)],
        "models": [
            [source, formula, round(float(answers[f"m{number:04}"]), 5)]
            for number, (source, formula) in enumerate(models)
        ],
    }
    (HERE / "valleys.json").write_text(json.dumps(contents, indent=0) + "\n")


if __name__ == "__main__":
    main()
