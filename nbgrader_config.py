"""Where nbgrader finds this course. Every nbgrader command works from this folder."""

from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
    SaveCells,
)

from course_lib.grading.execution import ExecuteAll
from course_lib.grading.preprocess import ClearHiddenTracebacks, MendOutputs
from course_lib.grading.record.cells import SaveChangedCells
from course_lib.grading.record.sanitized import markdown
from course_lib.grading.submission.template import STUB

c = get_config()  # noqa: F821  (traitlets puts it here)

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "pixelwise"
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = f"sqlite:///{c.CourseDirectory.root}/classroom/gradebook.db"

# A unit may get another test while a course runs.
c.GenerateAssignment.preprocessors = [
    SaveChangedCells if step is SaveCells else step for step in GenerateAssignment.preprocessors.default()
]
c.ClearSolutions.code_stub = {"python": STUB}

# A learner who deletes a test still gets a grade: the test comes back.
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 300
c.Autograde.autograde_preprocessors = [
    ExecuteAll,
    MendOutputs,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
# Feedback shows what a hidden test said, never how it is written.
c.GenerateFeedback.preprocessors = [
    GetGrades,
    ClearHiddenTracebacks,
    ClearHiddenTests,
    SanitizeHTML,
    CSSHTMLHeaderPreprocessor,
]
# Nothing that a learner wrote runs in the browser of who looks at it, in formgrader and in feedback.
c.SanitizeHTML.enabled = True
c.HTMLExporter.preprocessors = [SanitizeHTML]
c.HTMLExporter.filters = {"markdown2html": markdown}
