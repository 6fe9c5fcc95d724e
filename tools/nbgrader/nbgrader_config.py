"""Settings of nbgrader for this course; nbgrader reads them in the folder where it is started.

Change what you like: `make nbgrader` leaves this file alone once you have. What you write into
`nbgrader_config_local.py` is read last.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import arrivals  # noqa: E402  # the files beside this one
import marking  # noqa: E402

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

# Where the student stands in the name of a file from Moodle (second line) or Canvas (third): `nbgrader zip_collect`.
c.FileNameCollectorPlugin.named_regexp = (
    r".*[/\\](?P<student_id>[^/\\_]+)(?:_LATE)?_(?P<number>\d+)_"
    r"(?:assignsubmission_(?:file|onlinetext)_?[/\\](?:.*[/\\])?"
    r"|\d+_)(?P<file_id>[^/\\]+)$"
)
c.ZipCollectApp.collector_plugin = arrivals.Collector
c.Autograde.exporter_class = arrivals.Reader

if (HERE / "nbgrader_config_local.py").exists():
    load_subconfig("nbgrader_config_local.py")  # type: ignore[name-defined]  # noqa: F821
