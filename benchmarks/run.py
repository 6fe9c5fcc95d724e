"""`make bench`: lmmkit beside its peers, in one run, each with the objective that it reached.

Every fit starts from a formula and a table, in a process of its own, after one fit that is not counted.
Peers that are not installed are left out and named. A Python with glmm, gpboost and statsmodels other than
this one may be given in the environment variable PEERS_PYTHON, and the folder of an earlier build of lmmkit in
EARLIER: it takes its turns beside the present one.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import batch
import counts
import explorers
import growth
import larger
import repetition
import structures
from cases import CASES, Case

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
PEERS_PYTHON = os.environ.get("PEERS_PYTHON", sys.executable)
NOW, EARLIER = "lmmkit", "lmmkit, earlier"


HEADING = [
    "# Benchmarks",
    "",
    "Made by `make bench`. Medians in seconds; *ratio* is a peer's time over lmmkit's; *above best* is how",
    "far the objective (−2 log-likelihood, restricted for linear models) stays above the best that anybody",
    "found. Ratios travel from machine to machine, absolute times do not.",
    "",
]
COLUMNS = [
    "| case | who | seconds | ratio | objective | above best | peak MB | goal |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
]


def command(peer: str) -> list[str] | None:
    """How a peer is started, or None where it is not installed."""
    if peer == "lme4":
        return ["Rscript", str(HERE / "peers" / "lme4_peer.R")] if shutil.which("Rscript") else None
    if peer == EARLIER:
        here = "EARLIER" in os.environ
        return [sys.executable, str(HERE / "peers" / "lmmkit_peer.py")] if here else None
    python = sys.executable if peer == NOW else PEERS_PYTHON
    probe = subprocess.run([python, "-c", f"import {peer}"], capture_output=True, cwd=HERE.parent)
    return [python, str(HERE / "peers" / f"{peer}_peer.py")] if probe.returncode == 0 else None


def one_turn(peer: str, start: list[str], case: Case, path: Path) -> dict[str, Any] | str:
    """One process, or what went wrong in a line."""
    build = os.environ["EARLIER"] if peer == EARLIER else str(HERE.parent)
    arguments = [str(path), case.formula, case.family, ",".join(case.factors), str(case.repeats)]
    environment = {**os.environ, "PYTHONPATH": build}
    environment.pop("OMP_NUM_THREADS", None)  # everybody may use the machine as they see fit
    environment.pop("OPENBLAS_NUM_THREADS", None)
    run = subprocess.run([*start, *arguments], capture_output=True, text=True, env=environment)
    if run.returncode != 0:
        return (run.stderr.strip().splitlines() or ["ended without a word"])[-1][:120]
    answer: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return answer


def measure(case: Case, starts: dict[str, list[str]], folder: Path) -> dict[str, dict[str, Any] | str]:
    """All peers of one case, turn by turn."""
    path = folder / "case.csv"
    case.load().to_csv(path, index=False)
    answers: dict[str, dict[str, Any] | str] = {}
    for _ in range(case.rounds):
        for peer in (*case.peers, EARLIER):
            if peer not in starts or isinstance(answers.get(peer), str):
                continue
            turn = one_turn(peer, starts[peer], case, path)
            earlier = answers.get(peer)
            if isinstance(turn, dict) and isinstance(earlier, dict):
                turn["seconds"] = earlier["seconds"] + turn["seconds"]
                if "refit" in turn:
                    turn["refit"] = min(earlier["refit"], turn["refit"])
            answers[peer] = turn
    return answers


def table(case: Case, answers: dict[str, dict[str, Any] | str]) -> list[str]:
    """The rows of one case in Markdown."""
    found = {peer: answer for peer, answer in answers.items() if isinstance(answer, dict)}
    objectives = [answer["objective"] for answer in found.values() if answer["objective"] is not None]
    best = min(objectives)
    ours = statistics.median(found["lmmkit"]["seconds"])
    rows = []
    for peer, answer in answers.items():
        if isinstance(answer, str):
            rows.append(f"| {case.name} | {peer} | failed: {answer} | | | | |")
            continue
        median = statistics.median(answer["seconds"])
        above = "" if answer["objective"] is None else f"{answer['objective'] - best:.1e}"
        value = "(ML)" if answer["objective"] is None else f"{answer['objective']:.5f}"
        goal = case.goal if peer == "lmmkit" else ""
        rows.append(
            f"| {case.name} | {peer} | {median:.4f} | {median / ours:.2f} | {value} | {above} | "
            f"{answer['megabytes']:.0f} | {goal} |"
        )
    refits = {peer: answer["refit"] for peer, answer in found.items() if "refit" in answer}
    for peer, seconds in refits.items():
        ratio = seconds / refits[NOW]
        rows.append(f"| {case.name} | {peer}: refit of the design | {seconds:.5f} | {ratio:.2f} | | | | |")
    return rows


#: lmmkit loads its rooms when they are first entered.
READY = {"lmmkit": "lmmkit.lmer"}


def import_time() -> list[str]:
    """Seconds that importing each Python library takes, ready to fit, once NumPy and pandas are there."""
    rows = []
    for library in ("lmmkit", "gpboost", "statsmodels.formula.api"):
        python = sys.executable if library == "lmmkit" else PEERS_PYTHON
        code = (
            "import time, numpy, pandas; t = time.perf_counter(); "
            f"import {library}; {READY.get(library, 'pass')}; print(time.perf_counter() - t)"
        )
        runs = [
            subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=HERE.parent)
            for _ in range(3)
        ]
        if all(run.returncode == 0 for run in runs):
            rows.append(f"| {library} | {statistics.median(float(run.stdout) for run in runs):.3f} |")
    return rows


def explorer_rows() -> list[str]:
    """A table with a row for each explorer of the course: how long a redraw holds the kernel."""
    if importlib.util.find_spec("ipywidgets") is None:
        return ["", "Explorers: not measured, ipywidgets is not installed."]
    return [
        "",
        "Explorers: milliseconds of kernel time from a slider's move to the new picture, the model refitted;",
        "medians over moves of every slider, and the slider whose own median is highest.",
        "",
        "| explorer | CPU ms | wall ms | slowest slider, CPU ms | goal |",
        "| --- | --- | --- | --- | --- |",
        *explorers.rows(),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "cases",
        nargs="*",
        help="names of cases, batch, counts, repetition, structures, explorers, growth, larger; none means all",
    )
    wanted = parser.parse_args().cases
    cases = [case for case in CASES if not wanted or case.name in wanted]
    peers = sorted({EARLIER, *(peer for case in cases for peer in case.peers)})
    starts = {peer: start for peer in peers if (start := command(peer)) is not None}
    missing = sorted(set(peers) - set(starts) - {EARLIER})
    lines: list[str] = []

    def tell(rows: list[str]) -> None:
        """Print rows at once, and keep them: a run that is cut short leaves what it has."""
        lines.extend(rows)
        print("\n".join(rows), flush=True)
        if not wanted:
            RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")

    tell(HEADING + ([f"Not installed here: {', '.join(missing)}.", ""] if missing else []) + COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            tell(table(case, measure(case, starts, Path(folder))))
    if not wanted or "batch" in wanted:
        tell(batch.rows())
    if not wanted or "counts" in wanted:
        tell(counts.rows())
    if not wanted or "repetition" in wanted:
        tell(repetition.rows())
    if not wanted or "structures" in wanted:
        tell(structures.rows())
    tell(["", "| import of | seconds |", "| --- | --- |", *import_time()])
    if not wanted or "explorers" in wanted:
        tell(explorer_rows())
    if not wanted or "growth" in wanted:
        tell(growth.rows())
    if not wanted or "larger" in wanted:
        tell(larger.rows())


if __name__ == "__main__":
    main()
