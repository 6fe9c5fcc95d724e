"""Settings of nbgrader for this course; nbgrader reads them in the folder where it is started.

Change what you like: `make nbgrader` leaves this file alone once you have. What you write into
`nbgrader_config_local.py` is read last.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import marking  # noqa: E402  # the file beside this one

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # nbgrader gives this name

c.CourseDirectory.course_id = "lmmkit"
c.CourseDirectory.root = str(HERE)
c.NbGrader.logfile = str(HERE / "nbgrader.log")

# In an answer cell the names stand above the solution already, so that an untouched notebook runs.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "*YOUR ANSWER HERE*"
# Rubrics stand in locked cells: the release loses their text, marking brings it back.
c.ClearMarkScheme.enforce_metadata = False

#: Seconds that one cell may run while it is marked.
c.Execute.timeout = int(os.environ.get("NBGRADER_TIMEOUT", "60"))
c.Autograde.sanitize_preprocessors = marking.SANITIZE
c.Autograde.autograde_preprocessors = marking.MARK
c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {("language_info", "name"), ("lmmkit",)}
c.GenerateFeedback.preprocessors = marking.FEEDBACK
marking.begin()

# Whether a student's feedback shows the rubrics and model answers; not before the last one has handed in.
c.ForStudents.show_rubric = False

# How the files are called that come from Moodle (first line) and Canvas (second), for `nbgrader zip_collect`.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[^/\\_]+)(?:_LATE)?_\d+_"
    r"(?:assignsubmission_file[_/\\]*|\d+_)(?P<file_id>(?:\d\d|capstone)_[a-z_]*[a-z])[^/\\]*\.ipynb$"
)

if (HERE / "nbgrader_config_local.py").exists():
    load_subconfig("nbgrader_config_local.py")  # type: ignore[name-defined]  # noqa: F821
