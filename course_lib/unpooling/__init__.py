"""Max-pooling that keeps its switches, and unpooling that uses them.

A switch is the index of a window's maximum. Unpooling puts each value back there, as deconvnets do to look into a
network [1]_, and to draw sharp label maps [2]_.

- `pooling`: max-pooling with switches, as a function and as a Keras layer
- `layers`: unpooling, and switches that do not depend on the map, as Keras layers
- `ways`: unpooling with TensorFlow's own operations, in three ways, as alternatives to the user operation `max_unpool`
- `encoder_decoder`: a network that shrinks its map by pooling and enlarges it by unpooling
- `windows`: the arguments that these take

References
----------
.. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
.. [2] Noh, Hong and Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015.
"""

from course_lib.ops import max_unpool
from course_lib.unpooling.encoder_decoder import unpooling_network
from course_lib.unpooling.layers import FixedSwitches, MaxUnpool
from course_lib.unpooling.pooling import MaxPoolSwitches, max_pool_with_switches
from course_lib.unpooling.ways import flat_unpool, scatter_unpool, sparse_unpool

__all__ = [
    "FixedSwitches",
    "MaxPoolSwitches",
    "MaxUnpool",
    "flat_unpool",
    "max_pool_with_switches",
    "max_unpool",
    "scatter_unpool",
    "sparse_unpool",
    "unpooling_network",
]
