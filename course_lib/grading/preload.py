"""Importing what notebooks and their tests use, once, before processes are forked."""

import gc
import os
from collections.abc import Iterable
from importlib import import_module

VARIABLE = "PIXELWISE_PRELOAD"  # the environment variable with the modules for `course_lib.grading.forkserver`
LIBRARY = "course_lib"
PILLOW = (
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
)
# What somebody uses who imports a package, also what it imports only when it is needed.
USED = {
    "PIL": PILLOW,
    "imageio": ("imageio.plugins.pillow", *PILLOW),
    "keras": ("keras",),
    "matplotlib": ("matplotlib.pyplot",),
    "scipy": ("scipy.ndimage", "scipy.spatial", "scipy.stats"),
    "skimage": (
        "imageio.plugins.pillow",
        *PILLOW,
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
    ),
    "tensorflow": ("tensorflow", f"{LIBRARY}.ops"),  # a grading process looks for the compiled operations
} | {
    f"{LIBRARY}.{name}": (f"{LIBRARY}.{name}",)
    for name in (
        "attribution",
        "checks",
        "color",
        "coloring",
        "colorization",
        "dataflow",
        "doctor",
        "hypercolumn_colorizer",
        "hypercolumns",
        "layers",
        "native",
        "networks",
        "ops",
        "plots",
        "segmentation",
        "unpooling",
        "upsampling",
    )
}
EVERYTHING = tuple(dict.fromkeys(module for modules in USED.values() for module in modules))


def preload(modules: Iterable[str]) -> None:
    """Import modules; afterwards, forks share this memory.

    Parameters
    ----------
    modules : iterable of str
        Their names.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # waiting threads would keep processors busy
    gc.disable()  # it would search all imported modules, again and again
    os.environ["EAGER_IMPORT"] = "1"  # scikit-image delays most of its imports until their first use
    for module in (LIBRARY, *modules):  # the library first: it sets TensorFlow up
        import_module(module)
    del os.environ["EAGER_IMPORT"]
    gc.collect()
    gc.freeze()  # otherwise the first collection in each fork copies all memory
    gc.enable()
