"""What a training of the voice starts from: sizes of a new net, or a folder to go on from, fitted to the features of the utterances.

Enter the options of `models.recipes.syncvoice` and its utterances; leave the net, its tokens and what it says of its texts.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.checkpoint import BadWeights
from models.recipes.syncvoice_data import Spoken
from models.speech.bundle import MODEL_JSON, open_voice
from models.speech.speaker import SpeakerConfig
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig, refitted
from models.speech.tokens import TokenTable, named
from models.speech.zipvoice import ZipVoiceConfig

STATE_FILE = "state.pt"
SPEAKS = {"tokenizer": "espeak", "languages": ["en"]}  # what the archive's utterances are
SMALL = ZipVoiceConfig(
    fm_decoder_num_layers=(1, 1, 2, 1, 1), fm_decoder_feedforward_dim=512, fm_decoder_dim=192, text_encoder_num_layers=2,
    text_encoder_feedforward_dim=384, text_encoder_dim=128, text_embed_dim=128, query_head_dim=24,
)  # fmt: skip
TINY = ZipVoiceConfig(
    fm_decoder_downsampling_factor=(1, 2, 1), fm_decoder_num_layers=(1, 1, 1), fm_decoder_cnn_module_kernel=(7, 5, 7), fm_decoder_feedforward_dim=64,
    fm_decoder_num_heads=2, fm_decoder_dim=32, text_encoder_num_layers=1, text_encoder_feedforward_dim=64, text_encoder_num_heads=2,
    text_encoder_dim=32, text_embed_dim=32, query_head_dim=8, pos_dim=16, time_embed_dim=32,
)  # fmt: skip
SIZES = {"small": (SMALL, SpeakerConfig(dim=96)), "tiny": (TINY, SpeakerConfig(dim=16, layers=1, heads=2)), "base": (ZipVoiceConfig(), SpeakerConfig())}


def net_of(asked: argparse.Namespace, spoken: Sequence[Spoken]) -> tuple[SyncVoice, TokenTable, Mapping[str, object]]:
    """The net that was being trained in --out, else the one in `--from`, each with its own tokens, else a new one; and what it says of its texts."""
    is_resumed = (asked.out / STATE_FILE).is_file() and (asked.out / MODEL_JSON).is_file()
    if not is_resumed and asked.base is None:
        backbone, speaker = SIZES["tiny" if asked.smoke else asked.size]
        table = TokenTable.of(token for one in spoken for token in one.tokens)
        net = SyncVoice(SyncVoiceConfig(backbone, len(table), table.pad_id, speaker=speaker))
        return refitted(net, **widths_of(spoken)), table, SPEAKS
    folder = asked.out if is_resumed else asked.base
    try:
        bundle = open_voice(folder)
    except BadWeights as error:
        raise SystemExit(str(error)) from error
    _require_fit(folder, bundle.net.config, bundle.table, spoken)
    net = refitted(bundle.net, **widths_of(spoken)) if asked.refit or not bundle.has_sight else bundle.net
    _require_widths(folder, net.config, spoken)
    return net, bundle.table, {"tokenizer": bundle.tokenizer, "languages": list(bundle.languages)}


def _require_fit(folder: Path, config: SyncVoiceConfig, table: TokenTable, spoken: Sequence[Spoken]) -> None:
    """Ends the program with a sentence where a voice cannot learn from these utterances."""
    if config.is_distilled:
        raise SystemExit(f"The voice in {folder} is a distilled one, which flow matching would spoil; start from the base voice that it was made of.")
    if unknown := table.look_up([token for one in spoken for token in one.tokens]).unknown:
        first = next(one for one in spoken if set(one.tokens) & set(unknown))
        raise SystemExit(f"The voice in {folder} has no token for {named(unknown)}, first met in “{first.name}”; leave such utterances out, or start from a voice of that language.")


def widths_of(spoken: Sequence[Spoken]) -> dict[str, int]:
    """How wide the features of these utterances are, by the names `refitted` takes."""
    first = spoken[0]
    return {"face_dim": first.face.shape[1], "lip_dim": first.lips.shape[1], "frozen_dim": len(first.voice)}


def _require_widths(folder: Path, config: SyncVoiceConfig, spoken: Sequence[Spoken]) -> None:
    given, wanted = widths_of(spoken), {"face_dim": config.face_dim, "lip_dim": config.lip_dim, "frozen_dim": config.speaker.frozen_dim}
    for name, what in (("lip_dim", "lip features"), ("face_dim", "face features"), ("frozen_dim", "voices")):
        if wanted[name] != given[name]:
            raise SystemExit(
                f"The voice in {folder} was made for {what} {wanted[name]} wide, and these are {given[name]} wide; make them with the encoder it was "
                "trained with, or let it learn that part anew (--refit)."
            )
