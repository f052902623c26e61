"""Where the files of a course are."""

from dataclasses import dataclass
from pathlib import Path

from traitlets.config.loader import Config, PyFileConfigLoader

from course_lib.errors import ArgumentError, CourseError

CONFIG = "nbgrader_config.py"
LIBRARY = Path(__file__).resolve().parent
MATERIAL = LIBRARY / "material"  # in a wheel only: `setup.py` fills it
# What the library was installed with: notebooks, settings, and the sources of the user operations.
SHIPPED = MATERIAL if MATERIAL.is_dir() else LIBRARY.parent


@dataclass(frozen=True)
class Course:
    """The folders of one course.

    Attributes
    ----------
    root : Path
        The folder of what a person makes: ``work``, ``classroom``, ``build``.
    shipped : Path or None
        The folder that contains ``nbgrader_config.py`` and ``notebooks``; None for the root.
    """

    root: Path
    shipped: Path | None = None

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
            The nearest folder at or above ``start`` that contains ``nbgrader_config.py``; otherwise the checkout that
            this library lies in. A library from a wheel lies in none: then it is what the wheel brought, with the
            nearest folder at or above ``start`` that has a copy of a unit in ``work``, or ``start`` itself, as root.

        Raises
        ------
        ArgumentError
            If there is neither.
        """
        here = (start or Path.cwd()).resolve()
        above = (here, *here.parents)
        for folder in above:
            if (folder / CONFIG).is_file():
                return cls(folder)
        if not (SHIPPED / CONFIG).is_file():
            raise ArgumentError(f"expected a course folder (with {CONFIG}) at or above {here}, found none")
        if SHIPPED != MATERIAL:
            return cls(SHIPPED)
        units = cls(here, SHIPPED).units()
        begun = (folder for folder in above if any((folder / "work" / unit).is_dir() for unit in units))
        return cls(next(begun, here), SHIPPED)

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
        return (self.shipped or self.root) / "notebooks"

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
                "a learner's copy of the course, from an archive or from pip, has no solutions: "
                "release, grade and add answers in a clone of its repository"
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
        folder = self.shipped or self.root
        try:
            return PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
        except Exception as error:  # it is a program
            raise CourseError(
                f"expected settings in {folder / CONFIG}, found {type(error).__name__}: {error}"
            ) from error


def _complete(name: str, units: list[str]) -> str:
    for unit in units:
        if name in (unit, *unit.split("_", maxsplit=1)):
            return unit
    raise ArgumentError(f"expected a unit, one of {', '.join(units)}; got {name!r}")
