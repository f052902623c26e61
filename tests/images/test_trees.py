import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.color import label2rgb

from course_lib.images import ImageError, ImageNet, Voc
from tests.support.image_files import HEIGHT, WIDTH, deep_png, encoded, pixels, png, rotated, with_gamma

SYNSETS = ("n01440764", "n01443537", "n02123045")
WORDS = "n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\nn02123045 tabby, tabby cat\n"


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.fixture
def synsets(tmp_path: Path) -> tuple[Path, Path]:
    """Write five images in two of three synsets, and the list of all three."""
    for synset, number in ((0, 18), (0, 2), (2, 7), (2, 1), (2, 30)):
        file = tmp_path / "train" / SYNSETS[synset] / f"{SYNSETS[synset]}_{number}.JPEG"
        write(file, encoded(pixels(number), "JPEG", quality=100, subsampling=0))
    write(tmp_path / "train" / SYNSETS[0] / "notes.txt", "no image")
    return tmp_path / "train", write(tmp_path / "synset_words.txt", WORDS)


@pytest.fixture
def flat(tmp_path: Path) -> tuple[Path, Path]:
    """Write three validation images, and their list."""
    for number in (1, 2, 3):
        write(tmp_path / "val" / f"ILSVRC2012_val_0000000{number}.JPEG", encoded(pixels(number), "PNG"))
    lines = [f"ILSVRC2012_val_0000000{number}.JPEG {label}" for number, label in ((2, 970), (1, 65), (3, 0))]
    return tmp_path / "val", write(tmp_path / "val.txt", "\n".join(lines) + "\n")


def test_a_synsets_number_is_that_of_its_line(synsets: tuple[Path, Path]) -> None:
    source = ImageNet(*synsets)
    got = list(source)
    assert len(source) == 5
    assert [(name, label) for name, _, label in got] == [
        ("n01440764/n01440764_18.JPEG", 0),
        ("n01440764/n01440764_2.JPEG", 0),
        ("n02123045/n02123045_1.JPEG", 2),
        ("n02123045/n02123045_30.JPEG", 2),
        ("n02123045/n02123045_7.JPEG", 2),
    ]
    for number, (_, image, _) in zip((18, 2, 1, 30, 7), got, strict=True):
        assert image.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(image.astype(int) - pixels(number)).max() < 8


def test_a_list_gives_the_order_and_the_labels(flat: tuple[Path, Path]) -> None:
    source = ImageNet(*flat)
    assert source.labels == [970, 65, 0]
    for number, label, (name, image, got) in zip((2, 1, 3), (970, 65, 0), source, strict=True):
        assert (name, got) == (f"ILSVRC2012_val_0000000{number}.JPEG", label)
        np.testing.assert_array_equal(image, pixels(number))


def test_a_list_may_name_files_in_folders(synsets: tuple[Path, Path], tmp_path: Path) -> None:
    listed = write(tmp_path / "train.txt", "n02123045/n02123045_7.JPEG 281\nn01440764/n01440764_2.JPEG 0\n")
    assert [label for _, _, label in ImageNet(synsets[0], listed)] == [281, 0]


def test_labels_stay_with_their_images_in_any_order(synsets: tuple[Path, Path]) -> None:
    source = pickle.loads(pickle.dumps(ImageNet(*synsets, seed=0)))
    orders = []
    for _ in range(3):
        got = [(name, label) for name, _, label in source]
        assert all(SYNSETS[label] == name.split("/")[0] for name, label in got)
        orders.append(got)
    assert len({tuple(order) for order in orders}) > 1


def test_a_listed_image_that_is_missing_is_skipped(flat: tuple[Path, Path]) -> None:
    (flat[0] / "ILSVRC2012_val_00000001.JPEG").unlink()
    source = ImageNet(*flat)
    with pytest.warns(UserWarning, match="val_00000001"):
        assert [label for _, _, label in source] == [970, 0]
    assert list(source.skipped) == ["ILSVRC2012_val_00000001.JPEG"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("n01440764 tench\nn01443537 goldfish\n", "got n02123045"),
        ("other.JPEG 3\n", "got none of them"),
        ("a.JPEG 3\nb.JPEG\n", "on each line, got 'b.JPEG'"),
        ("\n\n", "empty file"),
        (None, "found no file"),
    ],
)
def test_labels_that_do_not_fit_are_refused(synsets: tuple[Path, Path], labels: str | None, expected: str) -> None:
    file = synsets[1].with_name("labels.txt")
    if labels is not None:
        file.write_text(labels, encoding="utf-8")
    with pytest.raises(ValueError, match=expected):
        ImageNet(synsets[0], file)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for source in (lambda: ImageNet(tmp_path / "nowhere", tmp_path), lambda: Voc(tmp_path / "nowhere")):
        with pytest.raises(ValueError, match=r"expected a folder, got .*nowhere"):
            source()


