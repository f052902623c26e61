import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.hypercolumn_colorizer import features
from course_lib.hypercolumn_colorizer.dense import fold, strips
from course_lib.hypercolumn_colorizer.head import head, probabilities, standardize

BINS, HIDDEN = 4, 5
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    keras.utils.set_random_seed(0)
    return features.trunk(None, 1 / 16)


def upsampled(maps: features.Maps) -> np.ndarray:
    """Make the hypercolumns of all pixels, as TensorFlow enlarges maps."""
    return tf.concat([tf.image.resize(each, maps[-1].shape[1:3]) for each in maps], axis=-1)[0].numpy()


def committee(columns: np.ndarray, heads: int) -> list[keras.Model]:
    """Make heads that standardize some hypercolumns, each another half of them; none has a bias of 0."""
    made = [head(columns.shape[-1], HIDDEN, BINS, seed=seed) for seed in range(heads)]
    for each in made:
        standardize(each, RNG.permutation(columns.reshape(-1, columns.shape[-1]))[: columns.size // 2])
        for name in ("hidden", "logits"):
            bias = each.get_layer(name).bias
            bias.assign(RNG.normal(size=bias.shape))
    return made


def test_folded_heads_do_what_the_heads_do() -> None:
    columns = RNG.normal(3, 10, (20, 7)).astype(np.float32)
    heads = committee(columns, 3)
    folded = fold(heads)
    hidden = np.maximum(columns @ folded.kernel + folded.bias[:, 0], 0)
    logits = hidden @ folded.logits_kernel + folded.logits_bias
    np.testing.assert_allclose(logits, [each(columns) for each in heads], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("height", "width", "heads"), [(16, 16, 1), (48, 80, 3)])
def test_strips_are_the_heads_on_upsampled_maps(trunk: keras.Model, height: int, width: int, heads: int) -> None:
    maps = features.maps(trunk, RNG.uniform(-1, 1, (height, width, 1)))
    columns = upsampled(maps)
    made = committee(columns, heads)
    both = [np.concatenate(probabilities(each, columns.reshape(-1, columns.shape[-1])), axis=-1) for each in made]
    expected = np.mean(both, axis=0).reshape(height, width, 2 * BINS)
    got = list(strips(fold(made), maps, slice(0, height), slice(0, width)))
    assert [each.shape for each in got] == [(16, width, 2 * BINS)] * (height // 16)
    np.testing.assert_allclose(np.concatenate(got), expected, atol=1e-5)
    assert expected.std(axis=(0, 1)).min() > 1e-3  # pixels differ


def test_a_part_is_as_in_the_whole(trunk: keras.Model) -> None:
    maps = features.maps(trunk, RNG.uniform(-1, 1, (64, 96, 1)))
    folded = fold(committee(upsampled(maps), 2))
    whole = np.concatenate(list(strips(folded, maps, slice(0, 64), slice(0, 96))))
    for rows, columns in [(slice(16, 48), slice(32, 48)), (slice(48, 64), slice(0, 96))]:
        part = np.concatenate(list(strips(folded, maps, rows, columns)))
        np.testing.assert_allclose(part, whole[rows, columns], atol=1e-6)
