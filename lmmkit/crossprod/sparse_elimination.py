"""The elimination where the Schur complement of the rest is large and sparse."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import block_diag, coo_array, csc_array, csr_array, eye_array, kron
from scipy.sparse.linalg import splu

from ..numerics.arrays import Array, Index
from .blocks import inner
from .elimination import BlockElimination
from .ordering import Ordering
from .rest import SparseRest

BATCH = 256  # right-hand sides at a time


class SparseFactor:
    """``S = L D L'`` for a symmetric positive definite sparse matrix.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite.
    """

    def __init__(self, matrix: csr_array, ordering: Ordering) -> None:
        self.ordering, order = ordering, ordering.order
        self._ordered = csc_array(matrix[order][:, order])
        self._factorise()

    def _factorise(self) -> None:
        try:
            self._lu = splu(
                self._ordered, permc_spec="NATURAL", diag_pivot_thresh=0.0,
                options={"SymmetricMode": True, "Equil": False},
            )  # fmt: skip
        except RuntimeError as error:  # exactly singular
            raise np.linalg.LinAlgError(str(error)) from None
        self.diagonal: Array = np.asarray(self._lu.U.diagonal())
        unmoved = np.array_equal(self._lu.perm_r, np.arange(len(self.diagonal)))
        if not (unmoved and (self.diagonal > 0).all()):
            raise np.linalg.LinAlgError("matrix is not positive definite")
        self.logdet = float(np.log(self.diagonal).sum())

    def __getstate__(self) -> dict[str, Any]:
        """Without SuperLU's own object, which cannot be saved: it is made again."""
        return {name: value for name, value in self.__dict__.items() if name != "_lu"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._factorise()

    def solve(self, right: Array) -> Array:
        """``S^-1 right`` for (R, d)."""
        out = np.empty_like(right)
        if right.size:
            out[self.ordering.order] = self._lu.solve(np.ascontiguousarray(right[self.ordering.order]))
        return out

    @cached_property
    def inverse_on_pattern(self) -> csr_array:
        """``S^-1`` where ``L`` or ``L'`` has entries.

        Column ``j`` needs the inverse among its own rows only. These all stand in the column of its parent in
        the elimination tree (the first of its rows), which has been worked out before.
        """
        order, below = self.ordering.order, self.ordering.rows
        lower = csc_array(self._lu.L)
        lower.sort_indices()
        waiting = np.bincount([rows[0] for rows in below if len(rows)], minlength=len(below))
        fronts: dict[int, Array] = {}
        diagonal, columns = np.empty(len(below)), [np.empty(0)] * len(below)
        for j in range(len(below) - 1, -1, -1):
            rows, n = below[j], len(below[j])
            if n == 0:
                diagonal[j] = 1 / self.diagonal[j]
                front = np.full((1, 1), diagonal[j])
            else:
                parent = int(rows[0])
                at = np.concatenate([[0], 1 + np.searchsorted(below[parent], rows[1:])])
                among = fronts[parent][np.ix_(at, at)]
                waiting[parent] -= 1
                if not waiting[parent]:
                    del fronts[parent]
                begin, end = lower.indptr[j], lower.indptr[j + 1]
                column = np.zeros(n)
                held = lower.indices[begin:end] > j
                column[np.searchsorted(rows, lower.indices[begin:end][held])] = lower.data[begin:end][held]
                beside = -among @ column
                diagonal[j] = 1 / self.diagonal[j] - column @ beside
                columns[j] = beside
                front = np.empty((n + 1, n + 1))
                front[0, 0], front[0, 1:], front[1:, 0], front[1:, 1:] = diagonal[j], beside, beside, among
            if waiting[j]:
                fronts[j] = front
        row, value = order[np.concatenate([*below, np.empty(0, dtype=np.intp)])], np.concatenate(columns)
        column_of = order[np.repeat(np.arange(len(below)), [len(rows) for rows in below])]
        size = (len(below), len(below))
        entries = np.concatenate([value, value, diagonal])
        places = (np.concatenate([row, column_of, order]), np.concatenate([column_of, row, order]))
        return csr_array(coo_array((entries, places), shape=size))


class SparseElimination(BlockElimination):
    """:class:`BlockElimination` with ``rest'rest`` and everything made from it sparse."""

    def _cross(self, values: Array, a: int) -> csr_array:
        """Row ``a`` of every level of a cross-block, (q, R)."""
        layout = self.layout
        pattern = (values[:, a], (layout.cross_level, layout.cross_column))
        return csr_array(coo_array(pattern, shape=(layout.lead.q, layout.width)))

    def _eliminate_rest(self) -> None:
        layout, sums = self.layout, self.sums
        self.half_cross = layout.cross.scale(self.half_lead, sums.cross)
        rows = [self._cross(self.half_cross, a) for a in range(layout.lead.k)]
        self._H: Any = csr_array(sums.rest - sum(Y.T @ Y for Y in rows))
        factors = zip(layout.rest, self.roots[1:], strict=True)
        self._root: Any = csr_array(block_diag([kron(eye_array(f.q), root) for f, root in factors]))
        S = csr_array(self._root.T @ self._H @ self._root) + eye_array(layout.width)
        assert isinstance(layout.rest_block, SparseRest)
        self._factor = SparseFactor(csr_array(S), layout.rest_block.ordering)
        self.logdet += self._factor.logdet

    def _explained_by_rest(self) -> Array:
        self._flat_d = self.sums.rest_d - self.layout.cross.transposed_dot(self.half_cross, self.Yd)
        half = self._root.T @ self._flat_d
        return np.asarray(half.T @ self._factor.solve(half))

    def _solve_rest(self, u: Array, swept: Array) -> tuple[Array, Array]:
        x = self._factor.solve(u - self._root.T @ swept)
        return x, self._root @ x

    def z_vinv(self, lead_d: Array, rest_d: Array) -> list[Array]:
        H = rest_d - self.layout.cross.transposed_dot(self.half_cross, self.half_lead @ lead_d)
        return self._from_flat(self.keep @ lead_d, H)

    def z_vinv_d(self) -> list[Array]:
        return self._from_flat(self.keep @ self.sums.lead_d, self._flat_d)

    def _from_flat(self, kept: Array, H: Array) -> list[Array]:
        BH = self._root @ self._factor.solve(self._root.T @ H)
        rest = H - self._H @ BH
        lead = kept - self.layout.cross.dot(self.U, BH)
        return [lead, *(rest[self.layout.columns(f)] for f in range(len(self.layout.rest)))]

    @cached_property
    def _B(self) -> csr_array:
        """``Lambda S^-1 Lambda'`` where ``rest'rest`` or the cross-block's square has entries."""
        return csr_array(self._root @ self._factor.inverse_on_pattern @ self._root.T)

    def block_sums(self) -> list[Array]:
        k = self.layout.lead.k
        lead = inner(self.keep.transpose(0, 2, 1), self.sums.lead)
        rows = [self._cross(self.U, a) for a in range(k)]
        for a in range(k):
            for b in range(k):
                lead[a, b] -= (self._B * (rows[a].T @ rows[b])).sum()
        return [lead, *(self.rest_blocks(f).sum(axis=0) for f in range(len(self.layout.rest)))]

    def rest_blocks(self, f: int) -> Array:
        root, columns = self.roots[1 + f], self.layout.columns(f)
        if np.abs(np.diag(root)).min() > 1e-3:
            block = _picked(self._factor.inverse_on_pattern, columns)
            inverse_root = np.linalg.inv(root)
            return np.asarray(inverse_root.T @ (np.eye(len(root)) - block) @ inverse_root)
        out = _picked(self._H, columns)
        step = max(1, BATCH // len(root))
        for start in range(0, len(columns), step):
            own = columns[start : start + step]
            right = self._root.T @ self._H[:, own.ravel()].toarray()
            product = right.T @ self._factor.solve(right)
            at = np.arange(own.size).reshape(own.shape)
            out[start : start + step] -= product[at[:, :, None], at[:, None, :]]
        return out

    def _lead_corrections(self) -> Array:
        k = self.layout.lead.k
        rows = [self._cross(self.U, a) for a in range(k)]
        out = np.empty((self.layout.lead.q, k, k))
        for a in range(k):
            image = csr_array(rows[a] @ self._B)
            for b in range(k):
                out[:, a, b] = (image * rows[b]).sum(axis=1)
        return out


def _picked(matrix: csr_array, columns: Index) -> Array:
    """Diagonal blocks (levels, k, k) of a sparse matrix."""
    levels, k = columns.shape
    rows, others = np.repeat(columns, k, axis=1).ravel(), np.tile(columns, (1, k)).ravel()
    return np.asarray(matrix[rows, others]).reshape(levels, k, k)
