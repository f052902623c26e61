"""Images in an LMDB, as Caffe stores them."""

import io
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import lmdb
import numpy as np
from PIL import Image

from course_lib.images.datum import decode_datum, encode_datum
from course_lib.images.decode import READERS, ImageError, Pixels, decode
from course_lib.images.source import Broken, Source, Unusual
from course_lib.integers import as_integer

LABELS = (-(1 << 31), (1 << 31) - 1)  # what a Datum can hold
FIRST_MAP_SIZE = 1 << 24
SPARE_PAGES = 64  # LMDB may leave out a few pages at the end that were used and freed


class Lmdb(Source[tuple[Any, ...]]):
    """Images in an LMDB; each record is a Caffe Datum, raw or encoded, or a JPEG, PNG or GIF file.

    Yields ``(name, image)``, the image ``(H, W, 3)`` uint8. The name is the key, without the
    number in front (``00000000_``) if every key has one.

    Parameters
    ----------
    path : str or Path
        The folder of data.mdb, or a database in one file.
    labels : bool
        Whether to yield ``(name, image, label)``; then an image without a label is broken.
    seed, unusual, broken
        As for `Source`; without a seed the order is that of the keys.

    Raises
    ------
    ValueError
        If there is no such database, or it is empty; otherwise as for `Source`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        labels: bool = False,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        file = Path(path) / "data.mdb" if Path(path).is_dir() else Path(path)
        if not file.is_file():
            raise ValueError(f"expected an LMDB, found no file {file}")
        # As it was when the source was made: the file may be replaced later.
        status = file.stat()
        self._file = (file.absolute(), (status.st_dev, status.st_ino))
        try:
            with _environment(*self._file).begin() as transaction:
                self._keys = list(transaction.cursor().iternext(values=False))
        except lmdb.Error as error:
            raise ValueError(f"expected an LMDB, got {file}: {error}") from error
        if not self._keys:
            raise ValueError(f"expected images, got the empty LMDB {file}")
        self._labels = labels
        super().__init__(_names(self._keys), seed=seed, unusual=unusual, broken=broken)

    def read(self, index: int) -> tuple[Any, ...]:
        """Read a record; see `Source.read`."""
        name = self.names[index]
        try:
            with _environment(*self._file).begin() as transaction:
                record = transaction.get(self._keys[index])
        except lmdb.Error as error:
            raise ImageError(name, str(error)) from error
        if record is None:
            raise ImageError(name, "the record is gone")
        image, label = _decode_record(name, record, convert=self.converts)
        if not self._labels:
            return name, image
        if label is None:
            raise ImageError(name, "expected a record with a label, got one without")
        return name, image, label


_environments: dict[tuple[int, int], lmdb.Environment] = {}


def _environment(file: Path, inode: tuple[int, int]) -> lmdb.Environment:
    """Open a database once for the whole process, whatever path leads to it: LMDB does not allow more.

    A forked process uses what it inherits: without locks and writes, that is only memory mapped from a file.
    """
    if inode not in _environments:
        _environments[inode] = _opened(file)
    return _environments[inode]


def _opened(file: Path) -> lmdb.Environment:
    """Open a database for reading, if it is complete."""
    environment = lmdb.open(str(file), subdir=False, readonly=True, lock=False, create=False)
    pages, size = environment.info()["last_pgno"] + 1, environment.stat()["psize"]
    if file.stat().st_size < (pages - SPARE_PAGES) * size:  # reading past the end would end the process
        environment.close()
        raise lmdb.CorruptedError(f"the file is truncated, {pages * size} bytes belong to it")
    return environment


def _names(keys: list[bytes]) -> list[str]:
    """Name the images by their keys, without the leading numbers that Caffe writes."""
    numbers = {key[:9] for key in keys if re.match(rb"\d{8}_.", key)}
    start = 9 if len(numbers) == len(keys) else 0
    return [key[start:].decode("utf-8", "backslashreplace") for key in keys]


def _decode_record(name: str, record: bytes, *, convert: bool) -> tuple[Pixels, int | None]:
    """Read the image, and the label if there is one, from either kind of record."""
    if record.startswith(tuple(READERS)):
        return decode(name, record, convert=convert), None
    return decode_datum(name, record, convert=convert)


def write_lmdb(path: str | Path, items: Iterable[tuple[Any, ...]], form: Literal["datum", "encoded"] = "datum") -> None:
    """Write images into an LMDB, in order, under the keys that Caffe uses ("00000000_name").

    The database is written to a temporary file, which then replaces an existing database.

    Parameters
    ----------
    path : str or Path
        The folder of data.mdb, made if needed.
    items : iterable of tuple
        ``(name, image)`` or ``(name, image, label)``, the image ``(H, W, 3)`` uint8, the label an int.
    form : {"datum", "encoded"}
        Caffe's Datum with the raw pixels, or PNG files, which are smaller and have no labels.

    Raises
    ------
    ValueError
        If an item has another form, its name is empty or longer than 502 bytes, there are no items, or there is a file
        in place of the folder.
    """
    if form not in {"datum", "encoded"}:
        raise ValueError(f"expected the form datum or encoded, got {form!r}")
    folder = Path(path)
    if folder.is_file():
        raise ValueError(f"expected a folder for the LMDB, got the file {folder}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", suffix=".tmp", dir=folder.parent) as aside:
        file = Path(aside) / "data.mdb"
        _fill(file, (_record(index, item, form) for index, item in enumerate(items)))
        folder.mkdir(exist_ok=True)
        file.replace(folder / file.name)


def _record(index: int, item: tuple[Any, ...], form: str) -> tuple[bytes, bytes]:
    """Make the key and the value of an item; raise `ValueError` if it is not as expected."""
    if len(item) not in {2, 3}:
        raise ValueError(f"expected (name, image) or (name, image, label), got {len(item)} things")
    name, image, label = item if len(item) == 3 else (*item, None)
    key = f"{index:08d}_{name}".encode()
    if not isinstance(name, str) or not 9 < len(key) <= 511:
        raise ValueError(f"expected a name of 1 to 502 bytes, got {name!r}")
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape[2:] != (3,) or 0 in image.shape:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ValueError(f"{name}: expected an image (H, W, 3) of uint8, got {got}")
    number = None if label is None else as_integer(label)
    if label is not None and (number is None or not LABELS[0] <= number <= LABELS[1]):
        found = type(label).__name__ if number is None else number
        raise ValueError(f"{name}: expected a whole number as label, from -2^31 to 2^31 - 1, got {found}")
    if form == "datum":
        return key, encode_datum(image, number)
    if label is not None:
        raise ValueError(f"{name}: expected no label, which a PNG file cannot hold, got {label}")
    png = io.BytesIO()
    Image.fromarray(image).save(png, "PNG")
    return key, png.getvalue()


def _fill(file: Path, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a database of one file; raise `ValueError` if there are no records."""
    empty = True
    # One flush to the disk at the end: nobody reads the file before that.
    with lmdb.open(str(file), map_size=FIRST_MAP_SIZE, subdir=False, mode=0o644, lock=False, sync=False) as environment:
        for key, value in records:
            empty = False
            while not _put(environment, key, value):
                environment.set_mapsize(2 * environment.info()["map_size"])
        environment.sync(True)
    if empty:
        raise ValueError("expected images to write, got none")


def _put(environment: lmdb.Environment, key: bytes, value: bytes) -> bool:
    """Write one record; return False if the map is too small for it."""
    try:
        with environment.begin(write=True) as transaction:
            return transaction.put(key, value)
    except lmdb.MapFullError:
        return False
