"""Importing what notebooks and their tests use, once, before processes are forked."""

import gc
import os
from collections.abc import Iterable
from importlib import import_module

MODULES = (
    "course_lib",  # first: it sets TensorFlow up
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "imageio.plugins.pillow",
    "keras",
    "matplotlib.pyplot",
    "scipy.ndimage",
    "scipy.spatial",
    "scipy.stats",
    "skimage.color",
    "skimage.data",
    "skimage.exposure",
    "skimage.filters",
    "skimage.io",
    "skimage.measure",
    "skimage.metrics",
    "skimage.morphology",
    "skimage.segmentation",
    "skimage.transform",
    "skimage.util",
    "tensorflow",
    "course_lib.attribution",
    "course_lib.checks",
    "course_lib.color",
    "course_lib.coloring",
    "course_lib.colorization",
    "course_lib.dataflow",
    "course_lib.doctor",
    "course_lib.hypercolumn_colorizer",
    "course_lib.hypercolumns",
    "course_lib.layers",
    "course_lib.native",
    "course_lib.networks",
    "course_lib.ops",
    "course_lib.plots",
    "course_lib.segmentation",
    "course_lib.unpooling",
    "course_lib.upsampling",
)


def preload(modules: Iterable[str]) -> None:
    """Import `MODULES` and some more; afterwards, forks share this memory.

    Parameters
    ----------
    modules : iterable of str
        Their names.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # waiting threads would keep processors busy
    gc.disable()  # it would search all imported modules, again and again
    os.environ["EAGER_IMPORT"] = "1"  # scikit-image delays most of its imports until their first use
    for module in (*MODULES, *modules):
        import_module(module)
    del os.environ["EAGER_IMPORT"]
    gc.collect()
    gc.freeze()  # otherwise the first collection in each fork copies all memory
    gc.enable()
