"""The records of a graded submission: `recorder` writes the gradebook, the notebook and the `feedback`.

`base_recorder` is the part of it that any course has. `writer` enters results into nbgrader's database, `class_plan`
the class list with due dates and extensions, and `entries` reads its content. `lateness` says how late work is, and
`penalties` takes points off for it. `attempts` chooses the best attempt, if that one is to count. `cells` is nbgrader's
step that enters a unit's cells, for units that change while a course runs. `recorded_feedback` is the feedback with
what people entered, `feedback_cells` writes cells for it, and `sanitized` removes from a learner's outputs what could
run in a browser. `tables` are the CSV files, and `formgrader` shows a submission there.
"""
