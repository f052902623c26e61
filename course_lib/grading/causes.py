"""Why an exercise fails, explained to its learner: the first cause, not its consequences."""

import difflib
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cached_property

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from course_lib.cells import CODE_STUBS, is_cpp
from course_lib.checks.errors import not_written
from course_lib.checks.notebook import lost_magic
from course_lib.code_names.definitions import assigned, names_of
from course_lib.code_names.free_names import free_names
from course_lib.code_names.static_names import StaticNames
from course_lib.native.cells import as_python

LONGEST, FIRST_LINE = 300, 40  # characters of an error, and of a cell's first line
NOT_GRADED = "not graded"  # in place of an error's class, if this machine lacks what a test needs
ALIKE = 0.8  # of two names, one of which may be a slip of the other
_UNDEFINED = re.compile(r"\bNameError: name '(\w+)' is not defined")
_GONE = re.compile(r"^your function is gone|\bTypeError: .* object is not callable")
_UNWRITTEN = re.compile(r"(\w+) is not written yet")
_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)(?:, in (?:\w+\.)*(\w+)\()?")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r" \([^()]*, line \d+\)$")  # Python adds this to a syntax error; a cell is not a file
_USAGE = re.compile(r"^UsageError: (.+)", re.MULTILINE)
_MAGIC = re.compile(r"\s*(%%\w+)[^\n]*\n")
_TRANSPARENT = {"%%time", "%%capture", "%%prun"}  # what these magics run is defined afterwards
_STUBS = [stub.splitlines()[0] for stub in CODE_STUBS.values()]
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")


class Causes:
    """Finds out why the tests of an executed notebook fail.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs.
    missing : collection of str
        Exercises whose cells were not in the learner's notebook, and were restored untouched.
    """

    def __init__(self, notebook: NotebookNode, missing: Collection[str] = ()) -> None:
        self._cells: list[NotebookNode] = notebook.cells
        self._missing = missing
        self._failing: set[str] = set()  # exercises whose tests failed so far

    def message(self, test: NotebookNode, name: str) -> str:
        """Say why a test failed.

        Parameters
        ----------
        test : NotebookNode
            A cell of the notebook.
        name : str
            The exercise that it tests.

        Returns
        -------
        str
            The message of the test. If something else is the cause, that comes first: which cell failed, with its error
            and line. Empty if the test raised no error.
        """
        self._failing.add(name)
        error = _error(test)
        if error is None:
            return ""
        if error.ename == "NotImplementedError":
            return self._unwritten(error, name)
        said = str(error.evalue) if error.ename == "CheckFailed" else f"{error.ename}: {error.evalue}".rstrip(": ")
        if error.ename in ("KernelDied", NOT_GRADED):
            return said
        place = next(place for place, cell in enumerate(self._cells) if cell is test)
        own, found = self._failed(self._solutions.get(name)), _UNDEFINED.search(said)
        unknown = found[1] if found else ""
        wanted = error.ename == "NameError" and unknown in _needed(test)  # by the test itself
        cause = own or (self._undefined(unknown, place, name if wanted else unknown) if unknown else "")
        if cause and wanted:
            return cause
        if cause:
            return f"{cause}\nits test says: {said}"
        if _GONE.search(said) and (other := self._overwriting(name, place)):
            return f"{other} gives the name {name} to something else than your function\nits test says: {said}"
        return "\n".join([said, *self._built_on(name)])

    def _built_on(self, name: str) -> Iterator[str]:
        """Say which other exercises with failed tests this one uses."""
        others = sorted(self._failing - {name})
        used = StaticNames(cell.source for cell in self._cells if not is_grade(cell)).used_by(name) if others else ()
        return (
            f"{name} uses {other}, whose own test failed: correct {other} first" for other in others if other in used
        )

    def _unwritten(self, error: NotebookNode, name: str) -> str:
        """Say which function is not written yet."""
        if name in self._missing:
            return f"the cell of {name} is missing from your notebook, so it was checked as if it were untouched"
        traceback = _COLOR.sub("", "\n".join(error.traceback))
        told, frames = _UNWRITTEN.search(traceback), _FRAME.findall(traceback)
        function = told[1] if told else frames[-1][2] if frames else ""
        own = self._cells[self._solutions[name]].source if name in self._solutions else ""
        if function not in names_of(own) and any(stub in own for stub in _STUBS):
            function = name  # its test first calls another exercise, which is not written either
        if not function and "NotImplementedError" in own:
            function = name
        if not function:
            return f"a function that {name} calls is not written yet"
        if function == name and is_cpp(own):
            return not_written(name, cpp=True)
        return not_written(function) + (f"\n  NotImplementedError: {_short(error.evalue)}" if error.evalue else "")

    @cached_property
    def _solutions(self) -> dict[str, int]:
        """Places of the cells that answer exercises."""
        cells = enumerate(self._cells)
        return {cell.metadata.nbgrader["grade_id"]: place for place, cell in cells if is_solution(cell)}

    def _failed(self, place: int | None) -> str:
        """Say how a cell failed, beginning with the cause; empty if it did not fail."""
        error = _error(self._cells[place]) if place is not None else None
        if place is None or error is None:
            return ""
        cell, title = self._cells[place], self._title(place)
        words = f"{error.ename}: {_short(error.evalue)}".rstrip(": ")
        if error.ename == "KernelDied":
            return words
        if error.ename == "TimeoutError" and error.evalue.startswith("stopped after"):
            return f"{title} was {error.evalue}"
        cause = ""
        if error.ename in _SYNTAX:
            lost = lost_magic(cell.metadata.nbgrader["grade_id"], cell.source) if is_solution(cell) else ""
            if lost:
                return lost
            said = f"{title} has a syntax error, so nothing in it ran: {_PLACE.sub('', words)}"
        else:
            said = f"{title} raised {words}"
            found = _UNDEFINED.search(words)
            cause = self._undefined(found[1], place, found[1]) if found else ""
        line = _line(cell, error)
        return (f"{cause}\n" if cause else "") + said + (f"\n  line {line[0]}: {line[1]}" if line else "")

    def _undefined(self, name: str, before: int, exercise: str) -> str:
        """Say why a cell does not know a name that an exercise should define; empty if unknown."""
        own = self._solutions.get(name, self._solutions.get(exercise))
        places = [place for place in reversed(range(before)) if self._is_work(place)]
        for place in [*([own] if own is not None and own < before else []), *places]:
            cell = self._cells[place]
            if place != own and name not in names_of(cell.source):
                continue
            if failed := self._failed(place):
                return failed
            if name not in names_of(cell.source):
                continue
            if cell.get("execution_count") is None:
                return f"{self._title(place)} defines {name}, but is a demonstration, and those are not run for points"
            if magic := _swallowing(cell.source):
                return f"{self._title(place)} begins with {magic}, so what it defines is not there: take that line out"
        later = (place for place in range(before + 1, len(self._cells)) if self._is_work(place))
        for place in later:
            if name in names_of(self._cells[place].source):
                return f"{self._title(place)} defines {name}, but runs later: move it up"
        return self._misspelled(name, places) or (self._without_definition(name, own) if own is not None else "")

    def _misspelled(self, name: str, places: list[int]) -> str:
        """Name a defined name that is similar to the missing one."""
        wanted = {name for cell in self._cells if is_grade(cell) for name in _needed(cell)}
        work = [(place, self._cells[place].source) for place in places]
        known = {each: place for place, source in work for each in names_of(source) - wanted}
        alike = difflib.get_close_matches(name, known, 1, ALIKE)
        alike = alike or [each for each in known if each.casefold() == name.casefold()]
        if not alike:
            return ""
        return f"{self._title(known[alike[0]])} defines {alike[0]}, not {name}"

    def _without_definition(self, name: str, place: int) -> str:
        """Say what the cell of an exercise contains instead of its definition."""
        source, title = self._cells[place].source, self._title(place)
        if not any(line.strip() and not line.lstrip().startswith("#") for line in source.splitlines()):
            return f"{title} holds no code"
        if re.search(rf"^[ \t]+(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b", source, re.MULTILINE):
            return f"{title} defines {name} inside another function or block: begin its line at the left margin"
        names = ", ".join(sorted(names_of(source))[:3])
        return f"{title} does not define {name}" + (f", only {names}" if names else "")

    def _overwriting(self, name: str, before: int) -> str:
        """Name the last cell that assigns something to the name of an exercise."""
        for place in reversed(range(before)):
            if self._is_work(place) and name in assigned(self._cells[place].source):
                return self._title(place)
        return ""

    def _is_work(self, place: int) -> bool:
        """Tell whether a cell contains code and is not a test."""
        cell = self._cells[place]
        return cell.cell_type == "code" and not (is_grade(cell) and not is_solution(cell))

    def _title(self, place: int) -> str:
        """Describe a cell so that its learner finds it."""
        cell = self._cells[place]
        if is_solution(cell):
            return f"the cell of {cell.metadata.nbgrader['grade_id']}"
        first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
        return f"cell {place + 1} ({first[:FIRST_LINE]}{'…' * (len(first) > FIRST_LINE)})"


def _error(cell: NotebookNode) -> NotebookNode | None:
    """Find the error that ended a cell; IPython only prints one about its own magics."""
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if errors:
        return errors[-1]  # a cell that was stopped has two errors: the interrupt, and then the reason
    printed = (output.text for output in cell.get("outputs", []) if output.output_type == "stream")
    usage = next(filter(None, map(_USAGE.search, printed)), None) if "%" in cell.source else None
    return NotebookNode(ename="UsageError", evalue=usage[1], traceback=[]) if usage else None


def _line(cell: NotebookNode, error: NotebookNode) -> tuple[int, str] | None:
    """Find the last line of a cell in the traceback of its error."""
    frames = _FRAME.findall(_COLOR.sub("", "\n".join(error.traceback)))
    lines = cell.source.splitlines()
    blank = next((number for number, line in enumerate(lines) if line.strip()), 0)  # IPython does not count these
    numbers = [int(number) + blank for counter, number, _ in frames if counter == frames[0][0]]
    if not numbers or not 0 < numbers[-1] <= len(lines):
        return None
    return numbers[-1], lines[numbers[-1] - 1].strip()[:LONGEST]


def _needed(test: NotebookNode) -> set[str]:
    """Return the names that a test uses and does not define itself."""
    with suppress(SyntaxError, ValueError):
        return free_names(test.source)
    return set()


def _swallowing(source: str) -> str:
    """Name the cell magic that keeps the definitions of a cell for itself, if it begins with one."""
    magic = _MAGIC.match(as_python(source))
    return magic[1] if magic and magic[1] not in _TRANSPARENT else ""


def _short(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
