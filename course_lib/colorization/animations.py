"""A network's predictions for pictures from epoch to epoch, as one file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from course_lib.colorization.export import encoded, read_exports
from course_lib.files import write_aside

FRAME, HELD = 200, 1200  # milliseconds: how long a GIF shows each frame, and the first and the last one
GAP = 4  # pixels of white between pictures

RGB = NDArray[np.uint8]


def animation(source: str | Path | Sequence[ArrayLike], file: str | Path) -> None:
    """Make one file of many pictures: a GIF that moves, or a PNG strip, by the ending of the file's name.

    A GIF shows each frame for 0.2 seconds, the first and the last one for 1.2, and repeats. It has 256 colors, the same
    ones for all frames, so that nothing flickers; a frame that equals the previous one is not stored, but makes that
    one longer. The strip has all frames side by side, with all their colors.

    Parameters
    ----------
    source : str, Path or sequence of array_like
        The folder that `ExportPredictions` wrote to, or frames of one size, ``(H, W, 3)`` uint8. For a folder, each
        epoch in which all pictures were exported gives a frame, with the pictures one above the other.
    file : str or Path
        The file to write, ``.gif`` or ``.png``; its folder is made if needed.

    Raises
    ------
    ValueError
        If the ending is different, there are no frames, or the frames are not uint8 RGB or differ in size.
    """
    path = Path(file)
    ending = path.suffix.lower()
    if ending not in {".gif", ".png"}:
        raise ValueError(f"expected a file that ends in .gif or .png, got {path.name}")
    frames = _frames_of(Path(source)) if isinstance(source, str | Path) else [np.asarray(frame) for frame in source]
    if not frames:
        raise ValueError("expected one frame or more, got none")
    size = frames[0].shape[:2]
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape != (*size, 3):
            expected = "frames of one size, uint8 of shape (H, W, 3)"
            first = f" after one of {frames[0].shape}" if frame is not frames[0] else ""
            raise ValueError(f"expected {expected}, got {frame.dtype} of shape {frame.shape}{first}")
    write_aside(path, _gif(frames) if ending == ".gif" else encoded("PNG", Image.fromarray(_joined(frames, axis=1))))


def _frames_of(folder: Path) -> list[RGB]:
    """Put the pictures of each epoch one above the other."""
    exports = read_exports(folder)
    epochs = sorted(set.intersection(*(set(pictures) for pictures in exports.values())))
    return [_joined([pictures[epoch] for pictures in exports.values()], axis=0) for epoch in epochs]


def _joined(pictures: Sequence[RGB], axis: int) -> RGB:
    """Put pictures side by side or one above the other, with white between them, and beside smaller ones."""
    longest = max(picture.shape[1 - axis] for picture in pictures)
    padded = []
    for index, picture in enumerate(pictures):
        margins = [(0, 0), (0, 0), (0, 0)]
        margins[axis] = (GAP if index else 0, 0)
        margins[1 - axis] = (0, longest - picture.shape[1 - axis])
        padded.append(np.pad(picture, margins, constant_values=255))
    return np.concatenate(padded, axis)


def _gif(frames: Sequence[RGB]) -> bytes:
    """Encode frames with one palette and without dithering: an equal color looks the same in all of them."""
    palette = Image.fromarray(np.concatenate(frames)).quantize(256, Image.Quantize.MEDIANCUT)
    first, *others = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    durations = [FRAME] * len(frames)
    durations[0] = durations[-1] = HELD
    return encoded("GIF", first, save_all=True, append_images=others, duration=durations, loop=0)
