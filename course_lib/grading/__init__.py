"""Running and grading notebooks.

From a file to a grade, in this order:

- `collect`: submitted notebooks are found, each as the work of a student
- `grade`: a class is graded, what is missing alone (`cache`); many submissions run at once, on this machine
  (`parallel`, with a `process` for each) or on others (`dask_backend`); `progress` says which
- `pipeline`: one submission, a `models.GradingJob`, becomes a `models.GradingResult`: the page to read first
- `restore`: its notebook is read, and its cells are matched with those of the release
- `notebook_runner`: its cells run one after the other within their time, in another kernel where one died
- `sandbox`: the learner's cells run in an isolated kernel; its `limits` hold all that they may use
- `remote_test`: the tests run in another process than the learner's code
- `scores`: points and messages are read off the outputs of the tests
- `gradebook`: one writer enters the result, the notebook and the feedback; `report` is what people read

`nbgrader_ext` makes nbgrader's own commands take the same way. `execution` serves people who run their own notebooks.
"""
