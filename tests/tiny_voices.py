"""A tiny voice that reads some texts, and the nets that describe what it learns from; all drawn, none trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from models.recipes.syncvoice import export
from models.recipes.syncvoice_start import SIZES
from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, save_lip_encoder
from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
from models.speech.tokens import TokenTable
from models.speech.voiceprint import Voiceprint
from studio.engines.espeak_phones import EspeakPhones
from studio.engines.espeak_pool import EspeakPool


def make_voice(folder: Path, texts: Sequence[str], language: str = "en") -> Path:
    """A voice folder with the phones of these texts, and no others."""
    pool = EspeakPool(size=1)
    try:
        table = TokenTable.of(token for ipa in EspeakPhones(pool).many(texts, language) for token in ipa)
    finally:
        pool.close()
    torch.manual_seed(0)
    backbone, speaker = SIZES["tiny"]
    net = SyncVoice(SyncVoiceConfig(backbone, len(table), table.pad_id, speaker=speaker))
    folder.mkdir(parents=True, exist_ok=True)
    export(folder, net.config, dict(net.state_dict()), table)
    return folder


def make_voiceprint(path: Path) -> Path:
    torch.manual_seed(0)
    save_file({key: value.contiguous() for key, value in Voiceprint().state_dict().items()}, path)
    return path


def make_lip_encoder(folder: Path) -> Path:
    torch.manual_seed(0)
    save_lip_encoder(LipEncoder(LipEncoderConfig((8, 16, 16, 16), 16, 64)), folder)
    return folder
