"""Names for the array shapes that signatures speak of."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
# Naive days or UTC instants, in microseconds.
TimeArray: TypeAlias = NDArray[np.datetime64]
