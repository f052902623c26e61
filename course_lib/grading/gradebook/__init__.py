"""The records of a graded submission: `recorder` writes the gradebook, the notebook and the `feedback`.

`writer` enters results into nbgrader's database, and `entries` reads its content. `cells` is nbgrader's step that
enters a unit's cells, for units that change while a course runs. `feedback_cells` writes cells for the feedback, and
`sanitized` removes from a learner's outputs what could run in a browser. `tables` are the CSV files, and `formgrader`
shows a submission there.
"""
