"""Files that other systems import: `run` writes the points of a class for Moodle, Canvas, Gradescope, or as a table.

- `grades` says what counts for whom
- `template` reads a file that a system exported, `match` finds the students in its lines, `fill` fills in their points
- `downloads` knows the names that a system gave to the submissions, by which it takes back feedback
- `moodle`, `canvas`, `gradescope` and `table` make the files of one system each, `feedback` the zip files of pages
- `files` writes them
"""
