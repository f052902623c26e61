"""From whatever was handed in to a notebook that can be graded.

`find` finds the files, each as the work of one of the `students`; `versions` chooses among several of one student,
`timestamp` says when it was handed in, `files` reads what lies beside a notebook, and `leftovers` lists what is not
graded. `reading` reads a file's cells, and `normalize` restores them: `template` is what the release says of a unit,
`recognize` tells which cell is which, `mended` says in words what was restored. `notes` lists what an instructor may
want to look at, read off the text with `syntax`; `figures` keeps those of cells that are not run.
"""
