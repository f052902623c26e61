"""The loss of predicted histograms: their divergence from the true ones."""

import tensorflow as tf

HUE_WEIGHT = 5.0  # of Larsson et al.


def histogram_loss(
    hue_logits: tf.Tensor, chroma_logits: tf.Tensor, hue: tf.Tensor, chroma: tf.Tensor, weight: tf.Tensor
) -> tf.Tensor:
    """Measure how far predicted histograms are from the true ones, in nats.

    The loss of a site is ``KL(chroma ‖ predicted chroma) + 5 weight KL(hue ‖ predicted hue)``, with
    ``KL(p ‖ q) = Σ p (log p − log q)`` and 0 where p is 0. The hue of a gray site does not count.

    Parameters
    ----------
    hue_logits, chroma_logits : tf.Tensor
        Shape ``(N, bins)``, floats: the logarithm of each predicted histogram, up to a constant.
    hue, chroma : tf.Tensor
        As the logits: the true histograms, which sum to 1.
    weight : tf.Tensor
        Shape ``(N,)``: the mean chroma of each site, divided by the largest possible one.

    Returns
    -------
    tf.Tensor
        Shape ``(N,)``, of the logits' type: 0 or more, up to rounding. It and its gradient are finite however far apart
        the logits are.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.

    References
    ----------
    Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
    """
    hue_divergence, chroma_divergence = (
        _divergence(hue, hue_logits, "hue"),
        _divergence(chroma, chroma_logits, "chroma"),
    )
    weights = tf.cast(weight, hue_divergence.dtype)
    for shape in (weights.shape, chroma_divergence.shape):
        if not shape.is_compatible_with(hue_divergence.shape):
            raise ValueError(f"expected one number for each histogram of hue, {hue_divergence.shape}, got {shape}")
    return chroma_divergence + HUE_WEIGHT * weights * hue_divergence


def _divergence(truth: tf.Tensor, logits: tf.Tensor, name: str) -> tf.Tensor:
    """Return the Kullback-Leibler divergence of each predicted histogram from the true one."""
    predicted = tf.convert_to_tensor(logits)
    p = tf.cast(truth, predicted.dtype)
    if p.shape.rank != 2 or not p.shape.is_compatible_with(predicted.shape):
        raise ValueError(
            f"expected histograms of {name} and logits of shape (N, bins), got {p.shape} and {predicted.shape}"
        )
    # Not log(softmax): the softmax of distant logits is 0.
    return tf.reduce_sum(tf.math.xlogy(p, p) - p * tf.nn.log_softmax(predicted), axis=-1)
