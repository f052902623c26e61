"""Checkpoints of PyTorch's old format: views of every kind, and every way in which a file can be broken."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from course_lib.networks.checkpoint import read_checkpoint
from tests.support.torch_files import Call, Name, StateDict, checkpoint, pickled, storage, tensor

NUMBERS = np.arange(24, dtype=np.float32)
PERMUTED = tensor("7", 24, (4, 2, 3), (1, 12, 4))


def written(folder: Path, data: bytes) -> Path:
    """Write a file to read."""
    path = folder / "weights.pth"
    path.write_bytes(data)
    return path


GOOD = checkpoint(
    StateDict(
        [
            ("permuted", PERMUTED),
            ("part", tensor("7", 24, (2, 3), (4, 1), offset=13)),
            ("steps", tensor("8", 1, (), (), kind="LongStorage")),
            ("single", tensor("7", 24, (1, 2), (24, 1), offset=5)),
        ]
    ),
    ["8", "7"],
    storage([2**40]),
    storage(NUMBERS),
)


def test_offsets_and_strides_count(tmp_path: Path) -> None:
    read = read_checkpoint(written(tmp_path, GOOD))
    assert list(read) == ["permuted", "part", "steps", "single"]
    np.testing.assert_array_equal(read["permuted"], NUMBERS.reshape(2, 3, 4).transpose(2, 0, 1))
    np.testing.assert_array_equal(read["part"], [[13, 14, 15], [17, 18, 19]])
    np.testing.assert_array_equal(read["steps"], 2**40)
    np.testing.assert_array_equal(read["single"], [[5, 6]])
    assert [array.dtype for array in read.values()] == [np.float32, np.float32, np.int64, np.float32]
    assert not any(array.flags.writeable for array in read.values())


def test_every_cut_is_refused(tmp_path: Path) -> None:
    for length in range(len(GOOD)):
        with pytest.raises(ValueError, match=r"weights\.pth: "):
            read_checkpoint(written(tmp_path, GOOD[:length]))


def test_every_altered_byte_is_refused_or_changes_numbers_only(tmp_path: Path) -> None:
    refused = 0
    for place in range(len(GOOD)):
        data = bytearray(GOOD)
        data[place] ^= 0x80
        path = written(tmp_path, bytes(data))
        try:
            sizes = {array.size for array in read_checkpoint(path).values()}
        except ValueError:
            refused += 1
        else:
            assert sizes == {1, 2, 6, 24}
    assert refused > len(GOOD) / 2


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, protocol=2))
    return file.getvalue()


def hdf5() -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as group:
        group["kernel"] = NUMBERS
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "got an empty file"),
        (b"kernel,bias\n0.5,0.25\n", "got a file that begins with b'kernel,bias"),
        (zipped(), "got a zip archive, which is PyTorch's format since 1.6"),
        (hdf5(), "got an HDF5 file"),
        (pickle.dumps({"kernel": [0.5]}, protocol=2), "expected a PyTorch checkpoint of the format before 1.6"),
        (checkpoint(StateDict([]), [], version=1002), "expected version 1001, little-endian, got 1002"),
        (checkpoint(StateDict([]), [], machine={"little_endian": False}), "little-endian"),
        (checkpoint(StateDict([]), [], machine=[]), "little-endian"),
        (GOOD[:15] + pickle.dumps(1001, protocol=4), "expected a pickle of protocol 2, got FRAME"),
        (GOOD[:15] + b"\x80\x02r\x0a\0\0\0.", "got LONG_BINPUT 10"),
        (GOOD + b"\0", "expected the file to end after its last storage, got 1 bytes more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_format_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=r"weights\.pth: ") as caught:
        read_checkpoint(written(tmp_path, data))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ({"a": PERMUTED}, "expected a state_dict, got a dict"),
        (PERMUTED, "expected a state_dict, got a _Tensor"),
        (StateDict([("epoch", 3)]), "expected names of tensors, got 'epoch': 3"),
        (StateDict([(3, PERMUTED)]), "expected names of tensors, got 3"),
        (StateDict([("a", StateDict([("b", PERMUTED)]))]), "expected names of tensors, got 'a'"),
        (StateDict([("a", PERMUTED), ("a", PERMUTED)]), "expected different names, got 'a' twice"),
        (StateDict([("a", Call(Name("collections", "Counter"), ()))]), "got collections.Counter"),
        (StateDict([("a", Name("torch", "load"))]), "got torch.load"),
        (StateDict([("a", tensor("7", 24, (24,), (1,), kind="HalfStorage"))]), "got torch.HalfStorage"),
        (
            StateDict([("a", tensor("7", 24, (5,), (5,), offset=4))]),
            "expected a to lie inside its storage of 24 numbers",
        ),
        (StateDict([("a", tensor("7", 24, (25,), (0,)))]), "expected a to lie inside"),
        (StateDict([("a", tensor("7", 24, (1,), (1,), offset=24))]), "expected a to lie inside"),
        (StateDict([("a", tensor("7", 24, (0,), (1,)))]), "expected a to lie inside"),
        (StateDict([("a", tensor("7", 24, (2**70, 2**70), (2**70, 1)))]), "expected a to lie inside"),
        (
            StateDict([("a", tensor("7", 24, (24,), (-1,), offset=23))]),
            "0 or more, got offset 23, shape (24,), strides (-1,)",
        ),
        (StateDict([("a", tensor("7", 24, (24,), (1,), offset=-1))]), "0 or more, got offset -1"),
        (StateDict([("a", tensor("7", 24, (-2, -2), (1, 1)))]), "0 or more"),
        (StateDict([("a", tensor("7", 24, (2, 3), (1,)))]), "a stride for each axis"),
        (StateDict([("a", tensor("7", 24, ("2",), (1,)))]), "a stride for each axis"),  # type: ignore[arg-type]
        (StateDict([("a", tensor("7", 23, (2,), (1,)))]), "expected 23 numbers in storage 7, got a count of 24"),
        (StateDict([("a", tensor("7", 2**60, (2,), (1,)))]), "got 96 bytes until the file ends"),
        (StateDict([("a", tensor("7", -1, (2,), (1,)))]), "expected -1 numbers in storage 7"),
        (StateDict([("a", PERMUTED), ("b", tensor("7", 12, (2,), (1,)))]), "expected storages with different keys"),
        (StateDict([("a", PERMUTED), ("b", tensor("8", 24, (2,), (1,)))]), "expected each storage of the tensors once"),
        (StateDict([]), "expected each storage of the tensors once"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_object_is_refused(tmp_path: Path, saved: Any, words: str) -> None:
    with pytest.raises(ValueError, match=r"weights\.pth: ") as caught:
        read_checkpoint(written(tmp_path, checkpoint(saved, ["7"], storage(NUMBERS))))
    assert words in str(caught.value)


@pytest.mark.parametrize("keys", [["7", "7"], [7], [["7"]], "7", {"7": "7"}, None], ids=repr)
def test_each_storage_has_one_key(tmp_path: Path, keys: Any) -> None:
    with pytest.raises(ValueError, match=r"weights\.pth: expected each storage of the tensors once"):
        read_checkpoint(written(tmp_path, checkpoint(StateDict([("a", PERMUTED)]), keys, storage(NUMBERS))))


def test_a_missing_file_is_no_value_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "weights.pth")


def test_the_helper_writes_what_pickle_reads() -> None:
    """What the other tests stand on: their pickles mean what they say."""
    value = {"text": "é", "numbers": [0, -1, 255, 2**70, True, None], "pair": (Name("collections", "Counter"), ())}
    assert pickle.loads(pickled(value)) == {**value, "pair": (__import__("collections").Counter, ())}
