"""New languages for a model that is already trained: more tokens in its byte-level BPE, and vectors for them to start from.

Old tokens keep their ids and their vectors; new merges come after the old ones, so that text of the old languages is cut as before
but for the rare word both share. A new token begins among the tokens it meets in line pairs (`neighbours.py`). Our own recipe.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from models.translation.data import TokenCorpus
from models.translation.neighbours import meetings, shifted_information
from models.translation.tokens import reserved

NOISE_SHARE = 0.3  # of a vector's length, so that tokens with the same neighbours can part


def extended_tokenizer(core: Tokenizer, texts: Iterable[str], n_more: int, special: Sequence[str]) -> Tokenizer:
    """`core` with up to `n_more` merges learnt on `texts`; `special` tokens it lacks take the places it has in reserve.
    Raises ValueError when it has too few of those."""
    plan = json.loads(core.to_str())
    words = Counter(piece for text in texts for piece, _ in core.pre_tokenizer.pre_tokenize_str(text))
    cut = {tuple(token.value for token in core.model.tokenize(word)): count for word, count in words.items()}
    vocabulary = plan["model"]["vocab"]
    for pair in _merges(cut, n_more, frozenset(vocabulary)):
        plan["model"]["merges"].append(list(pair))
        vocabulary["".join(pair)] = len(vocabulary)
    _name_reserved(plan, [text for text in special if text not in vocabulary])
    return Tokenizer.from_str(json.dumps(plan, ensure_ascii=False))


def _name_reserved(plan: dict, missing: Sequence[str]) -> None:
    vocabulary = plan["model"]["vocab"]
    spare = [reserved(number) for number in range(len(vocabulary)) if reserved(number) in vocabulary]
    if len(missing) > len(spare):
        raise ValueError(f"the tokenizer has {len(spare)} places in reserve, and {', '.join(missing)} need {len(missing)}.")
    named = dict(zip(spare, missing, strict=False))
    plan["model"]["vocab"] = {named.get(text, text): place for text, place in vocabulary.items()}
    for entry in plan["added_tokens"]:
        entry["content"] = named.get(entry["content"], entry["content"])


def _merges(words: dict[tuple[str, ...], int], n_merges: int, known: frozenset[str]) -> list[tuple[str, str]]:
    """The commonest neighbouring pieces, joined one after the other; ties by spelling, so that the same texts give the same merges."""
    pieces, counts = [list(word) for word in words], list(words.values())
    totals: Counter[tuple[str, str]] = Counter()
    places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for number, word in enumerate(pieces):
        for pair in zip(word, word[1:], strict=False):
            totals[pair] += counts[number]
            places[pair].add(number)
    merges: list[tuple[str, str]] = []
    while len(merges) < n_merges and totals:
        best, count = max(totals.items(), key=lambda item: (item[1], item[0]))
        if count < 2:
            break
        if "".join(best) not in known:
            merges.append(best)
            _join(best, pieces, counts, totals, places)
        totals.pop(best, None)
    return merges


def _join(
    pair: tuple[str, str], pieces: list[list[str]], counts: list[int], totals: Counter[tuple[str, str]],
    places: defaultdict[tuple[str, str], set[int]],
) -> None:  # fmt: skip
    """Write `pair` as one piece wherever it stands, and count its new neighbours."""
    for number in tuple(places[pair]):
        old = pieces[number]
        new: list[str] = []
        for piece in old:
            if new and not new[-1].startswith("\0") and (new[-1], piece) == pair:
                new[-1] = "\0" + new[-1] + piece  # marked: a joined piece joins no further in this pass
            else:
                new.append(piece)
        new = [piece.removeprefix("\0") for piece in new]
        for neighbours in zip(old, old[1:], strict=False):
            totals[neighbours] -= counts[number]
            if totals[neighbours] <= 0:
                del totals[neighbours]
        for neighbours in zip(new, new[1:], strict=False):
            totals[neighbours] += counts[number]
            places[neighbours].add(number)
        pieces[number] = new


def grown_embeddings(old: Tensor, n_ids: int, corpora: Sequence[TokenCorpus], generator: torch.Generator) -> Tensor:
    """Vectors, shape (n_ids, width): the old ones first, then for each new token the mean direction of the old tokens it meets, at
    the old ones' usual length. A token that meets nothing gets noise alone."""
    counts = sum(meetings(corpus, n_ids) for corpus in corpora)
    counts = counts + counts.T
    fresh = slice(len(old), n_ids)
    information = shifted_information(counts)[fresh, : len(old)]
    length = old.norm(dim=1).median()
    direction = F.normalize(information @ F.normalize(old.float(), dim=1), dim=1)
    noise = torch.randn(n_ids - len(old), old.shape[1], generator=generator) / old.shape[1] ** 0.5
    return torch.cat([old, (length * (direction + NOISE_SHARE * noise)).to(old.dtype)])
