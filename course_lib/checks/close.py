"""When two arrays count as equal."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def close(got: NDArray[Any], expected: NDArray[Any], tolerance: float) -> bool:
    """Tell whether two arrays of the same shape agree, absolutely and relatively; NaN agrees with NaN."""
    return bool(np.allclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True))
