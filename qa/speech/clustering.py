"""Sort voices: spherical k-means over the embeddings of stretches, started from an agglomerative tree."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

Vectors = NDArray[np.float64]

SAME_VOICE_DISTANCE: Final = 0.60
"""Average cosine distance up to which stretches are taken for one voice when the number of speakers is open:
between the distances measured over a phone band for one speaker (0.15 to 0.4) and for two (0.55 to 0.95)."""
TREE_SAMPLES: Final = 1500
"""The tree needs memory by the square of its leaves, so only this many of the longest stretches build it."""
ROUNDS: Final = 30


def unit(vectors: Vectors) -> Vectors:
    """Each row scaled to length 1."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9))


def cluster_voices(vectors: Vectors, seconds: NDArray[np.float64], speakers: int | None) -> NDArray[np.int64]:
    """Cluster unit vectors `(n, d)`, weighted by their length in seconds; returns `(n,)` labels from 0.

    `speakers` fixes their number (fewer come back where there are fewer stretches than that), None lets
    `SAME_VOICE_DISTANCE` decide. Labels are in order of first appearance.
    """
    if len(vectors) == 0:
        return np.zeros(0, np.int64)
    longest = np.argsort(-seconds, kind="stable")[:TREE_SAMPLES]
    best: tuple[float, NDArray[np.int64]] | None = None
    for centroids in _starts(vectors[longest], seconds[longest], speakers):
        score, labels = _refine(vectors, seconds, centroids)
        if best is None or score > best[0]:
            best = score, labels
    if best is None:
        return np.zeros(len(vectors), np.int64)
    _, first, labels = np.unique(best[1], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[labels], dtype=np.int64)


def separation(vectors: Vectors, seconds: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """How clearly two or more voices differ, 0..1.

    Cosine similarity to the own voice's centroid less that to the nearest other's, averaged by length.
    """
    names = np.unique(labels)
    if len(names) < 2:
        return 0.0
    centroids = unit(np.stack([(vectors * seconds[:, None])[labels == k].sum(0) for k in names]))
    closeness = vectors @ centroids.T
    own = np.searchsorted(names, labels)
    rows = np.arange(len(vectors))
    to_own = closeness[rows, own]
    closeness[rows, own] = -np.inf
    gap = to_own - closeness.max(axis=1)
    return float(np.clip(np.average(gap, weights=seconds), 0.0, 1.0))


def _starts(vectors: Vectors, seconds: NDArray[np.float64], speakers: int | None) -> list[Vectors]:
    if len(vectors) == 1:
        return [vectors]
    tree = linkage(vectors, method="average", metric="cosine")
    if speakers is None:
        return [_centroids(vectors, seconds, fcluster(tree, SAME_VOICE_DISTANCE, "distance"))]
    # An outlier is a branch of its own, so finer cuts are tried too and their heaviest branches kept.
    starts = []
    for branches in {speakers, 2 * speakers, 4 * speakers}:
        cut = fcluster(tree, min(branches, len(vectors)), "maxclust")
        weights = {k: seconds[cut == k].sum() for k in np.unique(cut)}
        heaviest = sorted(weights, key=lambda k: -weights[k])[:speakers]
        kept = np.isin(cut, heaviest)
        starts.append(_centroids(vectors[kept], seconds[kept], cut[kept]))
    return starts


def _centroids(vectors: Vectors, seconds: NDArray[np.float64], labels: NDArray[np.int64]) -> Vectors:
    return unit(np.stack([(vectors * seconds[:, None])[labels == k].sum(0) for k in np.unique(labels)]))


def _refine(vectors: Vectors, seconds: NDArray[np.float64], centroids: Vectors) -> tuple[float, NDArray[np.int64]]:
    labels = np.zeros(len(vectors), np.int64)
    for _ in range(ROUNDS):
        updated = np.asarray((vectors @ centroids.T).argmax(axis=1), dtype=np.int64)
        if np.array_equal(updated, labels) and _ > 0:
            break
        labels = updated
        for k in range(len(centroids)):
            if (labels == k).any():
                centroids[k] = unit((vectors * seconds[:, None])[labels == k].sum(0))
    closeness = (vectors @ centroids.T).max(axis=1)
    return float(closeness @ seconds), labels
