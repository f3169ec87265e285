"""The tokenizer reads and writes every text, piece by piece as well as whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.translation.tokens import encode_corpus, train_tokenizer
from tests.tiny_models import SPECIAL, pairs

TOKENIZER = train_tokenizer(pairs(5), 330, SPECIAL)


def test_special_tokens_take_the_first_ids_in_order() -> None:
    assert [TOKENIZER.token_to_id(text) for text in SPECIAL] == [0, 1, 2, 3]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_every_text_reads_back(text: str) -> None:
    if not any(mark in text for mark in SPECIAL):
        assert TOKENIZER.decode(TOKENIZER.encode(text).ids) == text


def test_brackets_and_line_breaks_join_no_neighbour() -> None:
    pieces = ("你好", "(", "Hello", ")", "\n")
    apart = [token for piece in pieces for token in TOKENIZER.encode(piece).ids]
    assert TOKENIZER.encode("".join(pieces)).ids == apart


def test_an_encoded_corpus_holds_each_side_of_each_pair() -> None:
    corpus = encode_corpus(iter(pairs(2)), TOKENIZER)
    assert len(corpus) == 20
    assert TOKENIZER.decode(corpus.side(0, 2).tolist()) == "我爱你"
    assert TOKENIZER.decode(corpus.side(1, 12).tolist()) == "I love you."
    assert corpus.documents.tolist() == [0] * 10 + [1] * 10
