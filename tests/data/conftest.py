"""The generators of the data are scripts, not a package: they find each other by their folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data" / "synthesis"))
