import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import lmdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.images import Folder, ImageError, Lmdb, UnusualImageError, write_lmdb
from course_lib.images.datum import decode_datum, encode_datum
from tests.support.image_files import encoded, fill, pixels, unusual_files

pytestmark = pytest.mark.slow

# Two pixels, (1, 2, 3) and (4, 5, 6), as Caffe writes them: channels 3, height 1, width 2; data: the blues 3 6, the
# greens 2 5, the reds 1 4; label 7. The tag of a field is 8 * number, plus 2 where a length follows.
TINY = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
BY_HAND = bytes([0x08, 3, 0x10, 1, 0x18, 2, 0x22, 6, 3, 6, 2, 5, 1, 4, 0x28, 7])


def items(count: int, *labels: int) -> list[tuple[Any, ...]]:
    """Name images in an order that is not sorted, with labels if there are any."""
    named = [(f"{count - seed}.png", pixels(seed, 5 + seed, 9)) for seed in range(count)]
    return [(*item, label) for item, label in zip(named, labels, strict=True)] if labels else list(named)


def same(got: Any, expected: list[tuple[Any, ...]]) -> None:
    for item, wanted in zip(got, expected, strict=True):
        assert (item[0], *item[2:]) == (wanted[0], *wanted[2:])
        assert item[1].dtype == np.uint8
        np.testing.assert_array_equal(item[1], wanted[1])


def put(path: Path, records: dict[bytes, bytes], **options: Any) -> Path:
    """Write records with LMDB itself."""
    with lmdb.open(str(path), **options) as environment, environment.begin(write=True) as transaction:
        for key, value in records.items():
            transaction.put(key, value)
    return path


def test_a_datum_is_written_as_by_hand() -> None:
    assert encode_datum(TINY, 7) == BY_HAND
    assert encode_datum(TINY) == BY_HAND[:-2]


def test_a_datum_is_read_as_by_hand() -> None:
    for record, expected in ((BY_HAND, 7), (BY_HAND[:-2], None), (BY_HAND[-2:] + BY_HAND[:-2], 7)):
        image, label = decode_datum("a", record)
        np.testing.assert_array_equal(image, TINY)
        assert label == expected


@given(st.integers(1, 9), st.integers(1, 9), st.integers(-(2**31), 2**31 - 1))
def test_a_datum_comes_back(height: int, width: int, label: int) -> None:
    image = pixels(0, height, width)
    got, came_label = decode_datum("a", encode_datum(image, label))
    np.testing.assert_array_equal(got, image)
    assert came_label == label


def test_a_gray_datum_is_converted_or_refused() -> None:
    record = bytes([0x08, 1, 0x10, 1, 0x18, 2, 0x22, 2, 50, 60])
    image, _ = decode_datum("a", record)
    assert image.tolist() == [[[50] * 3, [60] * 3]]
    with pytest.raises(UnusualImageError, match="a: the image is gray"):
        decode_datum("a", record, convert=False)


def test_an_encoded_datum_holds_an_image_file() -> None:
    file = encoded(pixels(), compress_level=9)
    size = bytes([len(file) & 127 | 128, len(file) >> 7])
    image, label = decode_datum("a", b"\x22" + size + file + bytes([0x28, 7, 0x38, 1]))
    np.testing.assert_array_equal(image, pixels())
    assert label == 7


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b"", r"got 0 bytes for \(0, 0, 0\)"),
        (BY_HAND[:2], r"got 0 bytes for \(3, 0, 0\)"),
        (BY_HAND.replace(b"\x18\x02", b"\x18\x03"), r"got 6 bytes for \(3, 1, 3\)"),
        (BY_HAND.replace(b"\x08\x03", b"\x08\x02"), r"got 6 bytes for \(2, 1, 2\)"),
        (BY_HAND[:10], "neither a JPEG, a PNG nor a GIF file, nor a Datum"),
        (b"some text", "neither a JPEG, a PNG nor a GIF file, nor a Datum"),
        (b"\x22\x04text\x38\x01", "neither a JPEG, a PNG nor a GIF file"),
    ],
)
def test_a_record_that_is_no_image_is_named(record: bytes, expected: str) -> None:
    with pytest.raises(ImageError, match=f"^a: .*{expected}$"):
        decode_datum("a", record)


@pytest.mark.parametrize("form", ["datum", "encoded"])
def test_images_come_back_in_order_under_their_names(tmp_path: Path, form: Any) -> None:
    write_lmdb(tmp_path / "db", items(12), form)
    source = Lmdb(tmp_path / "db")
    assert len(source) == 12
    same(source, items(12))
    same(source, items(12))
    assert [entry.name for entry in tmp_path.iterdir()] == ["db"]


