"""Grading in any nbgrader course: one with ``source/<assignment>/<notebook>.ipynb``, without ``solutions/``.

- `course`: the folders of such a course, as its ``nbgrader_config.py`` says
- `collect`: what was handed in
- `units`: the tests of a notebook, from its source and from nbgrader's gradebook
- `plan`: which tests can run apart from the learner's code, by their text; `uses` is what that reads from a cell
- `trial`: which tests really can, by the instructor's own answers
- `runner`: running a notebook, each test where it was planned; `scores` has its points
- `pipeline`: grading one notebook; `grade` grades a class, `gradebook` and `recorder` write the records
- `diagnosis`: what `course doctor --course` says
"""
