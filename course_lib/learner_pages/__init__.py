"""Pages for a learner: what the checks of a unit found, and the progress in every unit.

- `rows`: an exercise as a page shows it: points, verdict, message, hints
- `pages`: the pages, which need no other file, no script and no network
"""
