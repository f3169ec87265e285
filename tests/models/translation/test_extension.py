"""A tokenizer and a table of vectors grow without disturbing what they hold."""

from __future__ import annotations

import pytest
import torch

from models.translation.extension import extended_tokenizer, grown_embeddings
from models.translation.tokens import RESERVED, encode_corpus, train_tokenizer
from tests.tiny_models import SPECIAL, pairs

OLD = train_tokenizer(pairs(5), 330, SPECIAL)
GERMAN = ["Guten Morgen, guten Abend und gute Nacht.", "Guten Tag, mein guter Mann."] * 3
NEW = extended_tokenizer(OLD, GERMAN, 20, ("<zh>", "<en>", "<de>"))


def test_old_tokens_keep_their_ids_and_old_lines_their_cuts() -> None:
    vocabulary = NEW.get_vocab()
    assert all(vocabulary[token] == place for token, place in OLD.get_vocab().items() if not token.startswith("<reserved"))
    assert all(NEW.encode(pair.first).ids == OLD.encode(pair.first).ids for pair in pairs())


def test_new_merges_shorten_the_new_language_and_read_back() -> None:
    assert len(NEW.encode(GERMAN[0]).ids) < len(OLD.encode(GERMAN[0]).ids)
    assert NEW.decode(NEW.encode(GERMAN[0]).ids) == GERMAN[0]
    assert NEW.get_vocab_size() == OLD.get_vocab_size() + 20


def test_the_commonest_neighbours_are_joined_first() -> None:
    grown = extended_tokenizer(OLD, ["zqzqzq zq", "xwx"], 1, ())
    assert grown.token_to_id("zq") == OLD.get_vocab_size()


def test_a_new_language_takes_a_place_in_reserve() -> None:
    assert len(NEW.encode("<de>").ids) == 1
    assert NEW.token_to_id("<reserved_0>") is None


def test_more_languages_than_places_are_refused() -> None:
    with pytest.raises(ValueError, match=f"has {RESERVED} places in reserve"):
        extended_tokenizer(OLD, [], 0, tuple(f"<x{number}>" for number in range(RESERVED + 1)))


def test_a_new_token_starts_near_the_tokens_it_meets() -> None:
    grown = extended_tokenizer(OLD, ["hallohallo hallo"] * 4, 6, ())
    hallo = len(grown.get_vocab()) - 1
    lines = [(pair.first, "hallo" if pair.first == "你好" else pair.second) for pair in pairs(20)]
    corpus = encode_corpus((type(pairs()[0])("0", first, second) for first, second in lines), grown)
    old = torch.randn(OLD.get_vocab_size(), 64, generator=torch.Generator().manual_seed(0))
    table = grown_embeddings(old, len(grown.get_vocab()), [corpus], torch.Generator().manual_seed(1))
    assert torch.equal(table[: len(old)], old)
    used = int(corpus.side(1, 1)[0])
    met, other = grown.encode("你好").ids[0], grown.encode("谢谢你").ids[0]
    cosine = torch.nn.functional.cosine_similarity
    assert len(old) <= used <= hallo
    assert cosine(table[used], table[met], dim=0) > cosine(table[used], table[other], dim=0) + 0.2
