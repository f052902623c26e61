"""Where the operations are used: graphs, input pipelines, saved models, replicas, XLA, any number of threads."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.hypercolumns import SparseHypercolumn, sparse_hypercolumn
from course_lib.ops import label_map, library, max_unpool, sparse_extractor
from course_lib.unpooling import MaxPoolSwitches, MaxUnpool, max_pool_with_switches
from tests.support.op_oracles import close, fresh_process, random

pytestmark = pytest.mark.slow

POINTS = np.random.default_rng(0).uniform(-1, 9, (2, 6, 2)).astype(np.float32)
MAPS = random(2, 4, 5, 3)


@pytest.mark.usefixtures("backend")
def test_in_a_graph_with_its_gradients() -> None:
    def step(centroids: tf.Tensor, maps: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([centroids, maps])
            pooled, argmax = max_pool_with_switches(maps, 2, 1)
            columns = sparse_extractor(centroids, max_unpool(pooled, argmax, tf.shape(maps)), 2)
            loss = tf.reduce_sum(columns**2)
        return [loss, *tape.gradient(loss, [centroids, maps])]

    specs = [tf.TensorSpec((None, None, 2), tf.float32), tf.TensorSpec((None, None, None, None), tf.float32)]
    for got, expected in zip(
        tf.function(step, specs)(POINTS, MAPS), step(tf.constant(POINTS), tf.constant(MAPS)), strict=True
    ):
        close(got, expected.numpy(), wide=4)


@pytest.mark.usefixtures("backend")
def test_in_an_input_pipeline() -> None:
    data = tf.data.Dataset.from_tensor_slices((POINTS, MAPS)).batch(1)
    mapped = data.map(lambda centroids, maps: sparse_extractor(centroids, maps, 2), num_parallel_calls=2)
    close(np.concatenate(list(mapped.as_numpy_iterator())), sparse_extractor(POINTS, MAPS, 2).numpy())
    pooled, argmax = max_pool_with_switches(MAPS)
    switches = tf.data.Dataset.from_tensor_slices((pooled, argmax)).batch(1)
    unpooled = switches.map(lambda values, index: max_unpool(values, index, (1, 4, 5, 3)))
    close(np.concatenate(list(unpooled.as_numpy_iterator())), max_unpool(pooled, argmax, MAPS.shape).numpy())


@pytest.mark.usefixtures("backend")
@pytest.mark.filterwarnings("ignore:Using a while_loop")
def test_in_vectorized_map_and_jacobian() -> None:
    each = tf.vectorized_map(
        lambda pair: sparse_extractor(pair[0][None], pair[1][None], 2), (tf.constant(POINTS), tf.constant(MAPS))
    )
    close(tf.reshape(each, (-1, 3)), sparse_extractor(POINTS, MAPS, 2).numpy())
    pooled, argmax = max_pool_with_switches(MAPS)
    images = tf.vectorized_map(lambda pair: max_unpool(pair[0][None], pair[1][None], (1, 4, 5, 3))[0], (pooled, argmax))
    close(images, max_unpool(pooled, argmax, MAPS.shape).numpy())
    maps = tf.constant(MAPS[:1, :2, :2, :1])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        columns = sparse_extractor(POINTS[:1], maps, 4)
    jacobian = tf.reshape(tape.jacobian(columns, maps), (6, 4))
    close(tf.linalg.matvec(jacobian, tf.reshape(maps, (4,))), columns[:, 0].numpy())


@pytest.mark.usefixtures("backend")
def test_inside_xla_the_reference_takes_over() -> None:
    def step(centroids: tf.Tensor, maps: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([centroids, maps])
            columns = tf.cond(
                tf.reduce_sum(maps) > -1e9, lambda: sparse_extractor(centroids, maps, 2), lambda: tf.zeros((12, 3))
            )
        return [columns, *tape.gradient(columns, [centroids, maps])]

    plain = step(tf.constant(POINTS), tf.constant(MAPS))
    for got, expected in zip(tf.function(step, jit_compile=True)(POINTS, MAPS), plain, strict=True):
        close(got, expected.numpy(), wide=4)
    pooled, argmax = max_pool_with_switches(MAPS)
    compiled = tf.function(lambda p, a: max_unpool(p, a, MAPS.shape), jit_compile=True)
    close(compiled(pooled, argmax), max_unpool(pooled, argmax, MAPS.shape).numpy())
    wrong = argmax + 60  # no check inside XLA: dropped, as on a GPU
    np.testing.assert_array_equal(compiled(pooled, wrong), np.zeros(MAPS.shape))


@pytest.mark.usefixtures("native_only")
def test_a_graph_from_outside_keeps_the_native_operation_and_xla_names_it() -> None:
    sample = tf.function(lambda centroids, maps: sparse_extractor(centroids, maps, 2))
    sample(POINTS, MAPS)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"unsupported operations.*: PixelwiseSparseExtractor"):
        tf.function(lambda *inputs: sample(*inputs)[0], jit_compile=True)(POINTS, MAPS)


@pytest.mark.usefixtures("backend")
def test_pooling_inside_xla_says_that_it_cannot() -> None:
    for pool in (max_pool_with_switches, MaxPoolSwitches()):
        with pytest.raises(ValueError, match="max_pool_with_switches cannot run inside jit_compile=True"):
            tf.function(pool, jit_compile=True)(MAPS)


@pytest.mark.usefixtures("backend")
def test_keras_leaves_xla_off() -> None:
    centroids, image = keras.Input((3, 2)), keras.Input((8, 8, 2))
    columns = SparseHypercolumn([1])(centroids, [keras.layers.Conv2D(4, 3, padding="same")(image)])
    model = keras.Model([centroids, image], keras.layers.Dense(1)(columns))
    with pytest.warns(UserWarning, match="Model doesn't support `jit_compile=True`"):
        model.compile("sgd", "mse", jit_compile=True)
    model.fit([random(4, 3, 2), random(4, 8, 8, 2)], random(4, 3, 1), verbose=0)
    assert model.jit_compile is False


def save(folder: Path) -> None:
    """Save a model of all layers in each form, with what goes in and comes out."""
    centroids, image = keras.Input((None, 2)), keras.Input((8, 8, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(image)
    pooled, argmax = MaxPoolSwitches()(fine)
    restored = MaxUnpool()(pooled, argmax, fine)
    columns = SparseHypercolumn((1, 2), [0, (0.5, 0.25)])(centroids, [restored, pooled])
    model = keras.Model([centroids, image], keras.layers.Dense(2)(columns))
    inputs = [POINTS, random(2, 8, 8, 1)]
    np.savez(folder / "numbers.npz", centroids=inputs[0], image=inputs[1], columns=model(inputs))
    model.save(folder / "model.keras")
    model.export(folder / "exported", verbose=False)
    module = tf.Module()
    module.model = model
    module.run = tf.function(
        lambda *each: model(each), [tf.TensorSpec((None, None, 2)), tf.TensorSpec((None, 8, 8, 1))]
    )
    tf.saved_model.save(
        module, folder / "saved", options=tf.saved_model.SaveOptions(experimental_custom_gradients=True)
    )


LOAD = """
import sys
import keras, numpy as np, tensorflow as tf
from pathlib import Path
from course_lib import hypercolumns, unpooling
from course_lib.ops import library, sparse_extractor

