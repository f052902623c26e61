#!/usr/bin/env bash
# copydetect 0.5.0: whether two files are reported as copied can differ from run to run, with the same files and options.
#
# Fingerprints are made with Python's hash() of strings, which each process seeds at random unless PYTHONHASHSEED is
# set, and winnowing keeps the smallest of each window. With --guarantee-thresh 40, two files here are 0.35 or 0.27 similar,
# depending on the seed; the report shows what is above 0.33. With the documented default, 30, it is 0.33 to 0.36. Where the
# threshold is equal to the noise threshold, a window has one fingerprint, all are kept, and the score does not change.
# That is the default in fact: 25, where the README says 30, so who writes down the default gets other scores.
#
# Source: hashed_kgrams in copydetect/utils.py, and copydetect/defaults.py. The README says nothing of seeds.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check copydetect==0.5.0 numpy==2.4.6 pygments==2.21.0
cd "$folder"
mkdir ann bob

cat >ann/unit.py <<'PYTHON'
def relu(x):
    y = np.maximum(x, 0)
    return y


def conv(image, kernel):
    rows, columns = image.shape
    out = np.zeros((rows - 2, columns - 2))
    for row in range(rows - 2):
        for column in range(columns - 2):
            out[row, column] = (image[row:row + 3, column:column + 3] * kernel).sum()
    return out


def pool(image, size):
    rows, columns = image.shape
    result = []
    for row in range(0, rows, size):
        line = [image[row:row + size, column:column + size].max() for column in range(0, columns, size)]
        result.append(line)
    return np.array(result)
PYTHON
cat >bob/unit.py <<'PYTHON'
def convolve(picture, filter):
    height, width = picture.shape
    answer = np.empty((height - 2, width - 2))
    for i in range(height - 2):
        for j in range(width - 2):
            answer[i, j] = (picture[i:i + 3, j:j + 3] * filter).sum()
    return answer


class Pool:
    def __init__(self, size=2):
        self.size = size

    def __call__(self, picture):
        height, width = picture.shape
        blocks = picture[:height // self.size * self.size].reshape(-1, self.size, width)
        return blocks.max(axis=1)
PYTHON
cat >compare.py <<'PYTHON'
from copydetect import CopyDetector, defaults

scores = []
for guarantee in 25, 30, 40:
    detector = CopyDetector(["ann"], ["bob"], None, ["py"], guarantee_t=guarantee, silent=True, autoopen=False)
    detector.run()
    scores.append(f"{detector.similarity_matrix[0, 0, 0]:.2f}")
print(*scores, "reported" if detector.get_copied_code_list() else "not reported")
assert defaults.GUARANTEE_THRESHOLD == 25
PYTHON

export MPLCONFIGDIR=$folder
venv/bin/python -c '
import platform
from importlib.metadata import version

print("Python", platform.python_version(), "- copydetect", version("copydetect"), "- numpy", version("numpy"))
'
first=$(PYTHONHASHSEED=1 venv/bin/python compare.py)
second=$(PYTHONHASHSEED=3 venv/bin/python compare.py)
echo "similarity with thresholds 25, 30 and 40, and what the last one reports"
echo "seed 1: $first"
echo "seed 3: $second"
[ "$first" = "0.36 0.35 0.35 reported" ]
[ "$second" = "0.36 0.34 0.27 not reported" ]
