"""Where nbgrader finds this course, and how its commands work here. Run them from this folder."""

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, SaveCells
from nbgrader.server_extensions.formgrader.handlers import template_path

from course_lib.cells import ANSWER_STUB, CODE_STUBS
from course_lib.course import Course
from course_lib.grading import nbgrader_ext
from course_lib.grading.gradebook.cells import SaveChangedCells
from course_lib.grading.gradebook.formgrader import FORMULAS, OWN_TEMPLATES, SanitizeOutputs
from course_lib.grading.gradebook.sanitized import markdown
from course_lib.release_steps import ClearAnswers, CollapseLongTests, DropExplanations

c = get_config()  # noqa: F821  (traitlets puts it here)

nbgrader_ext.find_own_programs()
course = Course(Path(__file__).resolve().parent)
c.CourseDirectory.root = str(course.root)
c.CourseDirectory.course_id = "pixelwise"
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.solution_directory = "build/solution"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.db_url = f"sqlite:///{course.root}/classroom/gradebook.db"

# A unit may get another test while a course runs, and may have exercises in C++.
ours = {SaveCells: SaveChangedCells, ClearSolutions: ClearAnswers}
steps = [ours.get(step, step) for step in GenerateAssignment.preprocessors.default()]
c.GenerateAssignment.preprocessors = [DropExplanations, *steps, CollapseLongTests]
c.ClearSolutions.code_stub = CODE_STUBS
c.ClearSolutions.text_stub = ANSWER_STUB

# What each question that is answered in words is worth. With 0 points, nobody has to read the answers. After a change,
# run `course release`; with points, answers wait in formgrader for a person.
c.Questions.points = 0

# Whether exercises in C++ count: with False, nobody loses points for want of a compiler. After a change, run
# `course release`.
c.CppExercises.count = True

# nbgrader's autograde is `course grade`, and so is its feedback.
c.Execute.timeout = 300
c.Autograde.exporter_class = nbgrader_ext.GradedNotebook
c.Autograde.sanitize_preprocessors = []
c.Autograde.autograde_preprocessors = []
c.GenerateFeedback.exporter_class = nbgrader_ext.FeedbackPage
c.GenerateFeedback.preprocessors = []
c.Execute.on_cell_start = nbgrader_ext.OnlyOwnNotebooks(course)

# The exchange is for learners with accounts on this machine: set `c.Exchange.root` to a folder that all may write to.
nbgrader_ext.use_local_exchange(course, c)
c.Exchange.assignment_dir = str(course.work)
c.ExchangeFactory.collect = nbgrader_ext.Collect
c.ExchangeFactory.release_feedback = nbgrader_ext.ReleaseFeedback

# Nothing that a learner wrote runs in the browser of who looks at it in formgrader.
c.HTMLExporter.preprocessors = [SanitizeOutputs]
c.HTMLExporter.filters = {"markdown2html": markdown}
c.HTMLExporter.template_name = "pixelwise_formgrade"
c.HTMLExporter.extra_template_basedirs = [OWN_TEMPLATES, template_path]
c.HTMLExporter.extra_template_paths = [template_path, FORMULAS]  # where ours find nbgrader's of the same name
