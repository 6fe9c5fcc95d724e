"""The zip that students get: lessons, exercises, data, environment and a wheel of lmmkit; nothing that answers.

`make release` writes `dist/lmmkit-course-VERSION.zip`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What goes in, as patterns below the root. Sources, solutions, tests and tools stay out.
CONTENTS = (
    "README.md",
    "LICENSE",
    "CITATION.cff",
    "environment.yml",
    "requirements.lock",
    "lessons/*.ipynb",
    "lessons/LICENSE.md",
    "lessons/LEDGER.md",
    "exercises/*.ipynb",
    "data/*.csv",
    "data/*.md",
    "data/datapackage.json",
    "docs/images/*.png",
)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of lmmkit into a folder, with what is installed here."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit("the wheel could not be built:\n" + (run.stderr or run.stdout)[-2000:])
    return next(folder.glob("lmmkit-*.whl"))


def members() -> list[Path]:
    """The files of the release, in order."""
    return [path for pattern in CONTENTS for path in sorted(ROOT.glob(pattern))]


def write_release(folder: Path) -> Path:
    """Write the zip into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        The zip.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch))
        version = wheel.name.split("-")[1]
        release = folder / f"lmmkit-course-{version}.zip"
        top = release.stem
        with zipfile.ZipFile(release, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in members():
                archive.write(path, f"{top}/{path.relative_to(ROOT).as_posix()}")
            archive.write(wheel, f"{top}/{wheel.name}")
    return release


if __name__ == "__main__":
    print(write_release(ROOT / "dist").relative_to(ROOT))
