"""Extreme eigenvalues of a symmetric operator that is known by its products alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

DENSE = 256  # up to this size the matrix is formed from as many products
MEMORY = 2**30  # bytes of basis vectors, as far as the fewest that make sense allow
CHECK = 4  # steps from one look at the convergence to the next
LONGEST = 32  # basis vectors, beyond which their orthogonalisation costs more than it saves


class Extremes(NamedTuple):
    """Eigenvalues at both ends of a spectrum.

    Attributes:
        smallest: The k smallest, ascending.
        largest: The k largest, descending.
        smallest_residuals: `||H v - lambda v||` of each: an eigenvalue lies at least that near.
        largest_residuals: The same for the largest.
        converged: Whether every one is as exact as asked for.
    """

    smallest: np.ndarray
    largest: np.ndarray
    smallest_residuals: np.ndarray
    largest_residuals: np.ndarray
    converged: bool


class _Pairs(NamedTuple):
    """Ritz pairs in ascending order, vectors in rows."""

    values: np.ndarray
    residuals: np.ndarray
    vectors: np.ndarray
    converged: bool


def extreme_eigenvalues(
    product: Callable[[np.ndarray], np.ndarray],
    size: int,
    k: int,
    *,
    tolerance: float = 1e-6,
    max_products: int = 1_000,
    seed: int = 0,
) -> Extremes:
    """Finds the k smallest and the k largest eigenvalues of a symmetric matrix.

    Thick-restart Lanczos with full orthogonalisation. One start vector sees one copy of a multiple
    eigenvalue, so for k > 1 it runs again in the complement of what was found, until that brings
    nothing new. Memory: `4 k + 12` to `max(LONGEST, 6 k)` vectors, and `2 k` more.

    SciPy's ARPACK is not used: it asks for an accuracy relative to each eigenvalue, out of reach
    where the smallest is 0; it withholds what has not converged, where a negative Ritz value
    already proves a negative eigenvalue; and it may miss copies of a multiple eigenvalue.

    Args:
        product: Multiplies the matrix with a vector of shape `(size,)`.
        size: Number of rows, n.
        k: How many at each end, 1 to n.
        tolerance: Accepted residual, relative to the eigenvalue; an eigenvalue below `tolerance`
            times the largest in magnitude only has to be known to be that small.
        max_products: Where to stop; what is found until then is returned as not converged.
        seed: Of the start vectors.

    Returns:
        The `Extremes`.
    """
    longest = max(LONGEST, 6 * k)
    shortest = 4 * k + 12
    if size <= max(DENSE, shortest):
        return _dense(product, size, k)
    length = int(np.clip(MEMORY // (8 * size), shortest, longest))
    search = _Search(product, size, length, tolerance, max_products, seed)
    found = search.run(k, np.empty((0, size)))
    more = k > 1
    while more and found.converged:
        again = search.run(1, found.vectors)
        found, more = _merged(found, again, k, tolerance)
    return _extremes(found, k)


def _dense(product: Callable[[np.ndarray], np.ndarray], size: int, k: int) -> Extremes:
    matrix = np.stack([product(row) for row in np.eye(size)])
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    rounding = np.full(k, np.finfo(float).eps * size * np.abs(values).max())
    return Extremes(values[:k], values[::-1][:k], rounding, rounding, converged=True)


class _Search:
    """Lanczos with thick restarts (Wu and Simon 2000), and its budget of products."""

    def __init__(self, product, size, length, tolerance, max_products, seed) -> None:
        self._product, self._size = product, size
        self._tolerance, self._left = tolerance, max_products
        self._generator = np.random.default_rng(seed)
        self._basis = np.empty((length + 1, size))

    def run(self, k: int, locked: np.ndarray) -> _Pairs:
        """The k pairs at each end, in the complement of the `locked` rows."""
        length = len(self._basis) - 1
        projected = np.zeros((length, length))
        self._basis[0] = self._random(locked, 0)
        steps = 0
        while True:
            rest = self._extend(steps, projected, locked)
            steps += 1
            if steps % CHECK and steps < length and self._left > 0:
                continue
            values, shape, residuals = _ritz(projected[:steps, :steps], rest)
            chosen = np.r_[:k, steps - k : steps] if steps > 2 * k else np.arange(steps)
            found = values[chosen], residuals[chosen], np.abs(values).max()
            done = steps >= 2 * k and _converged(*found, self._size, self._tolerance)
            if done or self._left <= 0:
                self._rotate(shape[:, chosen], steps)
                return _Pairs(*found[:2], self._basis[: len(chosen)].copy(), done)
            if steps == length:
                steps = self._restart(values, shape, projected, k)

    def _extend(self, last: int, projected: np.ndarray, locked: np.ndarray) -> float:
        """One product, made orthogonal to all before; the norm of what is new in it."""
        self._left -= 1
        image = np.array(self._product(self._basis[last]))
        size = float(np.linalg.norm(image))
        near = max(0, last - 1)  # but after a restart, exact arithmetic has no more than these
        column = np.r_[np.zeros(near), _subtract(image, self._basis[near : last + 1])]
        rest = float(np.linalg.norm(image))
        for _ in range(3):
            before = rest
            column += _subtract(image, self._basis[: last + 1])
            _subtract(image, locked)
            rest = float(np.linalg.norm(image))
            if rest > before / 2:  # little was left to subtract, so little was lost to rounding
                break
        projected[last, : last + 1] = projected[: last + 1, last] = column
        if rest <= 1e-13 * size:  # the basis is closed under the matrix: begin anew beside it
            self._basis[last + 1] = self._random(locked, last + 1)
            return 0.0
        np.divide(image, rest, out=self._basis[last + 1])
        return rest

    def _random(self, locked: np.ndarray, steps: int) -> np.ndarray:
        vector = self._generator.standard_normal(self._size)
        for _ in range(2):
            for rows in (locked, self._basis[:steps]):
                _subtract(vector, rows)
        return vector / np.linalg.norm(vector)

    def _restart(self, values, shape, projected, k: int) -> int:
        """Keeps the Ritz vectors at both ends, and the direction in which the basis grew."""
        length = len(values)
        each = min(k + (length - 2 * k) // 4, length // 2 - 1)
        chosen = np.r_[:each, length - each : length]
        self._rotate(shape[:, chosen], length)
        self._basis[2 * each] = self._basis[length]
        projected[:] = 0
        np.fill_diagonal(projected[: 2 * each, : 2 * each], values[chosen])
        return 2 * each

    def _rotate(self, shape: np.ndarray, steps: int) -> None:
        """Replaces the basis by combinations of it, in slices that need little memory."""
        for begin in range(0, self._size, 2**16):
            part = self._basis[:, begin : begin + 2**16]
            part[: shape.shape[1]] = shape.T @ part[:steps]


def _subtract(vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Takes the components along orthonormal rows out of the vector, and returns them."""
    components = rows @ vector
    vector -= components @ rows
    return components


