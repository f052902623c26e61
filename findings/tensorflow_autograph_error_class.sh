#!/usr/bin/env bash
# An exception of one's own class, raised while tf.function traces, becomes another that no `except ValueError` catches,
# even if the class derives from ValueError. TensorFlow 2.21.
#
# AutoGraph adds the user's lines to the words of an error. It makes a new one of the same class for ValueError, TypeError
# and a few others, and for a class whose __init__ is that of Exception. A class derived from ValueError inherits
# ValueError's, so what is raised is AutoGraph's StagingError, which derives from Exception alone. Eagerly, and with
# autograph=False, the class stays. So a test or a caller that handles the error in one way of running misses it in the other.
#
# Source: running it; tensorflow/python/autograph/pyct/error_utils.py, ErrorMetadataBase.create_exception.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0
cat >"$folder/errors.py" <<'PYTHON'
import sys

import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)


class OfValueError(ValueError):
    pass


class OfException(Exception):
    pass


def function_that_raises(kind):
    def function(x):
        raise kind("expected something else")

    return function


for kind, graph, expected in (
    (ValueError, True, ValueError),
    (OfException, True, OfException),
    (OfValueError, False, OfValueError),
    (OfValueError, True, None),
):
    function = function_that_raises(kind)
    try:
        (tf.function(function) if graph else function)(tf.constant(1.0))
    except Exception as error:
        print(f"{kind.__name__}, {'tf.function' if graph else 'eagerly'}: {type(error).__name__}")
        assert type(error) is expected if expected else not isinstance(error, ValueError)

try:
    tf.function(function_that_raises(OfValueError), autograph=False)(tf.constant(1.0))
except ValueError as error:
    print(f"OfValueError, tf.function without AutoGraph: {type(error).__name__}")
    assert type(error) is OfValueError
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/errors.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
