"""From any submitted file to a notebook that can be graded.

`reading` reads a file's cells, and `normalize` restores them: `template` is the unit as it was released, `match` tells
which cell is which, `changes` describes what was restored. `audit_flags` lists what an instructor may want to look at,
from the text of the cells; `figures` keeps the figures of cells that are not run.

To add a repair: recognize the cell in `match`, rebuild it in `normalize`, describe it in `changes`.
"""