folder = Path(sys.argv[1])
numbers = np.load(folder / "numbers.npz")
inputs = [numbers["centroids"], numbers["image"]]
model = keras.models.load_model(folder / "model.keras")
print("keras", np.allclose(model(inputs), numbers["columns"], atol=1e-5))
library.load()
exported = tf.saved_model.load(folder / "exported")
print("exported", np.allclose(exported.serve(inputs), numbers["columns"], atol=1e-5))
saved = tf.saved_model.load(folder / "saved")
image = tf.constant(inputs[1])
with tf.GradientTape() as tape:
    tape.watch(image)
    columns = saved.run(inputs[0], image)
print("saved", np.allclose(columns, numbers["columns"], atol=1e-5))
print("gradient", bool(tf.reduce_any(tape.gradient(columns, image) != 0)))
"""


def test_saved_models_run_in_a_fresh_process(backend: str, tmp_path: Path) -> None:
    save(tmp_path)
    said = fresh_process(LOAD, str(tmp_path), backend=backend)
    assert said.split() == ["keras", "True", "exported", "True", "saved", "True", "gradient", "True"]
    native = b"PixelwiseSparseExtractor" in (tmp_path / "saved" / "saved_model.pb").read_bytes()
    assert native == (backend == "library")


REPLICAS = """
import course_lib
import keras, numpy as np, tensorflow as tf
from course_lib.hypercolumns import SparseHypercolumn
from course_lib.unpooling import MaxPoolSwitches, MaxUnpool

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

