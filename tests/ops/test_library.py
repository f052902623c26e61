"""The sparse extractor against NumPy, resize and SciPy; its gradients; and each defect of the published one."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from course_lib.ops import sparse_extractor
from tests.support.op_oracles import (
    DTYPES,
    LAYOUTS,
    TOLERANCE,
    Array,
    Problem,
    Sampling,
    close,
    from_layout,
    problems,
    random,
    spoiled,
    to_layout,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]
SHAPES = [(2, 3, 5), (1, 7, 2), (3, 1, 4), (2, 5, 1), (1, 1, 1)]  # batch, height, width


def run(problem: Problem) -> tf.Tensor:
    """Run the operation on a problem."""
    maps = to_layout(tf.cast(problem.maps, problem.dtype), problem.data_format)
    return sparse_extractor(problem.centroids, maps, problem.scale, problem.offset, problem.data_format)


def gradients(problem: Problem, upstream: Array) -> tuple[Array, Array]:
    """Return the gradients for centroids and maps ``(B, H, W, C)``, both float64."""
    _, by_centroids, by_maps = columns_and_gradients(problem, upstream, upstream)
    return by_centroids, by_maps


def columns_and_gradients(problem: Problem, for_centroids: Array, for_maps: Array) -> tuple[tf.Tensor, Array, Array]:
    """Run the operation once; return its result and the gradients, which may differ in what arrives."""
    centroids, maps = tf.constant(problem.centroids), tf.cast(problem.maps, problem.dtype)
    with tf.GradientTape(persistent=for_centroids is not for_maps) as tape:
        tape.watch([centroids, maps])
        arranged = to_layout(maps, problem.data_format)
        columns = sparse_extractor(centroids, arranged, problem.scale, problem.offset, problem.data_format)
    if for_centroids is for_maps:
        by_centroids, by_maps = tape.gradient(columns, [centroids, maps], tf.cast(for_maps, problem.dtype))
    else:
        by_centroids = tape.gradient(columns, centroids, tf.cast(for_centroids, problem.dtype))
        by_maps = tape.gradient(columns, maps, tf.cast(for_maps, problem.dtype))
    assert by_centroids.dtype == tf.float32
    assert by_maps.dtype == problem.dtype
    return columns, tf.cast(by_centroids, "float64").numpy(), tf.cast(by_maps, "float64").numpy()


def test_worked_by_hand() -> None:
    maps = np.array([[0.0, 1.0], [10.0, 11.0]], np.float32)[None, :, :, None]
    centroids = [[[0, 0], [1, 1], [0.5, 0.5], [0.25, 1], [-7, 9], [1, 0.5]]]
    np.testing.assert_array_equal(sparse_extractor(centroids, maps, 1)[:, 0], [0, 11, 5.5, 3.5, 1, 10.5])
    np.testing.assert_array_equal(sparse_extractor([[[8, 5]]], maps, 4, (6, 3)), [[5.5]])


@settings(max_examples=120, deadline=None)
@given(problems())
def test_values_are_the_formula(problem: Problem) -> None:
    got = run(problem)
    assert got.dtype == problem.dtype
    assert got.shape == problem.columns
    close(got, problem.sampling.columns(problem.maps), problem.dtype)


@settings(max_examples=120, deadline=None)
@given(problems(), st.integers(0, 5))
def test_gradients_are_the_formula(problem: Problem, seed: int) -> None:
    upstream = random(*problem.columns, dtype=problem.dtype, seed=seed)
    by_centroids, by_maps = gradients(problem, upstream)
    close(by_maps, problem.sampling.map_gradient(upstream, problem.maps), problem.dtype, wide=4)
    close(by_centroids, problem.sampling.centroid_gradient(upstream, problem.maps), "float32", wide=20)


@settings(max_examples=60, deadline=None)
@given(problems(dtypes=("float64",)))
def test_gradient_for_maps_is_the_adjoint(problem: Problem) -> None:
    seen = ~np.isnan(problem.centroids).any(axis=-1).reshape(-1)
    upstream = random(*problem.columns, dtype="float64", seed=7) * seen[:, None]
    forward = np.sum(upstream[seen] * run(problem).numpy()[seen])
    _, back = gradients(problem, upstream)
    assert forward == pytest.approx(np.sum(back * problem.maps), abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 2, 3, 8])
def test_offset_of_the_half_pixel_agrees_with_resize(shape: tuple[int, int, int], scale: int) -> None:
    batch, height, width = shape
    maps = random(batch, height, width, 3)
    size = (height * scale, width * scale)
    offset = ((scale - 1) / 2,) * 2
    expected = tf.reshape(tf.image.resize(maps, size), (-1, 3))
    close(sparse_extractor(every_pixel(batch, *size), maps, scale, offset), expected.numpy(), wide=3)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 2, 3, 8])
def test_offset_0_agrees_with_the_legacy_resize(shape: tuple[int, int, int], scale: int) -> None:
    batch, height, width = shape
    maps = random(batch, height, width, 3)
    size = (height * scale, width * scale)
    expected = tf.reshape(tf.compat.v1.image.resize_bilinear(maps, size, align_corners=False), (-1, 3))
    close(sparse_extractor(every_pixel(batch, *size), maps, scale), expected.numpy(), wide=3)


@settings(max_examples=150, deadline=None)
@given(problems(), st.data())
def test_what_has_weight_0_takes_no_part(problem: Problem, data: st.DataObject) -> None:
    """Infinite entries and NaN reach the samples and gradients that they have a positive weight in, and no others."""
    sampling = problem.sampling
    assume(not ((sampling.values > 0) & (sampling.values < 1e-30)).any())  # a product of weights may round to 0
    problem = replace(problem, maps=data.draw(spoiled(*problem.maps.shape, dtype=problem.dtype)))
    upstream = data.draw(spoiled(*problem.columns, dtype=problem.dtype))
    finite = np.where(np.isinf(upstream), 0, upstream)  # infinity times a difference, or a difference of infinities
    columns, by_centroids, by_maps = columns_and_gradients(problem, finite, upstream)
    close(columns, sampling.columns(problem.maps), problem.dtype)
    close(by_maps, sampling.map_gradient(upstream, problem.maps), problem.dtype, wide=4)
    close(by_centroids, sampling.centroid_gradient(finite, problem.maps), "float32", wide=20)


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_infinite_entry_and_its_neighbors(value: float, dtype: str, data_format: str) -> None:
    maps = np.ones((1, 3, 4, 2))
    maps[0, 1, 2, 0] = value
    places = [[1, 2], [1, 1], [0, 2], [2, 3], [1.5, 1], [1, 1.5], [1.25, 2], [0.5, 2.5], [9, 9]]
    reached = [0, 5, 6, 7]  # the entry itself, and what lies between it and others
    problem = Problem(
        np.array([places], np.float32),
        maps.astype(tf.dtypes.as_dtype(dtype).as_numpy_dtype),
        1,
        (0, 0),
        data_format,
        dtype,
    )
    expected = np.ones((9, 2))
    expected[reached, 0] = value
    np.testing.assert_array_equal(tf.cast(run(problem), "float64"), expected)
    by_centroids, by_maps = gradients(problem, np.repeat([[0, 1]], 9, axis=0))
    np.testing.assert_array_equal(by_centroids, np.zeros((1, 9, 2)))  # the loss does not look at this channel
    assert np.isfinite(by_maps).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1)])
def test_single_infinite_entries_have_no_slope(shape: tuple[int, int]) -> None:
    maps = np.full((1, *shape, 2), np.inf, np.float32)
    by_centroids, _ = gradients(
        Problem(np.zeros((1, 1, 2), np.float32), maps, 1, (0, 0), "NHWC", "float32"), np.ones((1, 2))
    )
    for axis, size in enumerate(shape):
        assert by_centroids[0, 0, axis] == 0 if size == 1 else np.isnan(by_centroids[0, 0, axis])


def every_pixel(batch: int, height: int, width: int) -> Array:
    """Locations of all pixels, row by row."""
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1)
    return np.broadcast_to(grid.reshape(1, -1, 2), (batch, height * width, 2)).astype(np.float32)


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_scipy(shape: tuple[int, int, int], data_format: str) -> None:
    batch, height, width = shape
    maps = random(batch, height, width, 2, dtype="float64")
    centroids = np.random.default_rng(1).uniform(-9, 40, (batch, 50, 2)).astype(np.float32)
    position = (centroids.astype(float) - (1.5, -2)) / 4
    expected = [
        [map_coordinates(image[..., c], place.T, order=1, mode="nearest") for c in range(2)]
        for image, place in zip(maps, position, strict=True)
    ]
    got = sparse_extractor(centroids, to_layout(maps, data_format), 4, (1.5, -2), data_format)
    close(got, np.transpose(expected, (0, 2, 1)).reshape(-1, 2), wide=4)


@pytest.mark.parametrize("data_format", LAYOUTS)
def test_gradient_for_maps_by_finite_differences(data_format: str) -> None:
    centroids = np.random.default_rng(2).uniform(-3, 15, (2, 6, 2)).astype(np.float32)
    maps = to_layout(random(2, 3, 4, 2, dtype="float64"), data_format)

    def loss(maps: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(sparse_extractor(centroids, maps, 3, (1, 2), data_format) ** 3)

    (theory,), (numbers,) = tf.test.compute_gradient(loss, [maps], delta=1e-4)
    np.testing.assert_allclose(theory, numbers, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1, 4])
def test_gradient_for_centroids_by_finite_differences(scale: float) -> None:
    """Within a cell a sample is linear in each coordinate, and these steps are exact in float32."""
    random_numbers = np.random.default_rng(3)
    cells = random_numbers.integers(0, (4, 3), (2, 6, 2))
    centroids = ((cells + random_numbers.integers(2, 7, cells.shape) / 8) * scale).astype(np.float32)
    maps, upstream = random(2, 5, 4, 3, dtype="float64"), random(12, 3, dtype="float64", seed=1)
    got, _ = gradients(Problem(centroids, maps, scale, (0, 0), "NHWC", "float64"), upstream)
    step = np.float32(scale / 16)
    for axis in (0, 1):
        move = np.eye(2, dtype=np.float32)[axis] * step
        change = sparse_extractor(centroids + move, maps, scale) - sparse_extractor(centroids - move, maps, scale)
        expected = np.sum(upstream * change, axis=-1).reshape(2, 6) / (2 * float(step))
        np.testing.assert_allclose(got[..., axis], expected, atol=1e-5)


@pytest.mark.parametrize("data_format", LAYOUTS)
def test_second_derivative_for_maps(data_format: str) -> None:
    centroids = np.random.default_rng(4).uniform(-2, 12, (2, 5, 2)).astype(np.float32)
    maps, direction = random(2, 4, 3, 2, dtype="float64"), random(2, 4, 3, 2, dtype="float64", seed=1)
    x, v = to_layout(maps, data_format), to_layout(direction, data_format)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            loss = tf.reduce_sum(sparse_extractor(centroids, x, 3, data_format=data_format) ** 3)
        slope = tf.reduce_sum(inner.gradient(loss, x) * v)
    sampling = Sampling.of(centroids, 4, 3, 3, (0, 0))
    expected = sampling.map_gradient(6 * sampling.columns(maps) * sampling.columns(direction), maps)
    close(from_layout(outer.gradient(slope, x), data_format), expected, "float64", wide=4)


def test_second_derivatives_with_centroids() -> None:
    """The loss is linear in map and upstream, so its mixed derivatives are single entries of the formula."""
    centroids = tf.constant(np.random.default_rng(5).uniform(0.1, 8.9, (2, 5, 2)), tf.float32)
    maps = tf.constant(random(2, 4, 4, 2, dtype="float64"))
    upstream = tf.constant(random(10, 2, dtype="float64", seed=1))
    direction = tf.constant(random(2, 5, 2, seed=2))
    inputs = [upstream, centroids, maps]
    with tf.GradientTape() as outer:
        outer.watch(inputs)
        with tf.GradientTape() as inner:
            inner.watch(centroids)
            loss = tf.reduce_sum(upstream * sparse_extractor(centroids, maps, 3))
        slope = tf.reduce_sum(inner.gradient(loss, centroids) * direction)
    by_upstream, by_centroids, by_maps = outer.gradient(slope, inputs)

    sampling = Sampling.of(centroids.numpy(), 4, 4, 3, (0, 0))
    vy, vx = direction.numpy()[..., :1], direction.numpy()[..., 1:]
    along = Sampling(vy * sampling.by_y + vx * sampling.by_x, sampling.by_y, sampling.by_x)
    close(by_upstream, along.columns(maps.numpy()), wide=4)
    close(by_maps, along.map_gradient(upstream.numpy(), maps.numpy()), wide=4)
    step = 1e-2
    moved = [
        gradients(Problem(c, maps.numpy(), 3, (0, 0), "NHWC", "float64"), upstream.numpy())[0]
        for c in (centroids.numpy() + step * direction.numpy(), centroids.numpy() - step * direction.numpy())
    ]
    same_cell = np.all(np.floor((centroids + step * direction) / 3) == np.floor((centroids - step * direction) / 3), -1)
    assert same_cell.mean() > 0.8
    np.testing.assert_allclose(by_centroids[same_cell], ((moved[0] - moved[1]) / (2 * step))[same_cell], atol=1e-3)


def test_map_gradient_by_centroids_and_upstream() -> None:
    """A penalty on the gradient for the maps reaches locations and upstream too."""
    centroids = tf.constant(np.random.default_rng(6).uniform(0.1, 8.9, (2, 5, 2)), tf.float32)
    maps = tf.constant(random(2, 4, 4, 2, dtype="float64"))
    upstream = tf.constant(random(10, 2, dtype="float64", seed=1))
    direction = random(2, 4, 4, 2, dtype="float64", seed=2)
    with tf.GradientTape() as outer:
        outer.watch([upstream, centroids])
        with tf.GradientTape() as inner:
            inner.watch(maps)
            loss = tf.reduce_sum(upstream * sparse_extractor(centroids, maps, 3))
        slope = tf.reduce_sum(inner.gradient(loss, maps) * direction)
    by_upstream, by_centroids = outer.gradient(slope, [upstream, centroids])
    sampling = Sampling.of(centroids.numpy(), 4, 4, 3, (0, 0))
    close(by_upstream, sampling.columns(direction), wide=4)
    close(by_centroids, sampling.centroid_gradient(upstream.numpy(), direction), wide=20)


@pytest.mark.parametrize("watched", ["centroids", "maps"])
def test_one_gradient_alone(watched: str) -> None:
    values = {"centroids": tf.constant([[[1.0, 2.0]]]), "maps": tf.constant(random(1, 3, 4, 2))}
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values[watched])
        columns = sparse_extractor(values["centroids"], values["maps"], 2)
    got = tape.gradient(columns, values)
    assert got[watched].shape == values[watched].shape
    assert [name for name, gradient in got.items() if gradient is not None] == [watched]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_summed_in_float32(dtype: str) -> None:
    """In the halves themselves the sum would stop at 2048, or at 256."""
    maps = tf.ones((1, 1, 1, 1), dtype)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        columns = sparse_extractor(np.zeros((1, 5000, 2), np.float32), maps, 1)
    assert float(tape.gradient(columns, maps)[0, 0, 0, 0]) == pytest.approx(5000, rel=TOLERANCE[dtype])


# One test for each defect of the published operation.


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 31, 64, 1000])
def test_nothing_outside_of_the_map_is_read(size: int, data_format: str) -> None:
    """All that lies around the map in memory is NaN, and would turn the sample into NaN even with weight 0."""
    maps = np.full((3, size, 2, 1), np.nan, np.float32)
    maps[1] = np.arange(2 * size).reshape(size, 2, 1)
    far = np.nextafter(np.float32(size - 1), np.array([0, 2 * size], np.float32))
    ys = np.array([size - 1, *far, size, 1e9, np.inf, 0, -0.0, -1e-30, -1, -np.inf], np.float32)
    centroids = np.stack([ys, np.full_like(ys, 5)], axis=-1)[None].repeat(3, axis=0)
    got = sparse_extractor(centroids, to_layout(maps, data_format), 1, data_format=data_format)
    got = got.numpy().reshape(3, len(ys))[1]
    np.testing.assert_allclose(got, 2 * np.clip(ys, 0, size - 1) + 1, rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4, 5, 64])
def test_far_border_belongs_to_the_last_entry_forward_and_backward(size: int) -> None:
    centroids = np.array([[[size - 1, size - 1], [size + 3, size + 3], [np.inf, np.inf]]], np.float32)
    maps = random(1, size, size, 2)
    problem = Problem(centroids, maps, 1, (0, 0), "NHWC", "float32")
    np.testing.assert_array_equal(run(problem), np.repeat(maps[0, -1:, -1], 3, axis=0))
    _, by_maps = gradients(problem, np.ones((3, 2)))
    expected = np.zeros_like(maps)
    expected[0, -1, -1] = 3
    np.testing.assert_array_equal(by_maps, expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1)])
def test_maps_of_size_1(shape: tuple[int, int]) -> None:
    maps = random(2, *shape, 3)
    centroids = np.random.default_rng(0).uniform(-9, 9, (2, 7, 2)).astype(np.float32)
    problem = Problem(centroids, maps, 2, (0.5, 0.5), "NHWC", "float32")
    close(run(problem), problem.sampling.columns(maps))
    by_centroids, _ = gradients(problem, np.ones((14, 3)))
    for axis, size in enumerate(shape):
        assert size > 1 or not by_centroids[..., axis].any()


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_and_infinite_locations(dtype: str, data_format: str) -> None:
    nan, inf = np.nan, np.inf
    centroids = np.array([[[nan, 1], [1, nan], [nan, nan], [nan, inf], [inf, -inf], [1, 1]]], np.float32)
    maps = random(1, 3, 4, 2, dtype=dtype)
    problem = Problem(centroids, maps, 1, (0, 0), data_format, dtype)
    expected_columns = [*np.full((4, 2), nan), maps[0, 2, 0], maps[0, 1, 1]]
    np.testing.assert_array_equal(tf.cast(run(problem), "float64"), np.array(expected_columns, np.float64))
    by_centroids, by_maps = gradients(problem, np.full((6, 2), [[nan], [nan], [1], [1], [1], [1]]))
    np.testing.assert_array_equal(np.isnan(by_centroids[0]).all(axis=-1), [True] * 4 + [False] * 2)
    np.testing.assert_array_equal(by_centroids[0, 4], (0, 0))
    expected = np.zeros(maps.shape)
    expected[0, 2, 0] = expected[0, 1, 1] = 1
    np.testing.assert_array_equal(by_maps, expected)


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 90), (90, 2), (1, 33), (33, 1)])
def test_gradient_is_zero_where_nothing_was_sampled(shape: tuple[int, int], dtype: str, data_format: str) -> None:
    """Memory that was used before comes back dirty; maps that are not square must be cleared whole."""
    maps = random(2, *shape, 3, dtype=dtype)
    problem = Problem(np.zeros((2, 1, 2), np.float32), maps, 1, (0, 0), data_format, dtype)
    for _ in range(3):
        dirt = tf.fill(to_layout(maps, data_format).shape, tf.constant(np.nan, dtype))
        del dirt
        _, by_maps = gradients(problem, np.ones((2, 3)))
        expected = np.zeros(maps.shape)
        expected[:, 0, 0] = 1
        np.testing.assert_array_equal(by_maps, expected)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("data_format", LAYOUTS)
def test_runs_give_the_same_bits(batch: int, data_format: str) -> None:
    numbers = np.random.default_rng(0)
    centroids = numbers.uniform(0, 40, (batch, 3000, 2)).astype(np.float32)
    problem = Problem(centroids, random(batch, 9, 11, 5), 4, (0, 0), data_format, "float32")
    upstream = random(batch * 3000, 5, seed=1)
    with tf.device("CPU"):  # a GPU promises it only with tf.config.experimental.enable_op_determinism
        first = gradients(problem, upstream)
        for _ in range(3):
            for got, expected in zip(gradients(problem, upstream), first, strict=True):
                np.testing.assert_array_equal(got, expected)


def test_locations_have_a_gradient() -> None:
    maps = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)  # 4 y + x
    problem = Problem(np.array([[[2, 2], [0, 0], [4, 6], [4.1, 6.1]]], np.float32), maps, 2, (0, 0), "NHWC", "float32")
    by_centroids, _ = gradients(problem, np.ones((4, 1)))
    np.testing.assert_array_equal(by_centroids, [[[2, 0.5], [2, 0.5], [2, 0.5], [0, 0]]])


@pytest.mark.parametrize(("batch", "locations", "channels"), [(0, 3, 2), (2, 0, 2), (2, 3, 0), (0, 0, 0)])
@pytest.mark.parametrize("data_format", LAYOUTS)
def test_empty(batch: int, locations: int, channels: int, data_format: str) -> None:
    centroids = np.zeros((batch, locations, 2), np.float32)
    problem = Problem(centroids, random(batch, 3, 4, channels), 1, (0, 0), data_format, "float32")
    assert run(problem).shape == (batch * locations, channels)
    by_centroids, by_maps = gradients(problem, np.zeros(problem.columns))
    np.testing.assert_array_equal(by_centroids, np.zeros(centroids.shape))
    np.testing.assert_array_equal(by_maps, np.zeros(problem.maps.shape))
