"""Segment-wise sampling (SSPO, arXiv 2508.08550, Algorithm 1; papers §1.6): k candidates for every line of a scene, each line's
behind the translations chosen for the lines before it.

`SceneLayout`s and a `choose` in, calls of `choose` out. A scene's trunk (prompt and chosen lines) is read once. Candidates grow on it as
a tree: draws that agree so far are one node, each step feeds the new nodes under a tree mask with positions counted from the
trunk, nothing is copied, and dropping a line's tree costs nothing. Noise is a function of (seed, scene, line, draw, step), so a
draw does not depend on what is decoded beside it. Another way to draw is another `_odds`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from models.out_of_memory import is_out_of_memory
from models.translation.decode import NUCLEUS_LIMIT, Draw, uniform_noise
from models.translation.layout import SceneLayout
from models.translation.scene_cache import SceneCache

_SLACK_TOKENS = 8

@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How a line's draws are made. Temperature, top-p and top-k are ALPO's (papers §1.6), as SSPO's are unknown; `top_k` None looks at
    the 64 likeliest. A draw that has not ended within `max_new_tokens`, and within `tokens_per_source_token` times its line's opening and
    eight more (None: no such limit), has run away and is no candidate."""

    n_draws: int = 20
    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int | None = 40
    max_new_tokens: int = 64
    tokens_per_source_token: float | None = 4.0
    is_first_greedy: bool = True
    seed: int = 0

    def longest_tokens(self, opening_tokens: int) -> int:
        """How long a draw may become behind an opening of that many tokens."""
        if self.tokens_per_source_token is None:
            return self.max_new_tokens
        return min(self.max_new_tokens, int(self.tokens_per_source_token * opening_tokens) + _SLACK_TOKENS)

    def __post_init__(self) -> None:
        if self.n_draws < 1 or self.max_new_tokens < 1 or self.temperature <= 0 or not 0 < self.top_p <= 1:
            raise ValueError("Sampling needs at least one draw of one token, a temperature above 0 and a top-p above 0 and up to 1.")
        if self.tokens_per_source_token is not None and self.tokens_per_source_token <= 0:
            raise ValueError("The tokens per source token must be above 0, or not limited.")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"Sampling among the {self.top_k} likeliest tokens is not possible; give a top-k of 1 or more, or none.")


@dataclass(frozen=True, slots=True)
class SceneAsk:
    """A scene to sample. `scene_id` names it in the noise."""

    scene_id: str
    layout: SceneLayout


