"""Errors that a user of the course can cause and correct."""


class CourseError(Exception):
    """Something is not as expected; the message says what was expected, what was found, and what to do.

    The command line shows the message alone. Any other exception is a bug in the course, and keeps its traceback.
    """


class ArgumentError(CourseError):
    """An argument of a command is wrong, such as a unit that does not exist: nothing was started."""
