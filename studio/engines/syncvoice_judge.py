"""Judgements the voice can make itself: whether a recording is of one person, and how well a sound goes with its words. Sounds in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from studio.domain.errors import EngineFailed
from studio.engines.protocols import Audio
from studio.engines.syncvoice_plan import tokens_of
from studio.engines.syncvoice_voice import NAME, OpenVoice, Recordings, mel_of

if TYPE_CHECKING:
    import numpy as np

SHORTEST_MS = 2_000
QUIETEST_RMS = 1e-3
PIECE_MS = 1_600  # what the speaker encoder hears at a time
LEAST_ALIKE = {1: 0.55, 2: 0.66}
"""Cosine of the two sides of a recording, by how many pieces the shorter side has at least: one piece alone says less of a voice. Of 32
recordings of one person none is refused, of 41 joined from two persons 38 are (the others join two alike synthetic voices)."""
FLOW_TIMES = (0.2, 0.35, 0.5, 0.65)


def why_unfit(recording: Audio, recordings: Recordings) -> str:
    """Why no voice can be made of a recording; "" where one can. Raises EngineUnavailable without the speaker encoder."""
    import numpy as np

    samples = _voiced(recording)
    spoken_ms = 1000 * len(samples) // recording.rate_hz
    if not len(recording.samples) or float(np.sqrt(np.mean(np.square(recording.samples)))) < QUIETEST_RMS or spoken_ms == 0:
        return "it is silent; choose a recording in which someone speaks."
    if spoken_ms < SHORTEST_MS:
        return f"there are {spoken_ms / 1000:.1f} s of speech in it; a voice needs at least {SHORTEST_MS / 1000:.0f} s."
    if _is_of_two(Audio(samples, recording.rate_hz), recordings):
        return "two people seem to speak in it; cut it so that one person is heard alone."
    return ""


def _voiced(recording: Audio) -> np.ndarray:
    """The recording without its silences: 20 ms frames within 35 dB of the loud ones."""
    import numpy as np

    frame = recording.rate_hz // 50
    count = len(recording.samples) // frame
    rows = recording.samples[: count * frame].reshape(count, frame)
    if not count:
        return recording.samples[:0]
    levels = np.sqrt(np.mean(np.square(rows), axis=1))
    loud = float(np.percentile(levels, 95))
    return rows[levels > max(loud * 10 ** (-35 / 20), 1e-5)].ravel()


def _is_of_two(spoken: Audio, recordings: Recordings) -> bool:
    """Whether what is heard before some moment and what is heard after it are of two persons."""
    import numpy as np

    size = PIECE_MS * spoken.rate_hz // 1000
    if len(spoken.samples) < 2 * size:
        size = len(spoken.samples) // 2
    starts = range(0, len(spoken.samples) - size + 1, size)
    prints = [recordings.print_of(Audio(spoken.samples[start : start + size], spoken.rate_hz)) for start in starts]
    for cut in range(1, len(prints)):
        least = LEAST_ALIKE[min(cut, len(prints) - cut, max(LEAST_ALIKE))]
        if _cosine(np.sum(prints[:cut], axis=0), np.sum(prints[cut:], axis=0)) < least:
            return True
    return False


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    import numpy as np

    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def likelihoods(voice: OpenVoice, text: str, language: str, takes: Sequence[Audio]) -> list[float]:
    """How much better the net predicts each sound with its words than without them, in mean squared velocity: higher is better.

    Noise and flow times are the same for all takes. Raises EngineFailed for a text that the voice cannot read."""
    import torch

    from models.speech.spectrum import FEATURE_SCALE
    from models.speech.token_durations import average_durations
    from models.speech.tokens import UnspeakableText

    try:
        ids = voice.synthesizer.bundle.table.ids(tokens_of(voice, voice.tokenizer(language), text))
    except UnspeakableText as error:
        raise EngineFailed(NAME, str(error)) from error
    net, device, found = voice.synthesizer.net, voice.synthesizer.device, []
    with torch.inference_mode():
        for take in takes:
            target = torch.from_numpy(mel_of(take))[None].to(device) * FEATURE_SCALE
            frames = target.shape[1]
            if frames < len(ids):
                raise EngineFailed(NAME, f"a sound of {take.length_ms / 1000:.1f} s is too short for these words to be judged.")
            text_states = net.backbone.text_condition([ids], [average_durations(len(ids), frames)], frames)
            found.append(_gain(voice, target, text_states))
    return found


def _gain(voice: OpenVoice, target: object, text: object) -> float:
    """Error without the words minus error with them, over a few noises and flow times."""
    import torch

    from models.speech.flow import frame_errors
    from models.speech.syncvoice import Conditions

    assert isinstance(target, torch.Tensor) and isinstance(text, torch.Tensor)
    rows = len(FLOW_TIMES)
    noise = torch.randn(rows, *target.shape[1:], generator=torch.Generator().manual_seed(0)).to(target.device)
    times = torch.tensor(FLOW_TIMES, device=target.device)
    many, nothing = target.expand(rows, -1, -1), torch.zeros_like(target).expand(rows, -1, -1)
    with_words = Conditions(text.expand(rows, -1, -1), nothing)
    net = voice.synthesizer.net
    errors = [frame_errors(net, conditions, many, noise, times).mean() for conditions in (Conditions(nothing, nothing), with_words)]
    return float(errors[0] - errors[1])
