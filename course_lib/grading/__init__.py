"""Running and grading notebooks.

A submission passes through these, from file to grade:

- `submission`: it is found, read and put right
- `runner`, `pool`, `process`, `results`: many of them, spread over processes and machines; `outcome` is what travels
- `single`, `scores`: one of them
- `kernel`: the learner's code, behind walls
- `trusted`: the tests, in another process than the learner's code
- `record`: gradebook, notebook and feedback, by one writer; `report` is what people read

`nbgrader_ext` makes nbgrader's own commands take the same way. `execution` serves people who run their own notebooks.
"""
