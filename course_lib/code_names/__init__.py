"""Which names a piece of code defines and uses, read off its text.

- `cells`: cells of a notebook are parsed
- `definitions`: what a statement, a cell and a text define
- `paths`: what a cell imports, binds and reaches for
- `free_names`: what a text uses and does not define
- `static_names`: what a function makes use of, through everything that a notebook defines

`course_lib.checks.names` reads the same off live functions, where a learner's notebook checks itself.
"""
