"""Executed notebooks, which are kept until something that they depend on changes."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ci.verdict import uncompiled
from course_lib.files import write_aside
from course_lib.trials.library import fingerprint

CODE = Path(__file__).parent


class Kept:
    """The executed notebooks of one course.

    One is used again as long as these are the same: the notebook before it ran, its parameters, Python, the code that
    runs notebooks, whether there is a compiler, and the files that decide what its cells do, as in
    `course_lib.trials.library.fingerprint`.

    Parameters
    ----------
    root : Path
        The root of the course; the notebooks are below its ``build/executed``.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._folder = root, root / "build" / "executed"

    def restore(self, source: Path, parameters: Mapping[str, object], target: Path) -> float | None:
        """Copy a notebook with its outputs, if it would run as it did before.

        Parameters
        ----------
        source, target : Path
            The notebook without outputs, and where it goes with them.
        parameters : mapping
            The values of its parameters.

        Returns
        -------
        float or None
            The seconds that it took; None if it has to run.
        """
        path = self._path(source, parameters)
        if not path.is_file():
            return None
        seconds = nbformat.read(path, as_version=4).metadata.papermill.duration
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return float(seconds)

    def keep(self, source: Path, parameters: Mapping[str, object], executed: Path) -> None:
        """Keep an executed notebook, and remove those of the same unit that are out of date."""
        path = self._path(source, parameters)
        write_aside(path, executed.read_text(encoding="utf-8"))
        for other in path.parent.glob("*.ipynb"):
            if other != path:
                other.unlink()

    def _path(self, source: Path, parameters: Mapping[str, object]) -> Path:
        """Name the file of a notebook after all that it depends on."""
        text = source.read_text(encoding="utf-8")
        notebook: NotebookNode = nbformat.reads(text, as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        runner = [path.read_text(encoding="utf-8") for path in sorted(CODE.glob("*.py"))]
        parts = [text, repr(sorted(parameters.items())), sys.version, uncompiled(notebook), runner]
        key = hashlib.sha256(json.dumps([*parts, fingerprint(self._root, cells)]).encode()).hexdigest()
        return self._folder / source.parent.parent.name / source.stem / f"{key}.ipynb"
