"""Caffe's Datum: one image and its label, as a Protocol Buffers message."""

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from course_lib.images.decode import ImageError, Pixels, UnusualImageError, decode

_Field = descriptor_pb2.FieldDescriptorProto
# Number and type of each field, as in Caffe's caffe.proto; float_data (6) does not contain images, and is left out.
FIELDS = {
    "channels": (1, _Field.TYPE_INT32),
    "height": (2, _Field.TYPE_INT32),
    "width": (3, _Field.TYPE_INT32),
    "data": (4, _Field.TYPE_BYTES),
    "label": (5, _Field.TYPE_INT32),
    "encoded": (7, _Field.TYPE_BOOL),
}


def _message_class() -> Any:
    """Make the class of the message from its fields, in a separate pool, in case Caffe is installed."""
    file = descriptor_pb2.FileDescriptorProto(name="datum.proto", package="caffe", syntax="proto2")
    message = file.message_type.add(name="Datum")
    for name, (number, kind) in FIELDS.items():
        message.field.add(name=name, number=number, type=kind, label=_Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("caffe.Datum"))


Datum = _message_class()


def encode_datum(image: Pixels, label: int | None = None) -> bytes:
    """Write an image as Caffe stores it, channel by channel, blue first.

    Parameters
    ----------
    image : ndarray
        Shape ``(H, W, 3)``, uint8, RGB.
    label : int, optional
        The class; None leaves the label out.

    Returns
    -------
    bytes
        The message.
    """
    height, width, channels = image.shape
    planes = image[:, :, ::-1].transpose(2, 0, 1).tobytes()
    datum = Datum(channels=channels, height=height, width=width, data=planes, label=label)
    return bytes(datum.SerializeToString())


def decode_datum(name: str, record: bytes, *, convert: bool = True) -> tuple[Pixels, int | None]:
    """Read an image and its label from a message.

    Parameters
    ----------
    name : str
        For messages.
    record : bytes
        The message. Its data are pixels, channel by channel, blue first; or an image file.
    convert : bool
        As for `read_image`.

    Returns
    -------
    image : ndarray
        Shape ``(H, W, 3)``, uint8, RGB.
    label : int or None
        None if the message has none.

    Raises
    ------
    ImageError
        If it is not such a message, or the sizes in it do not fit its data.
    UnusualImageError
        If ``convert`` is False, and the image would have to be converted.
    """
    try:
        datum = Datum.FromString(record)
    except DecodeError as error:
        raise ImageError(name, "neither a JPEG, a PNG nor a GIF file, nor a Datum") from error
    label = datum.label if datum.HasField("label") else None
    if datum.encoded:
        return decode(name, datum.data, convert=convert), label
    shape = (datum.channels, datum.height, datum.width)
    if datum.channels not in {1, 3} or min(shape) < 1 or len(datum.data) != np.prod(shape, dtype=object):
        wanted = "a Datum of 1 or 3 channels with a byte for each number"
        raise ImageError(name, f"expected {wanted}, got {len(datum.data)} bytes for {shape}")
    if datum.channels == 1 and not convert:
        raise UnusualImageError(name, "the image is gray")
    planes = np.frombuffer(datum.data, np.uint8).reshape(shape)[::-1]
    return np.stack([*planes] * (3 // datum.channels), axis=-1), label
