"""What is left of a graded submission: `recorder` writes the `gradebook`, the notebook and the `feedback`.

`entries` reads what the gradebook holds. `cells` is nbgrader's step that enters a unit's cells, for units that change
while a course runs. `shown` writes cells for the feedback; `sanitized` takes out of a learner's outputs what could run
in a browser.
"""
