"""Which names a piece of code defines and uses, read from its text.

- `cells`: parsing the cells of a notebook
- `definitions`: what a statement, a cell and a text define
- `paths`: what a cell imports, binds and accesses
- `free_names`: what a text uses and does not define
- `scopes`: what is local to a function
- `effects`: what running a cell, and calling its functions, may change
- `static_names`: what a function uses, through everything that a notebook defines

`course_lib.checks.names` reads the same from live functions, when a learner's notebook checks itself.
"""
