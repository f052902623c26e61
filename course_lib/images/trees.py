"""ImageNet and PASCAL VOC, as they lie on the disk."""

import re
from pathlib import Path

import numpy as np

from course_lib.images.decode import ImageError, Pixels, load_image, read_bytes, read_image
from course_lib.images.folder import existing_folder, image_names
from course_lib.images.source import Broken, Source, Unusual


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
        tree of <synset>/<image>.JPEG: the label is the number of the line, from 0.
    seed, unusual, broken
        As for `Source`; without a seed the order is that of the list, or sorted by name within the synsets.

    Attributes
    ----------
    labels : list of int
        In the order of ``names``.

    Raises
    ------
    ValueError
        If the folder or the file is not there, no image is, or a synset's folder is not in the
        list; else as for `Source`.
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

    def _read(self, index: int) -> tuple[str, Pixels, int]:
        name = self.names[index]
        return name, read_image(self.path / name, convert=self._convert), self.labels[index]


def _listed(lines: list[str]) -> list[tuple[str, int]]:
    """List the images and labels of "<file> <label>" lines; nothing if the first line is of another kind."""
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
    unknown = sorted({folder.name for folder in path.iterdir() if folder.is_dir()} - set(synsets))
    if unknown:
        raise ValueError(f"expected folders of the {len(synsets)} synsets listed in {path}, got {unknown[0]}")
    return [
        (f"{synset}/{name}", label)
        for label, synset in enumerate(synsets)
        for name in image_names(path / synset, recursive=False)
    ]


class Voc(Source[tuple[str, Pixels, Pixels]]):
    """Images of PASCAL VOC with the class of every pixel.

    Yields ``(name, image, mask)``: the image ``(H, W, 3)`` uint8, the mask ``(H, W)`` uint8, class
    0 (background) to 20, and 255 where no class counts. An image without a mask of its size is broken.

    Parameters
    ----------
    path : str or Path
        The folder of a year, VOCdevkit/VOC2012.
    split : str
        "train", "val", "trainval", or another list of names.
    image_set : str
        The folder in ImageSets that holds the list.
    seed, unusual, broken
        As for `Source`; without a seed the order is that of the list.

    Raises
    ------
    ValueError
        If the folder or the list is not there, or the list is empty; else as for `Source`.
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

    def _read(self, index: int) -> tuple[str, Pixels, Pixels]:
        name = self.names[index]
        image = read_image(self.path / "JPEGImages" / f"{name}.jpg", convert=self._convert)
        mask_file = self.path / "SegmentationClass" / f"{name}.png"
        mask = read_mask(mask_file)
        if mask.shape != image.shape[:2]:
            raise ImageError(str(mask_file), f"expected a mask of {image.shape[:2]} pixels, got {mask.shape}")
        return name, image, mask


def read_mask(path: Path) -> Pixels:
    """Read a label map: the numbers in the file, whatever color its palette shows them in.

    Parameters
    ----------
    path : Path
        An image with a palette, or an 8-bit grey one.

    Returns
    -------
    ndarray
        Shape ``(H, W)``, uint8.

    Raises
    ------
    ImageError
        If it cannot be read, or is another kind of image.
    """
    image = load_image(str(path), read_bytes(path))
    if image.mode not in {"P", "L"}:
        raise ImageError(str(path), f"expected a mask with a palette or in 8-bit grey, got mode {image.mode}")
    return np.array(image)


def read_lines(path: Path) -> list[str]:
    """Read the lines of a list that are not blank; raise `ValueError` where there is no list, or nothing in it."""
    if not path.is_file():
        raise ValueError(f"expected a list of images, found no file {path}")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"expected a list of images, got the empty file {path}")
    return lines
