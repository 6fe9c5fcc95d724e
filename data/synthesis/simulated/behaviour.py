"""Ten marmots watched four times a day for twenty days: does activity follow the weather and the hour?

Animals and days are crossed: every animal is seen every day. Temperature has one value a day, so the days
are its replicates, twenty and not eight hundred.
"""

import numpy as np
import pandas as pd

SEED = 77
TIMES = ["morning", "noon", "afternoon", "evening"]
TRUTH = {
    "fixef": {
        "(Intercept)": 26.0,
        "timenoon": -8.0,
        "timeafternoon": -3.0,
        "timeevening": 2.0,
        "temperature": -0.5,
    },
    "sd day": {"(Intercept)": 4.0},
    "sd animal": {"(Intercept)": 5.0},
    "sigma": 5.0,
    "temperature": "temperature - 15",
}


def make() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    day, animal, time = (index.ravel() for index in np.indices((20, 10, 4)))
    temperature = (15 + 5 * np.sin(np.arange(20) / 3) + rng.normal(0, 2.5, 20)).round(1)
    start, *hours, warmer = TRUTH["fixef"].values()
    by_day = rng.normal(0, TRUTH["sd day"]["(Intercept)"], 20)
    by_animal = rng.normal(0, TRUTH["sd animal"]["(Intercept)"], 10)
    active = start + np.array([0, *hours])[time] + warmer * (temperature[day] - 15)
    active = active + by_day[day] + by_animal[animal] + rng.normal(0, TRUTH["sigma"], 800)
    return pd.DataFrame(
        {
            "animal": [f"m{a + 1:02d}" for a in animal],
            "day": day + 1,
            "time": np.array(TIMES)[time],
            "temperature": temperature[day],
            "activity": np.clip(active, 0, 60).round(1),
        }
    )