@dataclass(frozen=True, slots=True)
class LineDraws:
    """All draws of one line, in order (the greedy one first where asked for). `scene_index`: the scene's place in the call."""

    scene_index: int
    line_index: int
    draws: tuple[Draw, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A distinct wording among a line's draws. `mean_log_probability`: nats per token, the ending counted."""

    text: str
    mean_log_probability: float


class SamplingOutOfMemory(MemoryError):
    """Not even one candidate at a time fits beside the trunks of all scenes."""


def candidates_of(draws: Sequence[Draw], text_of: Callable[[Draw], str]) -> list[Candidate]:
    """The distinct texts of draws that ended, in the order of the draws; an empty text is none."""
    found: dict[str, Candidate] = {}
    for draw in draws:
        text = text_of(draw) if draw.is_finished else ""
        if text:
            found.setdefault(text, Candidate(text, draw.mean_log_probability))
    return list(found.values())


def line_noise(settings: SamplingSettings, scene_id: str, line_index: int) -> np.ndarray:
    """Numbers in 0..1 for one line, shape (n_draws, max_new_tokens), float32."""
    digest = blake2b(f"{settings.seed}\n{scene_id}\n{line_index}".encode(), digest_size=7).digest()
    return uniform_noise(int.from_bytes(digest, "big"), settings.n_draws, settings.max_new_tokens).numpy()


@dataclass(frozen=True, slots=True)
class _Odds:
    """What may follow each of N nodes: (N, limit) tokens with their log-probabilities at temperature 1, the likeliest first, and
    the running sum of the chances they are drawn with (the nucleus; tokens outside it add nothing)."""

    tokens: np.ndarray
    log_probabilities: np.ndarray
    reached: np.ndarray

    def part(self, start: int, end: int) -> _Odds:
        return _Odds(self.tokens[start:end], self.log_probabilities[start:end], self.reached[start:end])

    def pick(self, rows: np.ndarray, noise: np.ndarray, is_greedy: np.ndarray) -> tuple[list[int], list[float]]:
        """Inverse-CDF draw after each of `rows`: tokens and their log-probabilities."""
        reached = self.reached[rows]
        places = np.minimum((reached < noise[:, None] * reached[:, -1:]).sum(1), reached.shape[1] - 1)
        places[is_greedy] = 0
        return self.tokens[rows, places].tolist(), self.log_probabilities[rows, places].tolist()


def _odds(logits: Tensor, settings: SamplingSettings) -> _Odds:
    limit = NUCLEUS_LIMIT if settings.top_k is None else settings.top_k
    top, tokens = logits.topk(min(limit, logits.shape[-1]), dim=-1)
    chances = (top / settings.temperature).softmax(-1)
    before = chances.cumsum(-1) - chances
    reached = (chances * (before < settings.top_p)).cumsum(-1)
    log_probabilities = top - logits.logsumexp(-1, keepdim=True)
    return _Odds(tokens.cpu().numpy(), log_probabilities.cpu().numpy(), reached.cpu().numpy())


@dataclass(frozen=True, slots=True)
class _Feed:
    """Tokens of one scene for one pass, written from column `start`; `sees[i, c]`: token i attends to column `trunk + c` (the trunk
    it always sees). `wanted`: for which of them what follows is asked."""

    tokens: list[int]
    positions: range | list[int]
    trunk: int
    start: int
    sees: np.ndarray
    wanted: range


@dataclass(slots=True)
class _Branch:
    """A draw in the making: its place among the draws, and the row of its last node in the latest odds."""

    draw_index: int
    row: int
    tokens: list[int]
    gain: float


class _SceneState:
    """Where one scene stands: reading its trunk on, or growing the tree of a line. `is_cut`: no room for a draw is left."""

    def __init__(self, index: int, ask: SceneAsk, settings: SamplingSettings, context_tokens: int) -> None:
        self.index, self.ask, self._settings, self._context_tokens = index, ask, settings, context_tokens
        self.line, self._trunk, self.is_cut = 0, 0, False
        self._open_line(ask.layout.prompt)

    def _open_line(self, before: Sequence[int]) -> None:
        """Read `before` and the line's opening into the trunk, then draw."""
        self._tokens = [*before, *self.ask.layout.openings[self.line]]
        self._is_reading = True
        self._draws: list[Draw | None] = [None] * self._settings.n_draws
        self._noise = line_noise(self._settings, self.ask.scene_id, self.line)
        room = self._context_tokens - self._trunk - len(self._tokens)
        self.is_cut = room < 1
        self._limit = min(self._settings.longest_tokens(len(self.ask.layout.openings[self.line])), room)

    @property
    def is_drawn(self) -> bool:
        return all(draw is not None for draw in self._draws)

    def feed(self) -> _Feed:
        count = len(self._tokens)
        if self._is_reading:
            positions = range(self._trunk, self._trunk + count)
            return _Feed(self._tokens, positions, self._trunk, self._trunk, np.tri(count, dtype=bool), range(count - 1, count))
        positions = [self._trunk + self._step - 1] * count
        return _Feed(self._tokens, positions, self._trunk, self._trunk + self._columns, self._sees, range(count))

    def advance(self, odds: _Odds, at_once: int) -> None:
        """Go on from what the pass over `feed()` gave."""
        if self._is_reading:
            self._trunk += len(self._tokens)
            self._is_reading, self._root = False, odds
            self._live: list[_Branch] = []
            self._waiting = list(range(self._settings.n_draws))
        else:
            self._columns += len(self._tokens)
            self._grow(odds)
        while not self._live and self._waiting:
            self._plant(at_once)

    def replant(self, at_once: int) -> None:
        """Begin the unfinished draws anew, fewer at once."""
        if not self._is_reading:
            self._waiting = sorted(branch.draw_index for branch in self._live) + self._waiting
            self._live = []
            while not self._live and self._waiting:
                self._plant(at_once)

    def _plant(self, at_once: int) -> None:
        """Start the next draws at the trunk's end."""
        taken, self._waiting = self._waiting[:at_once], self._waiting[at_once:]
        self._live = [_Branch(draw, 0, [], 0.0) for draw in taken]
        self._columns = self._step = 0
        self._sees = np.zeros((1, 0), dtype=bool)
        self._grow(self._root)

    def _grow(self, odds: _Odds) -> None:
        """One more token for every live draw; draws that stay together become one new node."""
        draws = np.array([branch.draw_index for branch in self._live])
        rows = np.array([branch.row for branch in self._live])
        is_greedy = (draws == 0) & self._settings.is_first_greedy
        tokens, gains = odds.pick(rows, self._noise[draws, self._step], is_greedy)
        self._step += 1
        nodes: dict[tuple[int, int], int] = {}
        still = []
        for branch, token, gain in zip(self._live, tokens, gains, strict=True):
            branch.gain += gain
            if self._is_over(branch, token):
                continue
            branch.row = nodes.setdefault((branch.row, token), len(nodes))
            still.append(branch)
        self._live = still
        parents = [row for row, _ in nodes]
        self._tokens = [token for _, token in nodes]
        self._sees = np.concatenate([self._sees[parents], np.eye(len(nodes), dtype=bool)], 1) if nodes else self._sees

    def _is_over(self, branch: _Branch, token: int) -> bool:
        """Note the token; whether the draw ends here, with an ending or for want of room."""
        is_ending = token in self.ask.layout.ending_ids
        count = len(branch.tokens) + 1
        if not is_ending:
            branch.tokens.append(token)
        if is_ending or count == self._limit:
            draw = Draw(tuple(branch.tokens), branch.gain / count, token if is_ending else None)
            self._draws[branch.draw_index] = draw
        return is_ending or count == self._limit

    def line_draws(self) -> LineDraws:
        return LineDraws(self.index, self.line, tuple(draw for draw in self._draws if draw is not None))

    def close_line(self, translation: Sequence[int]) -> None:
        """The tree is given up; the chosen words join the trunk with the next line's opening."""
        self.line += 1
        if self.line < len(self.ask.layout):
            self._open_line([*translation, *self.ask.layout.terminator, *self.ask.layout.separator])


Choose = Callable[[Sequence[LineDraws]], Sequence[Sequence[int]]]


class SceneSampler:
    """Draws candidates for scenes, several side by side. `notice` is told, in a sentence, when memory ran out."""

    def __init__(self, model: PreTrainedModel, settings: SamplingSettings, notice: Callable[[str], None] | None = None) -> None:
        self._model, self._settings, self._notice = model, settings, notice
        self._decoder, self._head = model.get_decoder(), model.get_output_embeddings()

    @torch.inference_mode()
    def sample(self, asks: Sequence[SceneAsk], choose: Choose) -> None:
        """Draw for every line of every scene. `choose` is given the lines that are drawn and returns, for each, the token ids of the
        translation that goes on in the context (`translation_ids`). A scene that outgrows the model's context ends early, with a
        notice. Raises SamplingOutOfMemory."""
        context_tokens = getattr(self._model.config, "max_position_embeddings", 1 << 30)
        states = [_SceneState(index, ask, self._settings, context_tokens) for index, ask in enumerate(asks) if len(ask.layout)]
        scenes = [scene for scene in states if not self._is_finished(scene)]
        cache, at_once = SceneCache(self._model), self._settings.n_draws
        while scenes:
            try:
                odds = self._read(cache, [scene.feed() for scene in scenes])
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                at_once = self._fewer(at_once, error)
                for scene in scenes:
                    scene.replant(at_once)
                continue
            for scene, part in zip(scenes, odds, strict=True):
                scene.advance(part, at_once)
            drawn = [scene for scene in scenes if scene.is_drawn]
            if drawn:
                chosen = choose([scene.line_draws() for scene in drawn])
                for scene, translation in zip(drawn, chosen, strict=True):
                    scene.close_line(translation)
                scenes = self._unfinished(scenes, cache)

    def _read(self, cache: SceneCache, feeds: Sequence[_Feed]) -> list[_Odds]:
        """One pass over the tokens of all scenes; what follows the wanted ones, scene by scene."""
        device, count = self._model.device, max(len(feed.tokens) for feed in feeds)
        width = cache.place([feed.start for feed in feeds], count, device)
        ids, positions = np.zeros((2, len(feeds), count), dtype=np.int64)
        sees = np.zeros((len(feeds), 1, count, width), dtype=bool)
        for row, feed in enumerate(feeds):
            n = len(feed.tokens)
            ids[row, :n], positions[row, :n] = feed.tokens, feed.positions
            sees[row, 0, :n, : feed.trunk] = True
            sees[row, 0, :n, feed.trunk : feed.trunk + feed.sees.shape[1]] = feed.sees
        hidden = self._decoder(
            input_ids=torch.from_numpy(ids).to(device), attention_mask=self._additive(torch.from_numpy(sees).to(device)),
            position_ids=torch.from_numpy(positions).to(device), past_key_values=cache, use_cache=True,
        ).last_hidden_state.flatten(0, 1)  # fmt: skip
        wanted = [row * count + token for row, feed in enumerate(feeds) for token in feed.wanted]
        odds = _odds(self._head(hidden[wanted]).float(), self._settings)
        ends = np.cumsum([len(feed.wanted) for feed in feeds]).tolist()
        return [odds.part(end - len(feed.wanted), end) for feed, end in zip(feeds, ends, strict=True)]

    def _additive(self, sees: Tensor) -> Tensor:
        dtype = self._model.dtype
        return torch.zeros(sees.shape, dtype=dtype, device=sees.device).masked_fill_(~sees, torch.finfo(dtype).min)

    def _unfinished(self, scenes: list[_SceneState], cache: SceneCache) -> list[_SceneState]:
        rows = [row for row, scene in enumerate(scenes) if not self._is_finished(scene)]
        if rows and len(rows) < len(scenes):
            cache.keep_scenes(rows)
        return [scenes[row] for row in rows]

    def _is_finished(self, scene: _SceneState) -> bool:
        if scene.is_cut:
            self._tell(
                f"Scene {scene.ask.scene_id} ends before line {scene.line + 1} of {len(scene.ask.layout)}: the model reads no "
                "further. Take fewer lines per scene."
            )
        return scene.is_cut or scene.line == len(scene.ask.layout)

    def _tell(self, sentence: str) -> None:
        if self._notice is not None:
            self._notice(sentence)

    def _fewer(self, at_once: int, error: RuntimeError) -> int:
        if at_once == 1:
            raise SamplingOutOfMemory("Memory ran out with one candidate at a time; take fewer scenes at once, or fewer lines per scene.") from error
        self._tell(f"Memory ran out with {at_once} candidates at once; going on with {at_once // 2}.")
        return at_once // 2
