"""Adam in one pass over the weights."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pixelwise")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, but a single TensorFlow operation updates each weight and both its moments.

    Keras' own takes about ten, each of which goes through memory. It has the same arguments, variables and, to
    rounding, results. Keras does what the operation does not support: AMSGrad, and gradients of gathered rows.
    """

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Update a weight."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        kind, index = variable.dtype, self._get_variable_index(variable)
        beta_1, beta_2 = tf.cast(self.beta_1, kind), tf.cast(self.beta_2, kind)
        step = tf.cast(self.iterations + 1, kind)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1**step,
            beta2_power=beta_2**step,
            lr=tf.cast(learning_rate, kind),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, kind),
            grad=tf.cast(gradient, kind),
        )
