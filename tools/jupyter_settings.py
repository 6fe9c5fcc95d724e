"""The course's settings for Jupyter, put into the environment of the Python that runs this.

No questions about news at the first visit, names of files in full, lines of code that go on below where the window
ends, and kernels that say in words that a name is not known yet.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent / "jupyter"
#: Where each file belongs below an environment's folder; the students' wheel carries them there, too.
PLACES = {
    "overrides.json": "share/jupyter/lab/settings/overrides.json",
    "ipython_kernel_config.py": "etc/ipython/ipython_kernel_config.py",
}


def install(prefix: Path) -> None:
    """Put the settings below this folder."""
    for name, place in PLACES.items():
        (prefix / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / name, prefix / place)


if __name__ == "__main__":
    install(Path(sys.prefix))
