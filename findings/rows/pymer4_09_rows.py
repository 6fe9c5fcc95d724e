"""Why pymer4 0.9.2 is not run: R packages that it loads, and those of them that Debian does not have.

The list is read from its source; Debian is asked by `apt-cache`, so it needs a Debian 12 whose lists are up to date.
"""

import re
import subprocess
from importlib.metadata import distribution, version

found = distribution("pymer4")
print(f"version pymer4\t{version('pymer4')}")
print(f"python.requirements\t{len(found.requires or [])}")
sources = [path.locate() for path in found.files or [] if path.suffix == ".py"]
asked = {name for path in sources for name in re.findall(r'importr\("([\w.]+)"\)', path.read_text(encoding="utf-8"))}
own = {"base", "stats", "utils", "graphics", "methods"}
print(f"r.packages\t{' '.join(sorted(asked - own, key=str.lower))}")


def in_debian(name: str) -> bool:
    """Whether Debian has an R package of this name, or R brings it along."""
    names = (f"r-cran-{name.lower()}", f"r-base-core-{name.lower()}")
    return any(subprocess.run(["apt-cache", "show", name], capture_output=True).stdout for name in names)


missing = sorted(name for name in asked - own if not in_debian(name))
print(f"could.not.be.run\tcould not be run: needs R's {' and '.join(missing)}, which Debian 12 lacks")
