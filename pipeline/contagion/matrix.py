"""A network as a checked square sparse matrix, for the systemic models."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Vector = npt.NDArray[np.float64]
MatrixLike = npt.ArrayLike | sparse.sparray
Matrix = Any
"""``scipy.sparse.csr_array`` of float64; the stubs cannot say so for mixed inputs."""


def square(values: MatrixLike, name: str, size: int) -> Matrix:
    """A new CSR matrix [size, size] with finite entries >= 0 and an empty diagonal.

    Raises:
        ValueError: it is not such a matrix.
    """
    dense: Any = values if sparse.issparse(values) else np.asarray(values, np.float64)
    if dense.shape != (size, size):
        raise ValueError(f"{name} must be [{size}, {size}]")
    matrix: Matrix = sparse.csr_array(dense, dtype=np.float64, copy=True)
    if not np.isfinite(matrix.data).all() or (matrix.data < 0).any():
        raise ValueError(f"{name} must be finite and not negative")
    if matrix.diagonal().any():
        raise ValueError(f"{name} must have an empty diagonal")
    return matrix


def vector(values: npt.ArrayLike, name: str) -> Vector:
    """A new array [n] of finite numbers >= 0.

    Raises:
        ValueError: it is not such an array.
    """
    array = np.array(values, np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension")
    if not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"{name} must be finite and not negative")
    return array
