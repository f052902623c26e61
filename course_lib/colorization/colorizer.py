"""A model that predicts color from lightness, and whose metrics see both."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pixelwise")
class Colorizer(keras.Model):
    """A model from normalized L to normalized ab whose metrics get Lab: L with the true and the predicted ab.

    In Keras, a metric gets the truth and the prediction. RGB, on which PSNR is defined, cannot be computed from ab
    alone. The loss gets only ab, as usual.

    Parameters
    ----------
    inputs, outputs : keras.KerasTensor
        ``(B, H, W, 1)`` and ``(B, H, W, 2)``, as for `keras.Model`.
    """

    def compute_metrics(
        self, x: tf.Tensor, y: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> dict[str, Any]:
        """Update the metrics with normalized Lab, ``(B, H, W, 3)``, of truth and prediction."""
        truth, prediction = (tf.concat([tf.cast(x, ab.dtype), ab], axis=-1) for ab in (y, y_pred))
        return super().compute_metrics(x, truth, prediction, sample_weight)
