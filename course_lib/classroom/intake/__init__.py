"""From a learning management system's download to ``classroom/submitted/<student>/<unit>/``.

- `archives` reads a zip file or a folder without trusting it, and `paths` the names in it
- `layouts` tells who handed in what: Moodle, Canvas, Gradescope (`gradescope`), or folders named after students
- `people` finds the student in the class list
- `unpack` writes what one student handed in to a folder aside, within limits
- `units` sorts it by unit
- `attempts` puts it in its place, and keeps earlier attempts
- `collecting` does all this for every download
"""
