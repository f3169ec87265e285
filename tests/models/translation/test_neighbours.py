"""Words that meet across pairs start as neighbours."""

from __future__ import annotations

import torch

from models.translation.neighbours import meetings, neighbour_embeddings, shifted_information
from models.translation.tokens import encode_corpus, train_tokenizer
from tests.tiny_models import SPECIAL, pairs


def test_meetings_count_pairs_by_hand() -> None:
    tokenizer = train_tokenizer(pairs(5), 330, SPECIAL)
    corpus = encode_corpus(iter(pairs(3)), tokenizer)
    counts = meetings(corpus, tokenizer.get_vocab_size())
    first, second = corpus.side(0, 0)[0], corpus.side(1, 0)[0]
    by_hand = sum(int((corpus.side(0, i) == first).sum() * (corpus.side(1, i) == second).sum()) for i in range(len(corpus)))
    assert counts[first, second] == by_hand > 0


def test_information_is_log_ratio_less_the_shift() -> None:
    counts = torch.tensor([[10.0, 0.0], [0.0, 10.0]])
    assert torch.allclose(shifted_information(counts), torch.tensor([[0.0, 0.0], [0.0, 0.0]]) + torch.eye(2) * max(0.0, 0.6931472 - 0.7))
    counts = torch.diag(torch.full((4,), 10.0))
    assert torch.allclose(shifted_information(counts), torch.eye(4) * (1.3862944 - 0.7), atol=1e-5)


def test_words_that_meet_are_closer_than_words_that_do_not() -> None:
    counts = torch.zeros(40, 40)
    for word in range(20):
        counts[word, word + 20] = 50
    vectors = neighbour_embeddings(counts, 32, 0.02, torch.Generator().manual_seed(0))
    likeness = torch.nn.functional.normalize(vectors, dim=1) @ torch.nn.functional.normalize(vectors, dim=1).T
    met = likeness[range(20), range(20, 40)].mean()
    assert met > likeness[0, 21:40].mean() + 0.3
    assert 0.01 < float(vectors.std()) < 0.04


def test_an_id_that_meets_nothing_gets_noise_and_no_more() -> None:
    counts = torch.zeros(10, 10)
    counts[1, 2] = counts[3, 4] = 9
    vectors = neighbour_embeddings(counts, 8, 0.02, torch.Generator().manual_seed(0))
    assert torch.isfinite(vectors).all()
    assert 0 < float(vectors[9].norm()) < float(vectors[1].norm())