def _ritz(projected: np.ndarray, rest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, shape = np.linalg.eigh(projected)
    return values, shape, rest * np.abs(shape[-1])


def _converged(values, residuals, scale: float, size: int, tolerance: float) -> bool:
    """Whether each value is exact enough, or surely next to nothing.

    A vector that looks settled at 0 may still hide a more extreme direction, of which a random
    start has about the share `1 / sqrt(n)`; so the residual of a zero must be that much smaller.
    """
    exact = residuals <= tolerance * np.abs(values)
    nothing = np.abs(values) + np.sqrt(size) * residuals <= tolerance * scale
    return bool((exact | nothing).all())


def _merged(found: _Pairs, again: _Pairs, k: int, tolerance: float) -> tuple[_Pairs, bool]:
    """The k most extreme of both at each end, and whether the second search changed them."""
    values = np.concatenate([found.values, again.values])
    order = np.argsort(values, kind="stable")
    order = np.r_[order[:k], order[len(order) - k :]]
    merged = _Pairs(
        values[order],
        np.concatenate([found.residuals, again.residuals])[order],
        np.concatenate([found.vectors, again.vectors])[order],
        again.converged,
    )
    margin = tolerance * np.abs(values).max()
    return merged, bool((np.abs(merged.values - found.values) > margin).any())


def _extremes(pairs: _Pairs, k: int) -> Extremes:
    return Extremes(
        pairs.values[:k],
        pairs.values[::-1][:k],
        pairs.residuals[:k],
        pairs.residuals[::-1][:k],
        pairs.converged,
    )
