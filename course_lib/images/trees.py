"""ImageNet and PASCAL VOC, in their folders on disk."""

import codecs
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course_lib.images import png
from course_lib.images.decode import ImageError, Pixels, load_image, read_bytes, read_image
from course_lib.images.folder import existing_folder, image_names, is_hidden
from course_lib.images.source import Broken, Source, Unusual

Mask = NDArray[np.uint8] | NDArray[np.uint16]


class ImageNet(Source[tuple[str, Pixels, int]]):
    """Images with the number of their class, in either layout of ILSVRC.

    Yields ``(name, image, label)``: the name relative to the folder, the image ``(H, W, 3)`` uint8.

    Parameters
    ----------
    path : str or Path
        The folder of the images.
    labels_file : str or Path
        Either a list of images, one "<file> <label>" a line, the file relative to ``path``
        (val.txt); or a list of synsets, one "<synset> <words>" a line (synset_words.txt), for a
        tree of <synset>/<image>.JPEG: the label is the number of the line, from 0. Hidden folders and files do
        not count, as for `Folder`. Lists are in UTF-8, or in UTF-16 with a byte order mark.
    seed, unusual, broken
        As for `Source`; without a seed the order is that of the list, or sorted by name within the synsets.

    Attributes
    ----------
    labels : list of int
        In the order of ``names``.

    Raises
    ------
    ValueError
        If the folder or the file does not exist, there are no images, or a synset's folder is not in the list;
        otherwise as for `Source`.
    """

    def __init__(
        self,
        path: str | Path,
        labels_file: str | Path,
        *,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        self.path = existing_folder(path)
        lines = read_lines(Path(labels_file))
        labeled = _listed(lines) or _in_synsets(self.path, [line.split()[0] for line in lines])
        if not any((self.path / name).is_file() for name, _ in labeled):
            raise ValueError(f"expected the images of {labels_file} in {self.path}, got none of them")
        super().__init__((name for name, _ in labeled), seed=seed, unusual=unusual, broken=broken)
        self.labels = [label for _, label in labeled]

    def read(self, index: int) -> tuple[str, Pixels, int]:
        """Read an image with its label; see `Source.read`."""
        name = self.names[index]
        return name, read_image(self.path / name, convert=self.converts), self.labels[index]


def _listed(lines: list[str]) -> list[tuple[str, int]]:
    """List the images and labels of "<file> <label>" lines; an empty list if the first line is of another kind."""
    labeled = []
    for line in lines:
        match = re.fullmatch(r"(\S+)\s+(\d+)", line)
        if match:
            labeled.append((match[1], int(match[2])))
        elif labeled:
            raise ValueError(f'expected "<file> <label>" on each line, got {line!r}')
        else:
            return []
    return labeled


def _in_synsets(path: Path, synsets: list[str]) -> list[tuple[str, int]]:
    """List the images in the folders of synsets, each with its synset's number."""
    folders = {folder.name for folder in path.iterdir() if folder.is_dir() and not is_hidden(folder.name)}
    unknown = sorted(folders - set(synsets))
    if unknown:
        raise ValueError(f"expected folders of the {len(synsets)} synsets listed in {path}, got {unknown[0]}")
    return [
        (f"{synset}/{name}", label)
        for label, synset in enumerate(synsets)
        for name in image_names(path / synset, recursive=False)
    ]


class Voc(Source[tuple[str, Pixels, Mask]]):
    """Images of PASCAL VOC with the class of every pixel.

    Yields ``(name, image, mask)``: the image ``(H, W, 3)`` uint8, the mask ``(H, W)`` uint8, class
    0 (background) to 20, and 255 where no class counts. Your own masks may have other bit depths: their values are
    those in the file, as uint16 for 16 bits. An image without a mask of its size is broken.

    Parameters
    ----------
    path : str or Path
        The folder of a year, VOCdevkit/VOC2012.
    split : str
        "train", "val", "trainval", or another list of names.
    image_set : str
        The folder in ImageSets that contains the list.
    seed, unusual, broken
        As for `Source`; without a seed the order is that of the list.

    Raises
    ------
    ValueError
        If the folder or the list does not exist, or the list is empty; otherwise as for `Source`.
    """

    def __init__(
        self,
        path: str | Path,
        split: str = "train",
        image_set: str = "Segmentation",
        *,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        self.path = existing_folder(path)
        lines = read_lines(self.path / "ImageSets" / image_set / f"{split}.txt")
        super().__init__((line.split()[0] for line in lines), seed=seed, unusual=unusual, broken=broken)

    def read(self, index: int) -> tuple[str, Pixels, Mask]:
        """Read an image with its mask; see `Source.read`."""
        name = self.names[index]
        image = read_image(self.path / "JPEGImages" / f"{name}.jpg", convert=self.converts)
        mask_file = self.path / "SegmentationClass" / f"{name}.png"
        mask = read_mask(mask_file)
        if mask.shape != image.shape[:2]:
            raise ImageError(str(mask_file), f"expected a mask of {image.shape[:2]} pixels, got {mask.shape}")
        return name, image, mask


def read_mask(path: Path) -> Mask:
    """Read a label map: the numbers in the file, regardless of their colors and transparency.

    Parameters
    ----------
    path : Path
        A PNG or GIF image with a palette, or in gray of any depth, with or without transparency.

    Returns
    -------
    ndarray
        Shape ``(H, W)``: indices into the palette, or gray levels as they are stored, 0 to 1, 3, 15, 255 or 65535.
        The type is uint8, or uint16 for a depth of 16 bits.

    Raises
    ------
    ImageError
        If it cannot be read, is in color, or is a JPEG, which does not keep labels exactly.
    """
    name, data = str(path), read_bytes(path)
    image = load_image(name, data)
    if image.format == "JPEG":
        raise ImageError(name, "expected a mask as PNG, got a JPEG file, which does not keep labels exactly")
    if image.format == "PNG" and png.depth_and_color_type(data)[1] in {png.RGB, png.RGB_ALPHA}:
        raise ImageError(name, "expected a mask with a palette or in gray, got one in color")
    samples = png.stored_samples(image, data) if image.format == "PNG" else np.array(image)[..., None]
    return samples[..., 0].copy()


def read_lines(path: Path) -> list[str]:
    """Read the lines of a list that are not blank, in UTF-8, or in UTF-16 with a byte order mark.

    Raises
    ------
    ValueError
        If there is no list, or it is empty or in another encoding.
    """
    if not path.is_file():
        raise ValueError(f"expected a list of images, found no file {path}")
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"expected a list of images in UTF-8, got {path}: {error}") from error
    # Not `splitlines`, which would also end a line at a form feed or a line separator in a name.
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise ValueError(f"expected a list of images, got the empty file {path}")
    return lines
