"""One line begins every notebook of the course.

``from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt`` names what the notebook uses, and
gives all pictures the course's look. ``stats``, where a notebook asks for it, is ``scipy.stats``: classical tests and
distributions.
"""

from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers, lesson
from lmmkit.course.check import check, model_answer, show_progress

__all__ = ["check", "explorers", "lesson", "lk", "model_answer", "np", "pd", "plt", "show_progress"]

lesson.use_course_look()


def __getattr__(name: str) -> ModuleType:
    """`stats`, loaded when it is asked for: it takes its time, and few notebooks need it."""
    if name != "stats":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scipy import stats

    return stats
