"""From whatever was handed in to a notebook that can be graded.

`reading` reads a file's cells, and `normalize` restores them: `template` is what the release says of a unit, `match`
tells which cell is which, `changes` says in words what was restored. `audit_flags` lists what an instructor may want
to look at, read off the text; `figures` keeps those of cells that are not run.

For a new repair: recognize the cell in `match`, rebuild it in `normalize`, say so in `changes`.
"""
