"""Starting embeddings in which a word and its translations are already neighbours, from line pairs alone.

Which token of one side meets which token of the other inside a pair is counted; the shifted positive mutual information of those
counts is factorised (randomised SVD), and each token takes its factors as its vector. A few seconds of counting spare a small
translation model the slowest part of its training, learning a dictionary. Our own recipe, from known parts.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.translation.data import TokenCorpus

MIN_MEETINGS = 3  # rarer meetings are chance
SHIFT_NATS = 0.7
OVERSAMPLING = 32
FACTOR_SHARE, NOISE_SHARE = 0.9, 0.45  # of the spread; a little noise tells tokens with equal factors apart


def meetings(corpus: TokenCorpus, n_ids: int) -> Tensor:
    """Counts, shape (n_ids, n_ids): how often id i of the first side and id j of the second stand in one pair."""
    from scipy.sparse import csr_matrix

    sides = [
        csr_matrix((np.ones(len(ids), np.float32), ids.astype(np.int32), starts), shape=(len(corpus), n_ids))
        for ids, starts in zip(corpus.ids, corpus.starts, strict=True)
    ]
    return torch.from_numpy((sides[0].T @ sides[1]).toarray())


def shifted_information(counts: Tensor) -> Tensor:
    """max(0, pointwise mutual information - SHIFT_NATS) of a table of counts, in nats; 0 below MIN_MEETINGS."""
    expected = counts.sum(1, keepdim=True) * counts.sum(0, keepdim=True) / counts.sum()
    information = (counts / expected.clamp_min(1e-9)).clamp_min(1e-9).log()
    return (information - SHIFT_NATS).clamp_min(0) * (counts >= MIN_MEETINGS)


def neighbour_embeddings(counts: Tensor, width: int, spread: float, generator: torch.Generator) -> Tensor:
    """Vectors, shape (n_ids, width), of about standard deviation `spread`; ids that meet nothing get noise alone."""
    information = shifted_information(counts)
    n_ids = len(counts)
    basis = torch.randn(n_ids, min(n_ids, width + OVERSAMPLING), generator=generator)
    for _ in range(3):
        basis = torch.linalg.qr(information @ torch.linalg.qr(information.T @ basis)[0])[0]
    left, values, right = torch.linalg.svd(basis.T @ information, full_matrices=False)
    scale = values[:width].sqrt()
    factors = ((basis @ left[:, :width]) * scale, right[:width].T * scale)
    units = [F.normalize(factor, dim=1) * (factor.norm(dim=1, keepdim=True) > 1e-6) for factor in factors]
    noise = torch.randn(n_ids, width, generator=generator)
    shared = torch.zeros(n_ids, width)
    shared[:, : units[0].shape[1]] = F.normalize(units[0] + units[1], dim=1) * width**0.5
    return spread * (FACTOR_SHARE * shared + NOISE_SHARE * noise)