def trained():
    keras.utils.set_random_seed(0)
    centroids, image = keras.Input((5, 2)), keras.Input((8, 8, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(image)
    pooled, argmax = MaxPoolSwitches()(fine)
    columns = SparseHypercolumn((1, 2))(centroids, [MaxUnpool((8, 8))(pooled, argmax), pooled])
    model = keras.Model([centroids, image], keras.layers.Dense(2)(columns))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    numbers = np.random.default_rng(0)
    inputs = [numbers.uniform(0, 8, (8, 5, 2)).astype("float32"), numbers.random((8, 8, 8, 1), "float32")]
    data = tf.data.Dataset.from_tensor_slices((tuple(inputs), numbers.random((8, 5, 2)))).batch(4)
    model.fit(data, epochs=2, verbose=0)
    return np.concatenate([weight.numpy().ravel() for weight in model.weights])

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    apart = trained()
print(strategy.num_replicas_in_sync, np.allclose(apart, trained(), atol=1e-5))
"""


def test_two_replicas_learn_what_one_learns(backend: str) -> None:
    assert fresh_process(REPLICAS, backend=backend).split() == ["2", "True"]


THREADS = """
import sys
import course_lib
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(int(sys.argv[1]))
from tests.ops.test_context import fingerprints
with tf.device("CPU"):
    print(*fingerprints())
"""


def fingerprints() -> list[str]:
    """Return digests of results and gradients, for one image and several, few channels and many."""
    results = []
    for shape, dtype in (((1, 40, 30, 64), "float32"), ((3, 7, 90, 5), "float16"), ((4, 20, 20, 33), "float64")):
        numbers = np.random.default_rng(0)
        centroids = tf.constant(numbers.uniform(-5, 90, (shape[0], 4000, 2)), tf.float32)
        maps = tf.cast(random(*shape), dtype)
        argmax = tf.constant(numbers.integers(0, shape[1] * shape[2] * shape[3], shape))
        for data_format in ("NHWC", "NCHW"):
            with tf.GradientTape() as tape:
                tape.watch([centroids, maps])
                columns = sparse_extractor(centroids, maps, 2, data_format=data_format)
            results += [columns, *tape.gradient(columns, [centroids, maps], columns)]
        with tf.GradientTape() as tape:
            tape.watch(maps)
            output = max_unpool(maps, argmax, shape)
        results += [output, tape.gradient(output, maps, output), label_map(maps, 7)]
    return [hashlib.sha256(result.numpy().tobytes()).hexdigest()[:16] for result in results]


@pytest.mark.usefixtures("native_only")
def test_any_number_of_threads_gives_the_same_bits() -> None:
    with ThreadPoolExecutor() as pool:
        alone, five = (said.split() for said in pool.map(partial(fresh_process, THREADS), "15"))
    assert len(alone) == 27
    with tf.device("CPU"):
        assert alone == five == fingerprints()


@pytest.mark.usefixtures("native_only")
def test_more_elements_than_32_bits_count() -> None:
    """The pages of a large array of zeros take memory only when they are touched, so this needs little."""
    rows, columns = 2**16 + 1, 2**15
    memory = np.zeros(rows * columns * 2 + 64, np.uint8)
    start = -memory.ctypes.data % 64
    maps = memory[start : start + rows * columns * 2].view(np.float16).reshape(1, rows, columns, 1)
    maps[0, -1, -3:, 0] = (1, 2, 4)
    shared = tf.experimental.dlpack.from_dlpack(maps.__dlpack__())
    centroids = np.array([[[rows, columns - 1.5], [rows, columns - 2.5], [0, 0]]], np.float32)
    planes = tf.experimental.dlpack.from_dlpack(maps.reshape(1, 1, rows, columns).__dlpack__())
    with tf.device("CPU"):
        np.testing.assert_array_equal(sparse_extractor(centroids, shared, 1)[:, 0], (3, 1.5, 0))
        np.testing.assert_array_equal(sparse_extractor(centroids, planes, 1, data_format="NCHW")[:, 0], (3, 1.5, 0))
    last = tf.constant([[[[rows * columns - 1]], [[rows * columns - 2]]]], tf.int64)
    native: Any = library.load()
    with tf.device("CPU"):
        gathered = native.pixelwise_max_unpool_grad(shared, last, include_batch_in_index=False)
    np.testing.assert_array_equal(gathered[0, :, 0, 0], (4, 2))


@pytest.mark.usefixtures("backend")
def test_hypercolumns_in_a_graph_of_unknown_sizes() -> None:
    specs = [tf.TensorSpec((None, None, 2)), [tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None,) * 4)]]
    graph = tf.function(lambda centroids, maps: sparse_hypercolumn(centroids, maps, (2, 4), (0, 0)), specs)
    maps = [tf.constant(MAPS), tf.constant(random(2, 3, 3, 2))]
    close(graph(POINTS, maps), sparse_hypercolumn(POINTS, maps, (2, 4), (0, 0)).numpy())
