"""Trains the small net of the second reader (`qa.alike.net`) for `tools.train_alike`; needs torch."""

from typing import Final

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from qa.alike.net import Layers

ROWS: Final = 1 << 16
"""Buckets that get a vector: those that occur in most texts. With two or four times as many, and with wider ones,
unseen talk is judged no better (`models/alike-zh.md`)."""
WIDTH: Final = 24
HIDDEN: Final = 32
ROUNDS: Final = 3
BATCH: Final = 256
RATE: Final = 0.01
RATE_OF_LAYERS: Final = 0.002
DROPPED: Final = 0.2
SPREAD: Final = 0.1
"""Standard deviation of the vectors at first."""


class _Net(nn.Module):
    def __init__(self, rows: int, families: int) -> None:
        super().__init__()
        self.vectors = nn.EmbeddingBag(rows, WIDTH, mode="sum", sparse=True)
        nn.init.normal_(self.vectors.weight, 0, SPREAD)
        self.passing = nn.EmbeddingBag(rows, families, mode="sum", sparse=True)
        nn.init.zeros_(self.passing.weight)
        self.shift = nn.Parameter(torch.zeros(WIDTH))
        self.hidden = nn.Linear(WIDTH, HIDDEN)
        self.out = nn.Linear(HIDDEN, families)
        self.dropped = nn.Dropout(DROPPED)

    def forward(self, found: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        where, starts, value = found
        first = torch.relu(self.vectors(where, starts, per_sample_weights=value) + self.shift)
        second = torch.relu(self.hidden(self.dropped(first)))
        answer: Tensor = self.out(self.dropped(second)) + self.passing(where, starts, per_sample_weights=value)
        return answer


def trained(matrix: csr_matrix, labels: np.ndarray) -> Layers:
    """A net that has learned what each row of the matrix (texts x buckets) is: `labels` are texts x families, 0, 1
    or nan where it is not known.
    """
    seen = np.bincount(matrix.indices, minlength=matrix.shape[1])
    kept = np.sort(np.argsort(-seen, kind="stable")[:ROWS])
    inputs = matrix[:, kept].tocsr()
    torch.manual_seed(0)
    net = _Net(len(kept), labels.shape[1])
    tables = [net.vectors.weight, net.passing.weight]
    rest = [p for p in net.parameters() if all(p is not t for t in tables)]
    sparse = torch.optim.SparseAdam(tables, lr=RATE)
    dense = torch.optim.AdamW(rest, lr=RATE_OF_LAYERS)
    order = np.random.default_rng(0)
    for turn in range(ROUNDS):
        for group in sparse.param_groups:
            group["lr"] = RATE * (1 - turn / ROUNDS) ** 0.5
        shuffled = order.permutation(len(labels))
        for start in range(0, len(shuffled), BATCH):
            rows = shuffled[start : start + BATCH]
            wanted = torch.from_numpy(labels[rows].astype(np.float32))
            known = ~torch.isnan(wanted)
            loss = nn.functional.binary_cross_entropy_with_logits(
                net(_bags(inputs[rows])), torch.nan_to_num(wanted), reduction="none"
            )
            sparse.zero_grad()
            dense.zero_grad()
            ((loss * known).sum() / len(rows)).backward()
            sparse.step()
            dense.step()
    return _stored(kept, net)


def _bags(rows: csr_matrix) -> tuple[Tensor, Tensor, Tensor]:
    return (
        torch.from_numpy(rows.indices.astype(np.int64)),
        torch.from_numpy(rows.indptr[:-1].astype(np.int64)),
        torch.from_numpy(rows.data.astype(np.float32)),
    )


def _stored(kept: np.ndarray, net: _Net) -> Layers:
    cells = torch.cat([net.vectors.weight, net.passing.weight], 1).detach().numpy()
    steps = np.abs(cells).max(0) / 127
    return Layers(
        buckets=kept.astype("<u4").tobytes(),
        cells=np.rint(cells / steps).astype(np.int8).tobytes(),
        steps=_floats(steps),
        shift=_floats(net.shift),
        hidden=_floats(net.hidden.weight.T),
        hidden_bias=_floats(net.hidden.bias),
        out=_floats(net.out.weight.T),
        out_bias=_floats(net.out.bias),
    )


def _floats(values: Tensor | np.ndarray) -> bytes:
    array = values.detach().numpy() if isinstance(values, Tensor) else values
    return np.ascontiguousarray(array, "<f4").tobytes()
