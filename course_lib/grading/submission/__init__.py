"""From whatever was handed in to a notebook that can be graded.

`find` finds the files, `reading` reads their cells, and `normalize` puts them right: `template` is what the release
says of a unit, `recognize` tells which cell is which, `mended` says in words what was put right. `notes` lists what an
instructor may want to look at, read off the text with `syntax`. `figures` keeps those of cells that are not run.
"""
