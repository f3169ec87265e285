"""Unit-to-unit translation: a small encoder-decoder of transformers over unit strings with language tags. Opened from a folder.

Enters units without repeats and two languages; leaves units of the other language without repeats, with the model's own likelihood.
Papers §2.5: a plug-in `translate(units, source, target) -> units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from models.checkpoint import MODEL_FILE, BadWeights, load_strictly, read_tensors
from models.units.encoder import read_config, write_folder

PAD, END, FIRST_TAG = 0, 1, 2
UNSCORED = -100


@dataclass(frozen=True, slots=True)
class TranslatorConfig:
    """`pairs`: directions it was taught ("en-zh"). Ids: padding, end, a tag per language, then the units."""

    units: int
    languages: tuple[str, ...] = ("en", "zh")
    pairs: tuple[str, ...] = ("en-zh", "zh-en")
    width: int = 160
    heads: int = 4
    encoder_layers: int = 3
    decoder_layers: int = 2
    feed_forward: int = 448
    dropout: float = 0.1
    longest: int = 512

    @property
    def vocabulary(self) -> int:
        return FIRST_TAG + len(self.languages) + self.units

    @property
    def first_unit(self) -> int:
        return FIRST_TAG + len(self.languages)


@dataclass(frozen=True, slots=True)
class Limits:
    """`beams` 1 is greedy. An answer has at most `extra_units` + `longest_ratio` times the units of the question."""

    beams: int = 4
    longest_ratio: float = 2.5
    extra_units: int = 12


@dataclass(frozen=True, slots=True)
class UnitTranslation:
    """`units`: (count,), without repeats. `likelihood`: mean log-probability per unit under the model, its end counted."""

    units: Tensor
    likelihood: float


class UnitTranslator(nn.Module):
    """A T5-shaped encoder-decoder: norms before the layers and relative places. (Norms after them, as Marian has, learned to ignore the
    question.) One embedding for both sides."""

    def __init__(self, config: TranslatorConfig) -> None:
        from transformers import T5Config, T5ForConditionalGeneration

        super().__init__()
        self.config = config
        self.net = T5ForConditionalGeneration(
            T5Config(
                vocab_size=config.vocabulary, d_model=config.width, d_kv=config.width // config.heads, d_ff=config.feed_forward,
                num_layers=config.encoder_layers, num_decoder_layers=config.decoder_layers, num_heads=config.heads, dropout_rate=config.dropout,
                feed_forward_proj="gated-gelu", relative_attention_max_distance=64, pad_token_id=PAD, eos_token_id=END,
                decoder_start_token_id=FIRST_TAG,
            )
        )  # fmt: skip

    def tag(self, language: str) -> int:
        """Raises ValueError for a language it was not taught."""
        if language not in self.config.languages:
            raise ValueError(f"the unit translator knows {', '.join(self.config.languages)}, not {language}.")
        return FIRST_TAG + self.config.languages.index(language)

    def source_ids(self, units: Tensor, language: str) -> Tensor:
        """Tag, units, end: (count + 2,). Speech longer than the net's places loses its end."""
        room = self.config.longest - 2
        return torch.cat((torch.tensor([self.tag(language)]), units[:room] + self.config.first_unit, torch.tensor([END])))

    def encode(self, sources: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Questions as `source_ids` gives them → what the decoder attends to, (batch, ids, width), and its mask, True where there is an id."""
        ids = nn.utils.rnn.pad_sequence(list(sources), batch_first=True, padding_value=PAD)
        keep = ids != PAD
        return self.net.encoder(input_ids=ids, attention_mask=keep.long()).last_hidden_state, keep

    def loss(self, encoded: tuple[Tensor, Tensor], targets: Sequence[Tensor], target_languages: Sequence[str]) -> Tensor:
        """Mean cross-entropy per target id, in nats. `encoded` by `encode`; `targets`: units without repeats."""
        starts, labels = [], []
        for units, language in zip(targets, target_languages, strict=True):
            row = torch.cat((units[: self.config.longest - 2] + self.config.first_unit, torch.tensor([END])))
            starts.append(torch.cat((torch.tensor([self.tag(language)]), row[:-1])))
            labels.append(row)
        decoder_ids = nn.utils.rnn.pad_sequence(starts, batch_first=True, padding_value=PAD)
        wanted = nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=UNSCORED)
        hidden, keep = encoded
        logits = self.net(encoder_outputs=(hidden,), attention_mask=keep.long(), decoder_input_ids=decoder_ids, use_cache=False).logits
        return nn.functional.cross_entropy(logits.float().flatten(0, 1), wanted.flatten(), ignore_index=UNSCORED)

    @torch.no_grad()
    def translate(self, units: Tensor, source: str, target: str, limits: Limits | None = None) -> UnitTranslation:
        """The likeliest answer found; at least one unit. `units` (count,), without repeats.

        Raises ValueError for a direction it was not taught, and for no units.
        """
        limits = Limits() if limits is None else limits
        if f"{source}-{target}" not in self.config.pairs:
            raise ValueError(f"the unit translator was taught {', '.join(self.config.pairs)}, not {source}-{target}.")
        if len(units) == 0:
            raise ValueError("there are no units to translate; give speech.")
        ids = self.source_ids(units, source)[None]
        room = min(int(limits.extra_units + limits.longest_ratio * len(units)), self.config.longest - 2)
        tags = [PAD, *range(FIRST_TAG, self.config.first_unit)]
        found = self.net.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), decoder_start_token_id=self.tag(target), num_beams=limits.beams, do_sample=False,
            max_new_tokens=room, min_new_tokens=2, suppress_tokens=tags, early_stopping=limits.beams > 1, use_cache=True,
        )  # fmt: skip
        likelihood = -float(self.net(input_ids=ids, decoder_input_ids=found[:, :-1], labels=found[:, 1:]).loss)
        answer = found[0, 1:]
        return UnitTranslation(torch.unique_consecutive(answer[answer >= self.config.first_unit]) - self.config.first_unit, likelihood)


def save_translator(translator: UnitTranslator, folder: Path, *, half: bool = False) -> None:
    """`half`: in half precision, for weights that travel with the project. Tied tensors are written once."""
    kept = {name: tensor.half() if half else tensor for name, tensor in translator.state_dict().items() if name not in _tied(translator)}
    write_folder(folder, asdict(translator.config), kept)


def open_translator(folder: Path, *, sha256: str | None = None) -> UnitTranslator:
    """The translator of a folder (config.json, model.safetensors), in evaluation mode. Raises BadWeights."""
    plain = read_config(folder)
    try:
        config = TranslatorConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()})
    except TypeError as error:
        raise BadWeights(f"{folder / 'config.json'} does not describe a unit translator ({error}); fetch or copy it again.") from error
    translator = UnitTranslator(config)
    tensors = {name: tensor.float() for name, tensor in read_tensors(folder / MODEL_FILE, sha256=sha256).items()}
    whole = {name: tensors[first] for name, first in _tied(translator).items() if first in tensors}
    load_strictly(translator, tensors | whole, str(folder))
    return translator.eval()


def _tied(translator: UnitTranslator) -> dict[str, str]:
    """Names of tensors that are another's storage, with the name they are kept under."""
    first: dict[int, str] = {}
    tied = {}
    for name, tensor in translator.state_dict().items():
        if tensor.data_ptr() in first and tensor.numel():
            tied[name] = first[tensor.data_ptr()]
        else:
            first[tensor.data_ptr()] = name
    return tied
