"""One line begins every notebook of the course.

``from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt`` names what the notebook uses, and
gives all pictures the course's look.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import lmmkit as lk
from lmmkit.course import explorers, lesson
from lmmkit.course.check import check, model_answer, show_progress

__all__ = ["check", "explorers", "lesson", "lk", "model_answer", "np", "pd", "plt", "show_progress"]

lesson.use_course_look()
