"""Library of the Pixelwise course on dense prediction with TensorFlow."""

from course_lib import quiet

quiet.install()
