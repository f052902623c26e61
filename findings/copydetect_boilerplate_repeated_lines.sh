#!/usr/bin/env bash
# copydetect 0.5.0: boilerplate that has nothing in common with two files lowers their similarity, where they repeat lines.
#
# Two files share a network of fifteen equal lines, half of each file: similarity 0.52. With `boilerplate_dirs`, and in it
# a file without one fingerprint of theirs, it is 0.32, and the pair is not in the report any more, which shows what is
# above 0.33. Of fingerprints that occur several times in a file, all but the last are taken for boilerplate.
#
# The reason: fingerprints in the boilerplate are looked for with numpy.intersect1d(hashes, boilerplate,
# assume_unique=True), and `hashes` is not unique. intersect1d sorts both arrays as one, and takes equal neighbors for
# one of each. Layers of a network, rows of a table and tests of one kind are such lines.
#
# Source: get_document_fingerprints in copydetect/utils.py. The README says of boilerplate that matches with
# fingerprints in it are not considered plagiarism.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check copydetect==0.5.0 numpy==2.4.6 pygments==2.21.0
cd "$folder"
mkdir ann bob given

{
	printf 'def network(x):\n    x = convolution(x, 64)\n'
	for _ in {1..15}; do echo '    x = x + relu(convolution(x))'; done
	printf '    return pooling(x)\n\n\n'
} | tee ann/unit.py >bob/unit.py
cat >>ann/unit.py <<'PYTHON'
def accuracy(truth, guess):
    right = sum(a == b for a, b in zip(truth, guess))
    return right / len(truth) if truth else 0.0


def learn(images, labels, steps=100, rate=0.1):
    weights = np.zeros((images.shape[1], labels.max() + 1))
    for step in range(steps):
        slope = images.T @ (softmax(images @ weights) - np.eye(weights.shape[1])[labels])
        weights -= rate * slope / len(images)
    return weights, accuracy(labels, images @ weights)
PYTHON
cat >>bob/unit.py <<'PYTHON'
class History(dict):
    def add(self, name, value):
        self.setdefault(name, []).append(float(value))

    def best(self):
        return {name: max(values) for name, values in self.items() if values}


with open("log.txt") as file:
    history = History()
    while line := file.readline():
        history.add(*line.strip().split("="))
print(history.best(), *sorted(history), file=sys.stderr)
PYTHON
cat >given/unit.py <<'PYTHON'
if __name__ == "__main__":
    raise SystemExit("This module is imported, not run: see the handbook") from None
PYTHON

MPLCONFIGDIR=$folder PYTHONHASHSEED=0 venv/bin/python - <<'PYTHON'
import platform
from importlib.metadata import version

from copydetect import CodeFingerprint, CopyDetector

print("Python", platform.python_version(), "- copydetect", version("copydetect"), "- numpy", version("numpy"))
ann, bob, given = (CodeFingerprint(f"{name}/unit.py", 25, 1).hashes for name in ("ann", "bob", "given"))
print("fingerprints of the boilerplate:", len(given), "- in the files:", len(given & (ann | bob)))
assert given and not given & (ann | bob)

seen = {}
for boilerplate in [], ["given"]:
    detector = CopyDetector(["ann"], ["bob"], boilerplate, ["py"], silent=True, autoopen=False)
    detector.run()
    similarity = round(float(detector.similarity_matrix[0, 0, 0]), 2)
    seen[len(boilerplate)] = (similarity, len(detector.get_copied_code_list()))
    print(f"boilerplate {boilerplate}: similarity {similarity}, pairs in the report: {seen[len(boilerplate)][1]}")
assert seen == {0: (0.52, 1), 1: (0.32, 0)}, "this has changed"
PYTHON
