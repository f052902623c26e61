"""Finding what students have submitted.

`find` finds the notebooks, each as the work of one of the `students`; `versions` chooses among several of one student,
`timestamp` says when a notebook was handed in, `files` reads what lies beside it, and `leftovers` lists what is not
graded.
"""
