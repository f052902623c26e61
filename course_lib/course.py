"""Where the files of a course are."""

from dataclasses import dataclass
from pathlib import Path

from traitlets.config.loader import Config, PyFileConfigLoader

from course_lib.errors import ArgumentError, CourseError

CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Course:
    """The folders of one course.

    Attributes
    ----------
    root : Path
        The folder that contains ``nbgrader_config.py``.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Course":
        """Find the course that a folder belongs to.

        Parameters
        ----------
        start : Path, optional
            Where to begin; the current folder by default.

        Returns
        -------
        Course
            The nearest folder at or above ``start`` that contains ``nbgrader_config.py``;
            otherwise the course that this library was installed from.

        Raises
        ------
        ArgumentError
            If neither is a course.
        """
        here = (start or Path.cwd()).resolve()
        installed = Path(__file__).resolve().parent.parent
        for folder in (here, *here.parents, installed):
            if (folder / CONFIG).is_file():
                return cls(folder)
        raise ArgumentError(f"expected a course folder (with {CONFIG}) at or above {here}, found none")

    @property
    def solutions(self) -> Path:
        """The texts that people edit: ``NN_unit/NN_unit.md`` and ``NN_unit/answers/<exercise>.md``."""
        return self.root / "solutions"

    @property
    def source(self) -> Path:
        """Instructor notebooks, derived from the texts."""
        return self.root / "build" / "source"

    @property
    def report(self) -> Path:
        """The report of the last run of every notebook."""
        return self.root / "build" / "report"

    @property
    def notebooks(self) -> Path:
        """Released notebooks, without answers and hidden tests."""
        return self.root / "notebooks"

    @property
    def work(self) -> Path:
        """A learner's own copies."""
        return self.root / "work"

    @property
    def classroom(self) -> Path:
        """An instructor's submissions, gradebook and feedback."""
        return self.root / "classroom"

    @property
    def results(self) -> Path:
        """The grader's result for each submission."""
        return self.classroom / ".results"

    def units(self) -> list[str]:
        """Names of all released units, in teaching order.

        Raises
        ------
        ArgumentError
            If no unit is released.
        """
        units = sorted(path.stem for path in self.notebooks.glob("*/*.ipynb") if path.stem == path.parent.name)
        if not units:
            raise ArgumentError(f"expected released units (NN_unit/NN_unit.ipynb) in {self.notebooks}, found none")
        return units

    def units_with_solutions(self) -> list[str]:
        """Names of all units that can be released, run with their answers, and graded, in teaching order.

        Raises
        ------
        ArgumentError
            If there is no such unit, as in a learner's copy of the course.
        """
        units = sorted(path.stem for path in self.solutions.glob("*/*.md") if path.stem == path.parent.name)
        if not units:
            raise ArgumentError(
                f"expected units with solutions (NN_unit/NN_unit.md) in {self.solutions}, found none; "
                "a learner's copy of the course has no solutions, and cannot release, grade or add answers"
            )
        return units

    def unit(self, name: str) -> str:
        """Complete the name of a released unit: ``03`` and ``upsampling`` both mean ``03_upsampling``.

        Parameters
        ----------
        name : str
            The whole name, its number, or the part after the number.

        Returns
        -------
        str
            The whole name.

        Raises
        ------
        ArgumentError
            If no released unit is called that.
        """
        return _complete(name, self.units())

    def unit_with_solutions(self, name: str) -> str:
        """Complete the name of a unit that has a text in ``solutions/``; see `unit`."""
        return _complete(name, self.units_with_solutions())

    def nbgrader_config(self) -> Config:
        """Read ``nbgrader_config.py``.

        Returns
        -------
        traitlets.config.Config
            A new one at each call; the caller may change it.

        Raises
        ------
        CourseError
            If the file cannot be run.
        """
        try:
            return PyFileConfigLoader(CONFIG, path=str(self.root)).load_config()
        except Exception as error:  # it is a program
            raise CourseError(
                f"expected settings in {self.root / CONFIG}, found {type(error).__name__}: {error}"
            ) from error


def _complete(name: str, units: list[str]) -> str:
    for unit in units:
        if name in (unit, *unit.split("_", maxsplit=1)):
            return unit
    raise ArgumentError(f"expected a unit, one of {', '.join(units)}; got {name!r}")
