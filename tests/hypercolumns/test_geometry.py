"""Where maps lie in the image: beside networks of averages, which turn coordinates into the coordinates they see."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.hypercolumns import Grid, grids
from course_lib.networks import hed, vgg16

pytestmark = pytest.mark.slow

Layers = Callable[[], list[Any]]
SIZE = (81, 92)


def network(made: list[Any], sides: tuple[int | None, int | None] = (None, None)) -> keras.Model:
    """Chain layers, the last of which is called "last"."""
    x = images = keras.Input((*sides, 1), name="images")
    for layer in made:
        x = layer(x)
    return keras.Model(images, layers.Activation("linear", name="last")(x))


def average(model: keras.Model) -> None:
    """Let each filter take a mean; filters of transposed convolutions interpolate."""
    for layer in model.layers:
        weights = []
        for kernel in layer.get_weights():
            height, width, *_ = kernel.shape
            if isinstance(layer, layers.Conv2DTranspose):
                triangles = [1 - abs(np.arange(side) - (side - 1) / 2) * 2 / side for side in (height, width)]
                weights.append(np.outer(*triangles)[:, :, None, None])
            else:
                weights.append(np.full(kernel.shape, 1 / (height * width)))
        layer.set_weights(weights)


def seen(model: keras.Model, size: tuple[int, int]) -> tuple[Any, Any]:
    """Return the y and the x that each entry of the output sees; the maximum of a window is taken with its minimum."""
    ramps = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij")).astype(np.float32)[..., None]
    rising, falling = (np.asarray(model(sign * ramps), float)[..., 0] for sign in (1, -1))
    y, x = (rising - falling) / 2
    return y, x


def conv(kernel: Any, strides: Any = 1, padding: str = "valid", **more: Any) -> Any:
    """Make a convolution without a bias."""
    return layers.Conv2D(1, kernel, strides, padding, use_bias=False, **more)


NETWORKS: dict[str, Layers] = {
    "valid": lambda: [conv(3, 2), conv(4, 3)],
    "same": lambda: [conv(3, 2, "same"), conv(4, 2, "same"), conv(5, 1, "same")],
    "strides that differ": lambda: [conv((3, 5), (2, 1), "same"), conv((2, 3), (1, 2))],
    "dilation": lambda: [conv(3, 1, "same", dilation_rate=(2, 3)), conv(2, 1, dilation_rate=2)],
    "pooling": lambda: [layers.MaxPooling2D(3, 2, "same"), layers.AveragePooling2D(2, 2, "same")],
    "pooling of odd sizes": lambda: [layers.MaxPooling2D(), layers.AveragePooling2D(2), layers.MaxPooling2D((3, 2))],
    "depthwise and separable": lambda: [
        layers.DepthwiseConv2D(3, 2, "same", use_bias=False),
        layers.SeparableConv2D(1, 3, 2, "valid", use_bias=False),
    ],
    "padding and cropping": lambda: [
        layers.ZeroPadding2D(((3, 0), (1, 2))),
        conv(3, 2),
        layers.Cropping2D(((2, 1), (0, 4))),
    ],
    "upsampling": lambda: [conv(3, 2, "same"), layers.UpSampling2D((2, 4), interpolation="bilinear")],
    "transposed": lambda: [conv(4, 4), layers.Conv2DTranspose(1, (4, 8), (2, 4), "same", use_bias=False)],
    "transposed, valid": lambda: [conv(2, 2, "same"), layers.Conv2DTranspose(1, 4, 2, use_bias=False)],
    "a network inside": lambda: [conv(3, 2), network([conv(4, 2, "same"), layers.ZeroPadding2D(2)]), conv(3, 2)],
}


@pytest.mark.parametrize("size", [SIZE, (80, 91), (79, 90)], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_entries_lie_where_averages_of_coordinates_say(name: str, size: tuple[int, int]) -> None:
    model = network(NETWORKS[name]())
    average(model)
    for part in model.layers:
        if isinstance(part, keras.Model):
            average(part)
    [grid] = grids(model, ["last"], size)
    scales, offsets = np.broadcast_to(grid.scale, 2), np.broadcast_to(grid.offset, 2)
    found = seen(model, size)
    for axis in (0, 1):
        lines = np.moveaxis(found[axis], axis, -1)
        near = int(np.ceil(20 / scales[axis]))  # entries that may see padding
        middle = slice(near, lines.shape[-1] - near)
        expected = (offsets[axis] + scales[axis] * np.arange(lines.shape[-1]))[middle]
        other = lines.shape[0] // 2
        assert len(expected) >= 2
        np.testing.assert_allclose(lines[other, middle], expected, atol=2e-3)


@pytest.mark.parametrize(("side", "offset"), [(32, 1.0), (33, 0.0)])
def test_padding_depends_on_the_size(side: int, offset: float) -> None:
    """Of 3 x 3 at stride 2 an even side pads one row, below; an odd one pads two. No offset is (2 - 1) / 2."""
    assert grids(network([conv(3, 2, "same")]), ["last"], (side, side)) == [Grid(2, offset)]


def test_vgg16_is_a_pyramid_at_any_size() -> None:
    names = ["images", "block1_conv2", "block3_conv3", "block5_conv3"]
    model = vgg16(None, include_top=False, width=0.05)
    expected = [Grid(1, 0), Grid(1, 0), Grid(4, 1.5), Grid(16, 7.5)]
    assert grids(model, names, (64, 96)) == grids(model, names, (77, 131)) == expected
    assert grids(hed(None), ["side1", "side5"], (64, 96)) == [Grid(1, 0), Grid(16, 7.5)]
    top = vgg16(None, width=0.05, classes=2)
    assert grids(top, names) == grids(top, names, (64, 96)) == expected


def residual(strides: int, kernel: int = 1) -> keras.Model:
    """Make a block with a short way around a convolution."""
    images = keras.Input((None, None, 1))
    long = conv(3, strides, "same")(images)
    short = conv(kernel, strides, "same")(images)
    return keras.Model(images, layers.Add(name="sum")([long, short]))


def test_paths_must_agree_where_they_meet() -> None:
    assert grids(residual(2), ["sum"], (33, 33)) == [Grid(2, 0)]
    assert grids(residual(2, 3), ["sum"], (32, 32)) == [Grid(2, 1)]
    with pytest.raises(ValueError, match=r'meet, got at "sum" Grid\(scale=2, offset=1.0\) and .*offset=0.0'):
        grids(residual(2), ["sum"], (32, 32))


def test_one_number_for_the_whole_map_is_everywhere() -> None:
    """Squeeze and excitation: a map is multiplied with its means."""
    images = keras.Input((None, None, 2))
    x = layers.Conv2D(2, 3, 2)(images)
    means = layers.Conv2D(2, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))
    model = keras.Model(images, layers.Multiply(name="weighed")([means, x]))
    assert grids(model, ["weighed"], (9, 9)) == [Grid(2, 1)]


def test_published_networks() -> None:
    """By hand: MobileNet's strides of 2 each begin a step later, ResNet's padding begins all in the corner."""
    mobile = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None)
    assert grids(mobile, ["block_1_expand", "block_13_expand"]) == [Grid(2, 1), Grid(16, 15)]
    resnet = keras.applications.ResNet50((64, 64, 3), weights=None)
    assert grids(resnet, ["conv1_relu", "conv5_block3_out"]) == [Grid(2, 0), Grid(32, 0)]


def test_channels_first() -> None:
    images = keras.Input((1, 20, 30))
    x = layers.AveragePooling2D((2, 3), data_format="channels_first", name="pool")(images)
    assert grids(keras.Model(images, x), ["pool"]) == [Grid((2, 3), (0.5, 1.0))]
    mixed = layers.MaxPooling2D(1, data_format="channels_last", name="other")(x)
    with pytest.raises(ValueError, match="expected a model with one data_format"):
        grids(keras.Model(images, mixed), ["other"])


def test_a_layer_that_nothing_is_known_of_is_refused() -> None:
    for layer, words in [
        (layers.Resizing(5, 5, name="small"), '"small", a Resizing from 10 x 10 to 5 x 5: name layers in front of it'),
        (layers.Permute((2, 1, 3), name="turned"), '"turned", a Permute from 10 x 10 to 10 x 10'),
    ]:
        with pytest.raises(ValueError, match=words):
            grids(network([layer]), ["last"], (10, 10))


def two_inputs() -> keras.Model:
    """Make a model that takes two images."""
    given = [keras.Input((4, 4, 1)), keras.Input((4, 4, 1))]
    return keras.Model(given, layers.Add(name="last")(given))


def shared() -> keras.Model:
    """Make a model that uses a layer twice."""
    layer, images = conv(3, name="twice"), keras.Input((9, 9, 1))
    return keras.Model(images, layer(layer(images)))


@pytest.mark.parametrize(
    ("model", "name", "size", "words"),
    [
        (network([]), "las", (4, 4), 'expected the name of a layer, got "las": the nearest are last'),
        (network([]), "last", None, r"expected size=\(height, width\) in pixels, as the model takes images of any"),
        (network([]), "last", (4, 0), r"expected a size of two whole numbers .*, got \(4, 0\)"),
        (network([layers.Flatten()], (4, 4)), "last", None, 'whose output is a map of the image, got "last"'),
        (two_inputs(), "last", None, "expected a model that takes one batch of images of four axes"),
        (shared(), "twice", None, 'expected layers that are used once and return one map, got "twice"'),
    ],
)
def test_wrong_arguments(model: keras.Model, name: str, size: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        grids(model, [name], size)
