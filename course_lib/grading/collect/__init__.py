"""Finding the submissions of students.

`find` finds the notebooks, each as the work of one of the `students`; `versions` chooses among several of one student,
`timestamp` says when a notebook was handed in, `files` reads the files beside it, `groups` lets one notebook count for
several students, `attempts` adds earlier ones if the best is to count, and `leftovers` lists what is not graded.
"""
