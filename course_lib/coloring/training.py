"""Training a colorizer on the photographs of a folder."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from course_lib.coloring.scale import Floats, has_color, working_picture
from course_lib.errors import ArgumentError, CourseError
from course_lib.images import Folder, ImageError, read_image

Progress = Callable[[int, int], None]


class WorkingPictures(Mapping[str, Floats]):
    """The working pictures of photographs in files, each read on demand.

    Parameters
    ----------
    paths : mapping of str to Path
        The files by name.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.paths = dict(paths)

    def __getitem__(self, name: str) -> Floats:
        return working_picture(read_image(self.paths[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def color_photographs(folder: Path, progress: Progress, tell: Callable[[str], None]) -> WorkingPictures:
    """Find the photographs in a folder and its sub-folders from which a colorizer can learn colors.

    Parameters
    ----------
    folder : Path
        A folder with JPEG and PNG files.
    progress : callable
        Called with the number of files read so far, and of all files.
    tell : callable
        Called with a line for each file that is left out, because it cannot be read or has no color.

    Returns
    -------
    WorkingPictures
        The working pictures, by the files' paths relative to the folder.

    Raises
    ------
    ArgumentError
        If there is no such folder, or no such photograph in it.
    """
    try:
        found = Folder(folder)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    usable = {}
    for number, (name, path) in enumerate(zip(found.names, found.paths, strict=True), 1):
        try:
            if has_color(working_picture(read_image(path))):
                usable[name] = path
            else:
                tell(f"left out {path}: it has no color")
        except ImageError as error:
            tell(f"left out {error}")
        progress(number, len(found))
    if not usable:
        raise ArgumentError(f"expected photographs in color in {folder}, got none that can be used")
    return WorkingPictures(usable)


def checkpoint_folder(weights: Path) -> Path:
    """Return the folder of a training's checkpoints: beside its file of weights."""
    return weights.with_name(f"{weights.name}.training")


def train_on(photographs: WorkingPictures, weights: Path, progress: Progress) -> None:
    """Train a colorizer, or continue an interrupted training, and write its file of weights.

    Parameters
    ----------
    photographs : WorkingPictures
        The training photographs.
    weights : Path
        The file to write. Checkpoints are kept beside it, and removed at the end.
    progress : callable
        Called with the number of steps done, and of all steps.

    Raises
    ------
    CourseError
        If the checkpoints belong to a training on other photographs, a file cannot be written, or the loss is not
        finite.
    """
    from course_lib.hypercolumn_colorizer.committee import train

    kept = checkpoint_folder(weights)
    try:
        kept.mkdir(parents=True, exist_ok=True)  # if that is impossible, it fails before the training
        train(photographs, folder=kept, progress=progress).save(weights)
        shutil.rmtree(kept)
    except OSError as error:
        raise CourseError(f"{error.filename or weights}: {error.strerror or error}") from error
    except (ValueError, FloatingPointError) as error:
        raise CourseError(str(error)) from error
