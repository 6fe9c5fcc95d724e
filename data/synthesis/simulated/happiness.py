"""Happiness and hours of video meetings, in six departments.

The lecture's line, 10 - 0.5 per hour, is what lm finds, exactly: the departments' deviations are made
free of any common line. Inside, every department starts from its own level and tires at its own pace.
"""

import numpy as np
import pandas as pd

SEED = 285
DEPARTMENTS = ["Biology", "Chemistry", "History", "Law", "Music", "Physics"]
TRUTH = {
    "fixef": {"(Intercept)": 10.0, "zoom_hours": -0.5},
    "sd department": {"(Intercept)": 1.5, "zoom_hours": 0.2},
    "sigma": 0.5,
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    department = np.repeat(np.arange(6), 11)
    hours = np.tile(np.arange(11), 6)
    level, pace = (rng.normal(0, sd, 6) for sd in TRUTH["sd department"].values())
    deviation = level[department] + pace[department] * hours + rng.normal(0, TRUTH["sigma"], hours.size)
    line = np.column_stack([np.ones(hours.size), hours])
    deviation -= line @ np.linalg.lstsq(line, deviation)[0]
    happiness = line @ list(TRUTH["fixef"].values()) + deviation
    names = np.array(DEPARTMENTS)[department]
    return pd.DataFrame({"department": names, "zoom_hours": hours, "happiness": happiness.round(3)})
