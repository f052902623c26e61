"""Dataflows without an input: lists, image files, databases of images."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from course_lib.dataflow.base import DataFlow, Datapoint, chosen_seed
from course_lib.images import Files, Lmdb, Source
from course_lib.images.source import Broken, Unusual, epoch_order


class _Indexed(DataFlow):
    """A dataflow whose datapoints can be loaded by their number, in any order."""

    splits = True

    def __init__(self, length: int, shuffle: bool, seed: int | None) -> None:
        self._length = length
        self.shuffle = shuffle
        self.seed = chosen_seed(seed)

    def __len__(self) -> int:
        return self._length

    @abstractmethod
    def load(self, index: int) -> Datapoint | None:
        """Return a datapoint, or None if it is to be left out."""

    def share(self, epoch: int, worker: int = 0, workers: int = 1) -> Iterator[Datapoint | None]:
        """Yield every ``workers``-th datapoint of the epoch's order; see `DataFlow.share`."""
        order = epoch_order(len(self), self.seed if self.shuffle else None, epoch)
        return (self.load(int(index)) for index in order[worker::workers])


class DataFromList(_Indexed):
    """Datapoints from a list.

    Parameters
    ----------
    items : sequence
        Of datapoints, each a list or tuple of components.
    shuffle : bool
        Whether each epoch is shuffled differently.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.

    Raises
    ------
    ValueError
        If an item is neither a list nor a tuple, or `seed` is not an integer of 0 or more.
    """

    def __init__(self, items: Sequence[Sequence[Any]], shuffle: bool = False, seed: int | None = None) -> None:
        for item in items:
            if not isinstance(item, list | tuple):
                raise ValueError(f"expected datapoints, each a list such as [image], got {type(item).__name__}")
        self.items = items
        super().__init__(len(items), shuffle, seed)

    def load(self, index: int) -> Datapoint:
        """Return a new list with the item's components."""
        return list(self.items[index])


class DataFromSource(_Indexed):
    """Datapoints from a `Source` of `course_lib.images`: ``[image]``, or ``[image, labels]``; the name is left out.

    Parameters
    ----------
    source : Source
        Decides what happens with unusual and broken images. If it skips any, the length is an upper bound;
        ``flow.source.skipped`` has the reasons, for the images that this process has read.
    shuffle : bool
        Whether each epoch is shuffled differently. The source's own seed is ignored.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.
    """

    def __init__(self, source: Source[Any], shuffle: bool = False, seed: int | None = None) -> None:
        super().__init__(len(source), shuffle, seed)
        self.source = source
        self.may_drop = source.may_skip

    def load(self, index: int) -> Datapoint | None:
        """Read one image, with its labels if there are any."""
        item = self.source.read_or_skip(index)
        return None if item is None else [*item[1:]]


class ImageFromFile(DataFromSource):
    """Images from JPEG and PNG files: ``[image]``, the image ``(H, W, channel)`` uint8.

    Parameters
    ----------
    files : iterable of str or Path
        One or more, such as ``course_lib.images.Folder(path).paths``.
    channel : {3, 1}
        RGB or gray.
    shuffle : bool
        Whether each epoch is shuffled differently.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.
    unusual : {"convert", "skip", "raise"}
        What happens with images that are gray, transparent, CMYK, 16-bit, rotated, animated or not in sRGB.
    broken : {"skip", "raise"}
        What happens with files that are missing, damaged, too large, or not images.

    Raises
    ------
    ValueError
        If there are no files, or an argument has another value. While iterating: `ImageError`, if ``"raise"`` was
        chosen.
    """

    def __init__(
        self,
        files: Iterable[str | Path],
        channel: Literal[1, 3] = 3,
        shuffle: bool = False,
        seed: int | None = None,
        *,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        paths = [Path(file) for file in files]
        if not paths:
            raise ValueError("expected one or more image files, got none")
        source = Files(paths, map(str, paths), channels=channel, unusual=unusual, broken=broken)
        super().__init__(source, shuffle, seed)


class LMDBData(DataFromSource):
    """Images from an LMDB, as `course_lib.images.Lmdb` reads it: ``[image]``, or ``[image, label]``.

    Parameters
    ----------
    path : str or Path
        The database.
    shuffle : bool
        Whether each epoch is shuffled differently; otherwise the order is that of the keys.
    seed : int, optional
        0 or more; the same seed gives the same orders. None draws one.
    labels : bool
        Whether every image has a label, which is then part of the datapoint.
    unusual, broken
        As for `ImageFromFile`.

    Raises
    ------
    ValueError
        If there is no such database, or an argument has another value. While iterating: `ImageError`, if ``"raise"``
        was chosen.
    """

    def __init__(
        self,
        path: str | Path,
        shuffle: bool = False,
        seed: int | None = None,
        *,
        labels: bool = False,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        super().__init__(Lmdb(path, labels=labels, unusual=unusual, broken=broken), shuffle, seed)
