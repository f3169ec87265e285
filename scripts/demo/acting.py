"""How the people move: mouths after the phones of their lines, and heads, brows and eyes with the talk. Times in, a Pose out."""

from __future__ import annotations

from math import sin

import numpy as np

from scripts.demo.people import Mouth, Pose
from scripts.demo.story import FPS, SpokenPart, frame_count

# first letter of a phone without stress marks -> opening, rounding
SHAPES: dict[str, tuple[float, float]] = {
    "a": (0.85, -0.2), "ɑ": (0.9, 0.0), "æ": (0.8, -0.4), "ʌ": (0.65, 0.0), "ɐ": (0.65, 0.0), "ɛ": (0.55, -0.4), "e": (0.5, -0.5),
    "ə": (0.4, 0.0), "ɜ": (0.45, 0.2), "ɚ": (0.4, 0.3), "i": (0.3, -0.8), "ɪ": (0.35, -0.5), "ɔ": (0.65, 0.7), "ɒ": (0.7, 0.5),
    "o": (0.55, 0.8), "u": (0.25, 1.0), "ʊ": (0.3, 0.8), "w": (0.15, 1.0), "m": (0.0, 0.0), "b": (0.0, 0.0), "p": (0.0, 0.0),
    "f": (0.1, 0.0), "v": (0.1, 0.0), "ʃ": (0.2, 0.6), "ʒ": (0.2, 0.6), "ɹ": (0.25, 0.5), "r": (0.25, 0.3), "j": (0.25, -0.5),
    "θ": (0.2, 0.0), "ð": (0.2, 0.0), "h": (0.4, 0.0), "": (0.0, 0.0),
}  # fmt: skip
OTHERWISE = (0.2, -0.1)
PER_SECOND = 200  # the mouth track is finer than the picture, then smoothed
LEAD_MS = 80  # lips take the shape of a sound before it is heard


class Acting:
    """Poses of one person through the whole clip."""

    def __init__(self, who: str, spoken: tuple[SpokenPart, ...], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._side = 1.0 if who == "Tom" else -1.0  # Tom stands left and looks to the right
        self._frames = frame_count(spoken)
        mine = [item for item in spoken if item.part.who == who]
        self._opening, self._rounding, self._on_lip = self._mouth_tracks(mine)
        self._talk = self._envelope([(item.start_ms, item.end_ms) for item in mine], ease_s=0.25)
        self._asks = self._envelope([(item.start_ms, item.end_ms) for item in mine if item.part.text[-1] in "?!."], ease_s=0.3)
        self._warm = self._envelope([(i.start_ms, i.end_ms + 1200) for i in spoken if "birthday" in i.part.text or "cake" in i.part.text], ease_s=0.5)
        self._blinks = self._blink_track()

    def pose(self, frame: int) -> Pose:
        t, k = frame / FPS, self._side
        talk, beat = self._talk[frame], self._beat(frame)
        gaze = 0.55 * k + 0.12 * sin(0.7 * t + k)
        mouth = Mouth(float(self._opening[frame]), float(self._rounding[frame]), bool(self._on_lip[frame]))
        return Pose(
            mouth=mouth,
            tilt_rad=0.022 * sin(0.9 * t + 2 * k) + 0.02 * k * talk * sin(2.1 * t),
            yaw=k * (6.5 + 2.2 * sin(0.63 * t)) - 2.5 * k * talk * sin(1.7 * t + 1),
            nod=1.6 * sin(1.1 * t + k) + 5.0 * beat,
            blink=float(self._blinks[frame]),
            brow=0.15 + 0.5 * self._asks[frame] * (0.5 + 0.5 * sin(2.6 * t)) + 0.4 * beat,
            gaze=gaze,
            smile=0.15 + 0.85 * float(self._warm[frame]),
        )

    def _beat(self, frame: int) -> float:
        """A slow follower of the mouth: heads nod with stressed syllables."""
        window = self._opening[max(0, frame - 7) : frame + 1]
        return float(window.mean()) * self._talk[frame]

    def _mouth_tracks(self, mine: list[SpokenPart]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        count = self._frames * PER_SECOND // FPS
        opening, rounding, on_lip = np.zeros(count), np.zeros(count), np.zeros(count)
        for item in mine:
            for phone in item.phones:
                letter = phone.symbol.strip("ˈˌː")[:1]
                first, last = phone.start_ms * PER_SECOND // 1000, max(phone.end_ms, phone.start_ms + 1) * PER_SECOND // 1000
                opening[first:last], rounding[first:last] = SHAPES.get(letter, OTHERWISE)
                on_lip[first:last] = letter in ("f", "v")
        width = PER_SECOND * 70 // 1000
        window = np.hanning(width + 2)[1:-1]
        window /= window.sum()
        at = np.minimum(np.arange(self._frames) * PER_SECOND // FPS + LEAD_MS * PER_SECOND // 1000, count - 1)
        closed = (np.convolve(on_lip, window, "same") > 0.5)[at]
        return np.convolve(opening, window, "same")[at], np.convolve(rounding, window, "same")[at], closed

    def _envelope(self, spans: list[tuple[int, int]], *, ease_s: float) -> np.ndarray:
        track = np.zeros(self._frames)
        for start_ms, end_ms in spans:
            track[start_ms * FPS // 1000 : end_ms * FPS // 1000] = 1
        window = np.hanning(int(2 * ease_s * FPS) + 3)[1:-1]
        return np.convolve(track, window / window.sum(), "same")

    def _blink_track(self) -> np.ndarray:
        track, at = np.zeros(self._frames), int(self._rng.integers(10, 60))
        shape = np.array([0.5, 1.0, 0.9, 0.45])
        while at + len(shape) < self._frames:
            track[at : at + len(shape)] = shape
            at += int(self._rng.integers(45, 120))
        return track
