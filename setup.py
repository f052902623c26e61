"""The step of a build that `pyproject.toml` has no words for: what lies beside the library goes into the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# What the commands of a learner need. Nothing that holds an answer or a hidden test may stand here.
MATERIAL = (
    "benchmarks/label_map.py",
    "benchmarks/user_ops.py",
    "course.toml",  # if there is one
    "nbgrader_config.py",
    "notebooks",
    "user_ops",
)
TARGET = "course_lib/material"  # see `course_lib.course`


def material() -> list[str]:
    """List the files, relative to this folder; hidden ones stay here."""
    found = [path for item in map(Path, MATERIAL) for path in ([item] if item.is_file() else item.rglob("*"))]
    shown = [path for path in found if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    return sorted(path.as_posix() for path in shown if path.is_file())


class BuildWithMaterial(build_py):
    """Copies the material into a build; an editable installation uses it where it is."""

    def run(self) -> None:
        """Build."""
        super().run()
        if self.editable_mode:
            return
        shutil.rmtree(Path(self.build_lib, TARGET), ignore_errors=True)  # of an earlier build
        for name in material():
            target = Path(self.build_lib, TARGET, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(name, str(target))

    def get_source_files(self) -> list[str]:
        """List what an archive of the sources must contain."""
        return [*super().get_source_files(), *material()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """List what a build writes."""
        copies = [] if self.editable_mode else [str(Path(self.build_lib, TARGET, name)) for name in material()]
        return [*super().get_outputs(include_bytecode), *copies]


setup(cmdclass={"build_py": BuildWithMaterial})