def test_labels_come_back_where_asked_for(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", items(3, 970, 0, 4))
    same(Lmdb(tmp_path / "db", labels=True), items(3, 970, 0, 4))
    same(Lmdb(tmp_path / "db"), items(3))


def test_a_record_without_the_label_asked_for_is_broken(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", [("a", TINY, 3), ("b", TINY)])
    source = Lmdb(tmp_path / "db", labels=True)
    with pytest.warns(UserWarning, match="skipped b: expected a record with a label"):
        same(source, [("a", TINY, 3)])


def test_a_folder_and_its_database_are_the_same_source(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 10)
    folder = Folder(tmp_path / "photos", seed=4)
    write_lmdb(tmp_path / "db", Folder(tmp_path / "photos"))
    source = Lmdb(tmp_path / "db", seed=4)
    for _ in range(2):
        same(source, list(folder))


def test_records_are_what_others_expect_of_caffe_and_of_files(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "datum", [("a/b.png", TINY, 7)])
    write_lmdb(tmp_path / "files", [("a/b.png", TINY)], "encoded")
    for name, start in (("datum", BY_HAND), ("files", b"\x89PNG\r\n\x1a\n")):
        with lmdb.open(str(tmp_path / name), readonly=True) as environment, environment.begin() as transaction:
            ((key, value),) = list(transaction.cursor())
        assert key == b"00000000_a/b.png"
        assert value.startswith(start)


def test_records_of_all_kinds_may_lie_together(tmp_path: Path) -> None:
    file = encoded(pixels())
    path = put(tmp_path / "db", {b"a": BY_HAND, b"b": file, b"c": unusual_files()["gray"]})
    assert [(name, image.shape[2]) for name, image in Lmdb(path)] == [("a", 3), ("b", 3), ("c", 3)]
    with pytest.warns(UserWarning, match="skipped c: the image is gray"):
        same(Lmdb(path, unusual="skip"), [("a", TINY), ("b", pixels())])


def test_broken_records_are_skipped_once_or_raised(tmp_path: Path) -> None:
    path = put(tmp_path / "db", {b"a": BY_HAND, b"b": b"text", b"c": encoded(pixels())[:-90]})
    source = Lmdb(path)
    with pytest.warns(UserWarning, match="skipped") as caught:
        same([*source, *source], [("a", TINY)] * 2)
    assert len(caught) == 2
    assert list(source.skipped) == ["b", "c"]
    with pytest.raises(ImageError, match=r"^b: neither"):
        list(Lmdb(path, broken="raise"))


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["00000003_x", "00000007_y"], ["x", "y"]),
        (["00000003_x", "00000003_y"], ["00000003_x", "00000003_y"]),
        (["00000003_x", "y"], ["00000003_x", "y"]),
        (["00000000_", "00000001_x"], ["00000000_", "00000001_x"]),
    ],
)
def test_numbers_in_front_are_left_out_where_every_key_has_its_own(
    tmp_path: Path, keys: list[str], names: list[str]
) -> None:
    path = put(tmp_path / "db", {key.encode(): BY_HAND for key in keys})
    assert [name for name, _ in Lmdb(path)] == names


def test_a_database_may_be_a_single_file(tmp_path: Path) -> None:
    path = put(tmp_path / "photos.lmdb", {b"a": BY_HAND, b"\xff": BY_HAND}, subdir=False)
    same(Lmdb(path), [("a", TINY), ("\\xff", TINY)])


def test_the_map_grows_with_what_is_written(tmp_path: Path) -> None:
    large = [(str(seed), pixels(seed, 1000, 2000)) for seed in range(4)]
    write_lmdb(tmp_path / "db", large)
    assert (tmp_path / "db" / "data.mdb").stat().st_size > 24_000_000
    same(Lmdb(tmp_path / "db"), large)


