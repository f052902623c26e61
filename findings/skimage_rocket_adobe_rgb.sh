#!/usr/bin/env bash
# The numbers of skimage.data.rocket() are Adobe RGB, not sRGB: scikit-image 0.26.0 ships rocket.jpg with an embedded
# "Adobe RGB (1998)" profile and ignores it when it reads the file.
#
# Functions such as skimage.color.rgb2lab take sRGB, so its colors come out less saturated than they are. A browser
# follows the profile, and shows colors up to 55 of 255 away.
#
# Source: https://scikit-image.org/docs/0.26.x/api/skimage.data.html#skimage.data.rocket
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys
from pathlib import Path

import numpy as np
import PIL
import skimage
from PIL import Image, ImageCms

image = Image.open(Path(skimage.__file__).parent / "data" / "rocket.jpg")
profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
name = ImageCms.getProfileDescription(profile).strip()
in_srgb = np.asarray(ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))).astype(int)
read = skimage.data.rocket()
print("Python", sys.version.split()[0], "scikit-image", skimage.__version__, "Pillow", PIL.__version__)
print("profile in rocket.jpg:", name)
print("skimage.data.rocket() equals the stored numbers:", np.array_equal(read, np.asarray(image)))
print("largest difference from the same colors in sRGB:", np.abs(read - in_srgb).max())
same = name == "Adobe RGB (1998)" and np.array_equal(read, np.asarray(image)) and np.abs(read - in_srgb).max() > 50
sys.exit(0 if same else "scikit-image behaves differently now")
PYTHON
