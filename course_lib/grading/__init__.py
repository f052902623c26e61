"""Running and grading notebooks.

From a file to a grade, in this order:

- `collect`: finds submitted notebooks, each as the work of a student or a group
- `grade`: grades a class, but only what is missing (`cache`), and no other command may (`lock`); `base_grading` is what
  this takes in any course. Many submissions run at once, on this machine (`parallel`, with a `process` for each) or on
  others (`dask_backend`); `progress` says which. `preload` imports the `needed_modules` of all of them once
- `pipeline`: turns one submission, a `models.GradingJob`, into a `models.GradingResult`: read this module first
- `restore`: reads its notebook, and matches the cells with those of the release
- `notebook_runner`: runs its cells one after the other, within their time limits, in a new kernel if one died
- `sandbox`: the isolated kernel for the learner's cells; its `limits` define what they may use
- `remote_test`: runs the tests in a different process from the learner's code
- `scores`: reads points and messages from the outputs of the tests
- `regrade`: grades `one_exercise` of a class again after its tests have changed; `needed_cells` decides what must run
  for that, and `gains` says who gains and who loses
- `gradebook`: one writer enters the result, the notebook and the feedback; `report` is what people read

`nbgrader_ext` makes nbgrader's own commands do the same. `execution` serves people who run their own notebooks.
"""