def mask(seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Random classes, some pixels without one."""
    return np.random.default_rng(seed).choice(np.array([*range(21), 255], np.uint8), (HEIGHT, WIDTH))


def with_palette(classes: np.ndarray) -> Image.Image:
    """Hold classes as VOC does: in the numbers, with colors beside."""
    image = Image.fromarray(classes).convert("P")
    image.putdata(classes.ravel().tolist())
    image.putpalette((label2rgb(np.arange(256), bg_label=0) * 255).astype(np.uint8).tobytes())
    return image


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """Write three images of VOC: two to train with, one to validate."""
    year = tmp_path / "VOCdevkit" / "VOC2012"
    for seed, name in enumerate(("2007_000032", "2007_000033", "2007_000039")):
        write(year / "JPEGImages" / f"{name}.jpg", encoded(pixels(seed)))
        write(year / "SegmentationClass" / f"{name}.png", encoded(with_palette(mask(seed))))
    lists = {"train": "2007_000039\n2007_000032\n", "val": "2007_000033\n"}
    lists["trainval"] = lists["train"] + lists["val"]
    for split, names in lists.items():
        write(year / "ImageSets" / "Segmentation" / f"{split}.txt", names)
    return year


@pytest.mark.parametrize(("split", "seeds"), [("train", [2, 0]), ("val", [1]), ("trainval", [2, 0, 1])])
def test_masks_are_the_numbers_beside_the_palette(voc: Path, split: str, seeds: list[int]) -> None:
    source = Voc(voc, split)
    assert len(source) == len(seeds)
    for seed, (name, image, classes) in zip(seeds, source, strict=True):
        assert name == ("2007_000032", "2007_000033", "2007_000039")[seed]
        assert classes.dtype == np.uint8
        np.testing.assert_array_equal(image, pixels(seed))
        np.testing.assert_array_equal(classes, mask(seed))


def test_a_gray_mask_is_read_alike(voc: Path) -> None:
    write(voc / "SegmentationClass" / "2007_000033.png", encoded(mask(5)))
    _, _, classes = next(iter(Voc(voc, "val")))
    np.testing.assert_array_equal(classes, mask(5))


def test_another_list_may_be_named(voc: Path) -> None:
    write(voc / "ImageSets" / "Main" / "cat_train.txt", "2007_000033 -1\n2007_000032  1\n")
    assert [name for name, _, _ in Voc(voc, "cat_train", "Main")] == ["2007_000033", "2007_000032"]


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("SegmentationClass/2007_000039.png", None, r"SegmentationClass/2007_000039\.png: No such file"),
        ("SegmentationClass/2007_000039.png", encoded(mask(0)[1:]), r"mask of \(12, 17\) pixels, got \(11, 17\)"),
        ("SegmentationClass/2007_000039.png", encoded(pixels()), "with a palette or in gray, got one in color"),
        ("SegmentationClass/2007_000039.png", b"text", "neither a JPEG"),
        ("JPEGImages/2007_000039.jpg", rotated(pixels(), 6), r"mask of \(17, 12\) pixels, got \(12, 17\)"),
        ("JPEGImages/2007_000039.jpg", b"", "empty file"),
    ],
)
def test_images_and_masks_that_do_not_fit_are_skipped(
    voc: Path, file: str, content: bytes | None, expected: str
) -> None:
    (voc / file).unlink()
    if content is not None:
        write(voc / file, content)
    source = Voc(voc)
    with pytest.warns(UserWarning, match=expected):
        assert [name for name, _, _ in source] == ["2007_000032"]
    assert list(source.skipped) == ["2007_000039"]


def transparencies(kind: int, depth: int) -> list[list[tuple[bytes, bytes]]]:
    """Chunks before the pixels: a palette where there must be one, and no, one or all numbers transparent."""
    palette = [(b"PLTE", bytes(3 * 2**depth))] if kind == 3 else []
    chunks = {0: [b"\0\1"], 3: [b"\0", b"\x80" * 2**depth]}.get(kind, [])
    return [palette, *([*palette, (b"tRNS", content)] for content in chunks)]


MASK_KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16)]


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("kind", "depth"), MASK_KINDS)
def test_a_mask_is_what_stands_in_the_file(voc: Path, kind: int, depth: int, interlaced: bool) -> None:
    file = voc / "SegmentationClass" / "2007_000033.png"
    samples = np.random.default_rng(depth).integers(0, 2**depth, (HEIGHT, WIDTH, 2 if kind == 4 else 1))
    samples[0, :2] = [[0], [2**depth - 1]]
    for chunks in transparencies(kind, depth):
        write(file, png(samples, depth, kind, chunks, interlaced=interlaced))
        _, _, classes = next(iter(Voc(voc, "val", broken="raise")))
        assert classes.dtype == (np.uint16 if depth == 16 else np.uint8)
        np.testing.assert_array_equal(classes, samples[..., 0])


def test_neither_gamma_nor_orientation_change_a_mask(voc: Path) -> None:
    file = voc / "SegmentationClass" / "2007_000033.png"
    write(file, with_gamma(rotated(mask(6), 3), 1.0))
    _, _, classes = next(iter(Voc(voc, "val", broken="raise")))
    np.testing.assert_array_equal(classes, mask(6))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (encoded(mask(0), "JPEG"), "expected a mask as PNG, got a JPEG file"),
        (encoded(np.dstack([pixels(), mask(0)])), "got one in color"),
        (deep_png(np.zeros((HEIGHT, WIDTH, 3), int), 2), "got one in color"),
        (encoded(mask(0))[:-30], "damaged PNG file"),
        (encoded(mask(0), "WEBP"), "but WebP"),
        (encoded(mask(0).astype(np.float32), "TIFF"), "but TIFF"),
    ],
)
def test_what_does_not_hold_labels_exactly_is_refused_by_name(voc: Path, content: bytes, expected: str) -> None:
    write(voc / "SegmentationClass" / "2007_000033.png", content)
    with pytest.raises(ImageError, match=rf"2007_000033\.png: .*{expected}"):
        next(iter(Voc(voc, "val", broken="raise")))


ENCODINGS = [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("encoding", "start"), ENCODINGS)
def test_lists_may_begin_with_a_byte_order_mark(
    voc: Path, flat: tuple[Path, Path], synsets: tuple[Path, Path], encoding: str, start: bytes, end: str
) -> None:
    for file in (voc / "ImageSets" / "Segmentation" / "train.txt", flat[1], synsets[1]):
        text = file.read_text(encoding="utf-8").replace("\n", end)
        file.write_bytes(start + text.encode(encoding))
    assert [name for name, _, _ in Voc(voc, broken="raise")] == ["2007_000039", "2007_000032"]
    assert [label for _, _, label in ImageNet(*flat, broken="raise")] == [970, 65, 0]
    assert [label for _, _, label in ImageNet(*synsets, broken="raise")] == [0, 0, 2, 2, 2]


def test_a_list_in_another_encoding_is_refused_by_name(flat: tuple[Path, Path]) -> None:
    flat[1].write_bytes("é.JPEG 3\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"expected a list of images in UTF-8, got .*val\.txt"):
        ImageNet(*flat)


def test_only_line_ends_end_a_line(flat: tuple[Path, Path]) -> None:
    lines = "ILSVRC2012_val_00000002.JPEG 970\nwith\x1ca\x1dseparator.JPEG 65\n"
    assert lines.splitlines() != lines.split("\n")[:2]
    flat[1].write_text(lines, encoding="utf-8")
    with pytest.raises(ValueError, match="on each line"):
        ImageNet(*flat)


def test_synsets_are_not_what_systems_leave_between_them(synsets: tuple[Path, Path]) -> None:
    folder = synsets[0]
    for hidden in (".ipynb_checkpoints", "@eaDir", "__MACOSX", ".Trashes", "$RECYCLE.BIN"):
        write(folder / hidden / "n.JPEG", encoded(pixels(), "JPEG"))
    for name in ("._n01440764_18.JPEG", ".hidden.JPEG", "Thumbs.db", "desktop.ini"):
        write(folder / SYNSETS[0] / name, b"\0\5\x16\7")
    write(folder / ".DS_Store", b"\0")
    assert len(list(ImageNet(*synsets, broken="raise"))) == 5


def test_a_split_that_does_not_exist_is_refused(voc: Path) -> None:
    with pytest.raises(ValueError, match=r"found no file .*test\.txt"):
        Voc(voc, "test")
