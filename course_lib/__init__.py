"""Library of the Pixelwise course on dense prediction with TensorFlow."""

import logging
import os

from course_lib import quiet

quiet.install()
logging.getLogger(__name__).addHandler(logging.NullHandler())
# TensorFlow leaves oneDNN off on processors without newer instructions, although it runs there. Without it, a
# transposed convolution of each channel by itself takes up to a thousand times as long, and others are missing.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