def test_several_sources_share_one_database(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", items(3))
    first, second = Lmdb(tmp_path / "db"), Lmdb(tmp_path / "db")
    for one, other in zip(first, second, strict=True):
        same([one], [other])


def test_writing_again_replaces_the_database(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", items(3))
    old = Lmdb(tmp_path / "db")
    write_lmdb(tmp_path / "db", ((name, 255 - image) for name, image in old))
    same(Lmdb(tmp_path / "db"), [(name, 255 - image) for name, image in items(3)])
    same(old, items(3))


def test_a_failure_leaves_the_old_database_and_nothing_else(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", items(3))
    with pytest.raises(ValueError, match="bad: expected an image"):
        write_lmdb(tmp_path / "db", [*items(2), ("bad", TINY.astype(float))])
    with pytest.raises(ValueError, match="bad: expected an image"):
        write_lmdb(tmp_path / "new", [("bad", TINY.astype(float))])
    same(Lmdb(tmp_path / "db"), items(3))
    assert [entry.name for entry in tmp_path.iterdir()] == ["db"]


IN_PROCESSES = """
import sys
from multiprocessing import get_context
from course_lib.images import Lmdb

source = Lmdb(sys.argv[1], seed=0)
begun = iter(source)
next(begun)
with get_context(sys.argv[2]).Pool(2) as pool:
    got = pool.map(list, [source] * 4)
expected = list(source)
for epoch in got:
    assert [name for name, _ in epoch] == [name for name, _ in expected]
    assert all((a == b).all() for (_, a), (_, b) in zip(epoch, expected))
assert len(list(begun)) == len(source) - 1
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_the_same_while_this_one_does(tmp_path: Path, method: str) -> None:
    write_lmdb(tmp_path / "db", items(8))
    command = [sys.executable, "-W", "ignore", "-c", IN_PROCESSES, str(tmp_path / "db"), method]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pickled_source_that_lost_its_file_is_broken(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", items(3))
    pickled = pickle.dumps(Lmdb(tmp_path / "db"))
    code = "import pickle, sys; list(pickle.loads(sys.stdin.buffer.read()))"
    (tmp_path / "db" / "data.mdb").unlink()
    done = subprocess.run([sys.executable, "-c", code], input=pickled, capture_output=True, check=False)
    assert b"all 3 were skipped" in done.stderr
    assert b"data.mdb: No such file" in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"no database" * 1000])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "data.mdb").write_bytes(content)
    with pytest.raises(ValueError, match=r"expected an LMDB, .*data\.mdb"):
        Lmdb(tmp_path)


def test_a_truncated_database_is_refused(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", [("large", pixels(0, 500, 500))])
    with (tmp_path / "db" / "data.mdb").open("r+b") as file:
        file.truncate(99_000)
    with pytest.raises(ValueError, match=r"data\.mdb: the file is truncated"):
        Lmdb(tmp_path / "db")


def test_an_empty_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty LMDB"):
        Lmdb(put(tmp_path / "db", {}))


@pytest.mark.parametrize(
    ("item", "form", "expected"),
    [
        (("a",), "datum", "got 1 things"),
        (("", TINY), "datum", "expected a name of 1 to 502 bytes, got ''"),
        (("é" * 252, TINY), "datum", "expected a name of 1 to 502 bytes"),
        ((3, TINY), "datum", "expected a name of 1 to 502 bytes, got 3"),
        (("a", TINY[..., 0]), "datum", r"a: expected an image \(H, W, 3\) of uint8, got uint8 \(1, 2\)"),
        (("a", TINY[:0]), "encoded", r"got uint8 \(0, 2, 3\)"),
        (("a", TINY.tolist()), "datum", "got list"),
        (("a", TINY, TINY[..., 0]), "datum", "expected a whole number as label, .* got ndarray"),
        (("a", TINY, 3), "encoded", "expected no label, which a PNG file cannot hold, got 3"),
        (("a", TINY), "png", "expected the form datum or encoded, got 'png'"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, item: Any, form: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        write_lmdb(tmp_path / "db", [item], form)


def test_one_database_under_several_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = items(3)
    write_lmdb(tmp_path / "db", expected)
    (tmp_path / "folder").symlink_to("db")
    (tmp_path / "file").symlink_to("db/data.mdb")
    (tmp_path / "other").hardlink_to(tmp_path / "db" / "data.mdb")
    monkeypatch.chdir(tmp_path)
    paths = [
        tmp_path / "db",
        Path("db"),
        Path("db/data.mdb"),
        Path("folder"),
        Path("folder/../db"),
        Path("file"),
        Path("other"),
    ]
    sources = [Lmdb(path) for path in paths]
    monkeypatch.chdir("/")  # a relative path counts from where the source was made
    for source in [*sources, *sources]:
        same(source, expected)


def test_nothing_to_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected images to write, got none"):
        write_lmdb(tmp_path / "db", [])


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "db").write_bytes(b"mine")
    with pytest.raises(ValueError, match="expected a folder for the LMDB"):
        write_lmdb(tmp_path / "db", items(1))
    assert (tmp_path / "db").read_bytes() == b"mine"
