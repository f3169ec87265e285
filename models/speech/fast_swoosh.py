"""softplus(x) − 0.08 x on a CPU in one pass and without library calls: a float32 array enters and holds the result afterwards.

The nonlinearity of every Zipformer layer once its constants are folded away, a tenth of a solver step when torch computes it. softplus(x) is
max(x, 0) + log(1 + e^−|x|); both functions are polynomials here, fitted when this module loads. Compiled by numba at the first call, and kept
by it on disk; on more threads than `WORTH_THREADS` torch, which shares the work among them, is as quick.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

WORTH_THREADS = 4
SLOPE = np.float32(0.08)
_FARTHEST = np.float32(17.0)  # beyond which e^−|x| is below what float32 tells from nothing beside one
_EIGHTH = np.float32(0.125)
_ZERO = np.float32(0.0)


def _fitted(function: Callable[[np.ndarray], np.ndarray], degree: int, end: float) -> tuple[np.float32, ...]:
    """Coefficients on 0…end, highest power first."""
    fit = Chebyshev.interpolate(function, degree, domain=[0.0, end]).convert(kind=Polynomial)
    return tuple(np.float32(value) for value in fit.coef[::-1])


_DECAY = _fitted(lambda values: np.exp(-values), 8, float(_FARTHEST * _EIGHTH))
_LOG_OF_ONE_MORE = _fitted(np.log1p, 9, 1.0)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def swoosh_in_place(values: np.ndarray) -> None:
    """`values`: one-dimensional, float32. Off by less than 2e-6 from the exact function; what is not a number stays so."""
    for index in range(values.size):
        value = values[index]
        eighth = min(abs(value), _FARTHEST) * _EIGHTH
        root = _ZERO
        for coefficient in _DECAY:
            root = root * eighth + coefficient
        squared = root * root
        fourth = squared * squared
        decay = fourth * fourth
        more = _ZERO
        for coefficient in _LOG_OF_ONE_MORE:
            more = more * decay + coefficient
        values[index] = max(value, _ZERO) + more - SLOPE * value
