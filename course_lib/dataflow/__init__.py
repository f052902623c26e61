"""Dataflows: composable pipelines from files to batches, and the bridge to tf.data.

The nodes are named as in tensorpack and do nothing until they are iterated. `DataFlow` says what a dataflow is, and
what `reset_state` is for; `PrefetchData` says which workers there are. `image_dataset` is the fast way, without nodes.
"""

from course_lib.dataflow.augment import (
    AugmentImageComponent,
    AugmentImageComponents,
    Augmentor,
    Flip,
    MapImage,
    RandomCrop,
    Resize,
)
from course_lib.dataflow.base import DataFlow, Datapoint, ProxyDataFlow
from course_lib.dataflow.batches import BatchData, JoinData, RepeatedData
from course_lib.dataflow.bridge import to_dataset
from course_lib.dataflow.buffers import CacheData, LocallyShuffleData
from course_lib.dataflow.fast import image_dataset
from course_lib.dataflow.maps import MapData, MapDataComponent
from course_lib.dataflow.prefetch import PrefetchData
from course_lib.dataflow.show import PrintData, TestDataSpeed
from course_lib.dataflow.sources import DataFromList, DataFromSource, ImageFromFile, LMDBData

__all__ = [
    "AugmentImageComponent",
    "AugmentImageComponents",
    "Augmentor",
    "BatchData",
    "CacheData",
    "DataFlow",
    "DataFromList",
    "DataFromSource",
    "Datapoint",
    "Flip",
    "ImageFromFile",
    "JoinData",
    "LMDBData",
    "LocallyShuffleData",
    "MapData",
    "MapDataComponent",
    "MapImage",
    "PrefetchData",
    "PrintData",
    "ProxyDataFlow",
    "RandomCrop",
    "RepeatedData",
    "Resize",
    "TestDataSpeed",
    "image_dataset",
    "to_dataset",
]
