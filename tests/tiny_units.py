"""Tiny models of the speech path in a test's folder: random numbers, one layer each, always the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch

from models.units.encoder import UnitEncoder, UnitEncoderConfig, save_encoder
from models.units.translator import TranslatorConfig, UnitTranslator, save_translator
from models.units.vocoder import UnitVocoder, VocoderConfig, save_vocoder
from studio.engines.speech_units import UnitModels

UNITS, RATE_HZ = 24, 16_000


def speech_like(seconds: float, seed: int = 0) -> np.ndarray:
    """A buzz that glides, with formants that move and short silences; float32 at 16 kHz."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 0.7 * time_s + seed)) / RATE_HZ
    formant_hz = 700 + 400 * np.sin(2 * np.pi * 2.3 * time_s + seed)
    buzz = sum(np.sin(k * phase) / (1 + np.abs(120 * k - formant_hz) / 200) for k in range(1, 30))
    opening = np.clip(0.6 + np.sin(2 * np.pi * 3.1 * time_s), 0, 1)
    noise = np.random.default_rng(seed).standard_normal(len(time_s))
    return (0.08 * buzz * opening + 0.001 * noise).astype(np.float32)


def tiny_encoder() -> UnitEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        encoder = UnitEncoder(UnitEncoderConfig(units=UNITS, width=6, hidden=16, switch_ratio=0.2)).eval()
        with torch.no_grad():
            points = encoder.bottleneck(encoder.features(torch.from_numpy(speech_like(2.0))) / 4)
            encoder.scale.fill_(4)
            encoder.centroids.copy_(points[torch.randperm(len(points))[:UNITS]])
    return encoder


@cache
def tiny_translator() -> UnitTranslator:
    """Taught for a moment to answer anything with fifteen units; untaught it would only repeat itself."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        net = UnitTranslator(TranslatorConfig(UNITS, width=16, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=32, longest=96, dropout=0.0))
        optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2)
        for step in range(60):
            sources = [net.source_ids(torch.randint(UNITS, (5 + step % 7,)), language) for language in ("en", "zh")]
            net.loss(net.encode(sources), [torch.arange(15), torch.arange(15) + 8], ["zh", "en"]).backward()
            optimizer.step()
            optimizer.zero_grad()
    return net.eval()


def tiny_vocoder() -> UnitVocoder:
    """A unit lasts about three frames."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        vocoder = UnitVocoder(VocoderConfig(UNITS, unit_dim=8, width=16, blocks=1, fine_blocks=1, bands=10, harmonics=12)).eval()
    with torch.no_grad():
        vocoder.dur_predictor.proj.bias.fill_(1.4)
    return vocoder


def make_unit_models(folder: Path) -> UnitModels:
    """The three in folders of their own."""
    save_encoder(tiny_encoder(), folder / "encoder")
    save_translator(tiny_translator(), folder / "translator")
    save_vocoder(tiny_vocoder(), folder / "vocoder")
    return UnitModels(folder / "encoder", folder / "translator", folder / "vocoder", ("en-zh", "zh-en"))
