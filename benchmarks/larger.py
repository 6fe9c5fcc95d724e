"""Data larger than memory: a folder of Parquet files fitted through Dask by two worker processes.

Each size is made, fitted and measured in a process of its own; the first million rows are also fed as a table.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
FORMULA = "y ~ x + f + (1 | a) + (1 | b)"
LEVELS = {"a": 1_000, "b": 300}
SIZES = [100_000, 1_000_000, 5_000_000, 20_000_000]
#: Rows in each file, and how many rows the slope of the last two sizes is followed to.
FILE, FURTHER = 1_000_000, 100_000_000
WORKERS = 2


def part(number: int, n: int) -> pd.DataFrame:
    """The rows of one file: the effects of the groups are the same in all, the rest is the file's own."""
    groups = np.random.default_rng(1)
    effects = {
        name: groups.normal(0, sd, q) for (name, q), sd in zip(LEVELS.items(), (1.0, 0.5), strict=True)
    }
    rng = np.random.default_rng([2, number])
    codes = {name: rng.integers(0, q, n) for name, q in LEVELS.items()}
    x, f = rng.normal(size=n), rng.integers(0, 4, n)
    y = 1 + 0.3 * x + 0.2 * f + rng.normal(0, 1.5, n)
    y += effects["a"][codes["a"]] + effects["b"][codes["b"]]
    return pd.DataFrame({"y": y, "x": x, "f": np.array(list("klmn"))[f], **codes})


def write(folder: Path, n: int) -> None:
    """So many rows, in files of a million."""
    for number in range(math.ceil(n / FILE)):
        part(number, min(FILE, n - number * FILE)).to_parquet(folder / f"{number:05d}.parquet")


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says counts the process that started this one
        lines = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return float(lines[0].split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(n: int) -> dict[str, Any]:
    """Seconds, objective and peak memory of each process, from the folder to the fit."""
    import dask.dataframe as dd
    from dask.distributed import Client, LocalCluster

    import lmmkit as lk

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "write", name, str(n)], check=True)
        cluster = LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        )
        with cluster, Client(cluster) as client:
            begin = time.perf_counter()
            fit = lk.lmer(FORMULA, dd.read_parquet(folder))
            seconds = time.perf_counter() - begin
            workers = client.run(peak_megabytes)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
        return {
            "size": n, "seconds": round(seconds, 1), "client": peak_megabytes(), "workers": sorted(workers.values()),
            "objective": -2 * fit.loglik, "nobs": fit.nobs, "folder": size,
        }  # fmt: skip


def both_ways(n: int = FILE) -> dict[str, Any]:
    """The first rows as a table and in parts: how far the objectives lie apart."""
    import dask.dataframe as dd

    import lmmkit as lk

    table = part(0, n)
    begin = time.perf_counter()
    here = lk.lmer(FORMULA, table)
    seconds = time.perf_counter() - begin
    there = lk.lmer(FORMULA, dd.from_pandas(table, npartitions=8, sort=False))
    apart = abs(there.loglik - here.loglik) * 2
    effects = max(
        float(np.abs(there.fixef - here.fixef).max()), float(np.abs(there.theta - here.theta).max())
    )
    return {"apart": apart, "effects": effects, "seconds": seconds, "megabytes": peak_megabytes()}


def in_a_process(*arguments: str) -> dict[str, Any]:
    """What this script finds in a process of its own, so that its memory is its own."""
    run = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, cwd=HERE.parent
    )
    if run.returncode != 0:
        raise RuntimeError(run.stderr[-2000:])
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return found


def measure(sizes: list[int] = SIZES) -> dict[str, Any]:
    """Every size, the comparison, and the seconds and megabytes that the slope of the last two sizes foretells."""
    points = [in_a_process("one", str(n)) for n in sizes]
    before, last = points[-2:]
    slope = (last["seconds"] - before["seconds"]) / (last["size"] - before["size"])
    further = last["seconds"] + slope * (FURTHER - last["size"])
    return {"points": points, "both": in_a_process("both"), "further": further, "per million": slope * 1e6}


def table(found: dict[str, Any]) -> list[str]:
    """The sizes with their seconds and memory, as docs/workers.md shows them."""
    lines = [
        "| rows | files, MB | seconds | peak MB of the client | peak MB of each worker | -2 log-likelihood (REML) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for point in found["points"]:
        workers = ", ".join(f"{megabytes:.0f}" for megabytes in point["workers"])
        lines.append(
            f"| {point['size']:,} | {point['folder']:.0f} | {point['seconds']:.1f} | {point['client']:.0f} | "
            f"{workers} | {point['objective']:.4f} |"
        )
    return [*lines, f"| {FURTHER:,} | | {found['further']:.0f} (by the slope, not measured) | | | |"]


def rows() -> list[str]:
    """Tables for RESULTS.md."""
    found = measure()
    both = found["both"]
    return [
        "", "## Larger than memory", "",
        f"`{FORMULA}`, {LEVELS['a']:,} and {LEVELS['b']:,} levels: a folder of Parquet files through Dask, {WORKERS} "
        "worker processes of one thread. Goal: at most 2,048 MB a process.", "",
        *table(found), "",
        f"The first {FILE:,} rows as a table: {both['seconds']:.2f} s, {both['megabytes']:.0f} MB. In parts the "
        f"objective differs from that by {both['apart']:.1e} (goal: at most 1e-6), estimates by at most "
        f"{both['effects']:.1e}.",
    ]  # fmt: skip


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    if len(sys.argv) == 1:
        print("\n".join(rows()))
    elif sys.argv[1] == "write":
        write(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "one":
        print(json.dumps(one(int(sys.argv[2]))))
    else:
        print(json.dumps(both_ways()))
