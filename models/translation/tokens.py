"""A joint byte-level BPE over two languages, and a corpus of pairs as its ids. Pairs in, tokenizer and `TokenCorpus` out.

Brackets, line breaks and digits never join a neighbour, so a line tokenised piece by piece equals the line tokenised whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from models.translation.data import Pair, TokenCorpus

SAMPLED_EVERY = 5  # every fifth pair teaches the tokenizer
RESERVED = 12  # unused tokens, for languages learnt later
_BLOCK_PAIRS = 20_000


def reserved(number: int) -> str:
    """Name of a token kept for later."""
    return f"<reserved_{number}>"


def train_tokenizer(pairs: Iterable[Pair], n_ids: int, special: tuple[str, ...]) -> Tokenizer:
    """`special` tokens get the first ids, in order."""
    tokenizer = Tokenizer(models.BPE())
    isolated = pre_tokenizers.Split(Regex(r"[()\n]"), behavior="isolated")
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([isolated, digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=n_ids,
        special_tokens=[*special, *map(reserved, range(RESERVED))],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    sampled = (pair for index, pair in enumerate(pairs) if index % SAMPLED_EVERY == 0)
    tokenizer.train_from_iterator((side for pair in sampled for side in (pair.first, pair.second)), trainer)
    return tokenizer


def encode_corpus(pairs: Iterator[Pair], tokenizer: Tokenizer) -> TokenCorpus:
    """Both sides of every pair as ids (at most 65,536 different ones)."""
    ids: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    sizes: tuple[list[int], list[int]] = ([], [])
    documents: list[int] = []
    numbers: dict[str, int] = {}
    while block := list(islice(pairs, _BLOCK_PAIRS)):
        documents += [numbers.setdefault(pair.document, len(numbers)) for pair in block]
        for side, texts in enumerate(([pair.first for pair in block], [pair.second for pair in block])):
            encoded = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
            sizes[side].extend(map(len, encoded))
            ids[side].append(np.array([token for line in encoded for token in line], dtype=np.uint16))
    starts = tuple(np.concatenate([[0], np.cumsum(side, dtype=np.int64)]) for side in sizes)
    return TokenCorpus((np.concatenate(ids[0]), np.concatenate(ids[1])), starts, np.array(documents, dtype=np.int32))
