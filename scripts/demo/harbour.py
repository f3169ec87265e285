"""The harbour at dusk: sky, island, lighthouse, a leaving ferry and a moving sea. A time in seconds enters, an RGB picture leaves."""

from __future__ import annotations

from math import pi, sin

import numpy as np
from PIL import Image, ImageFilter

from scripts.demo.canvas import Colour, Pen, Placement, ellipse, smooth

WIDTH, HEIGHT = 960, 540  # drawn at this size; the people in front of it are drawn larger
HORIZON = 300
SKY: tuple[tuple[float, Colour], ...] = (
    (0.0, (34, 44, 92)), (0.35, (78, 78, 136)), (0.62, (168, 112, 148)), (0.82, (236, 152, 128)), (1.0, (255, 202, 146)),
)  # fmt: skip
SEA: tuple[tuple[float, Colour], ...] = ((0.0, (196, 132, 136)), (0.12, (112, 92, 132)), (0.5, (48, 60, 104)), (1.0, (22, 32, 66)))
ISLAND, LAND, TOWER, LAMP = (82, 72, 118), (50, 48, 92), (228, 214, 214), (255, 236, 176)


def gradient(stops: tuple[tuple[float, Colour], ...], rows: int) -> np.ndarray:
    """float32 colours, shape (rows, 3)."""
    at = np.linspace(0, 1, rows)
    channels = [np.interp(at, [stop for stop, _ in stops], [colour[k] for _, colour in stops]) for k in range(3)]
    return np.stack(channels, 1).astype(np.float32)


class Harbour:
    """Paints the scene; what never moves is painted once."""

    def __init__(self) -> None:
        self._still = self._paint_still()
        self._sea = gradient(SEA, HEIGHT - HORIZON)
        self._rng_phases = np.random.default_rng(7).uniform(0, 2 * pi, 9)

    def paint(self, time_s: float, *, blur_px: float) -> Image.Image:
        image = self._still.copy()
        self._ferry(image, time_s)
        self._beam(image, time_s)
        image.paste(Image.fromarray(self._waves(time_s)), (0, HORIZON))
        self._shore(image)
        return image.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px else image

    def _paint_still(self) -> Image.Image:
        sky = np.repeat(gradient(SKY, HORIZON)[:, None], WIDTH, 1)
        glow = np.exp(-(((np.arange(WIDTH) - 560) / 260) ** 2))[None, :] * np.linspace(0, 1, HORIZON)[:, None] ** 3
        sky = sky + glow[..., None] * np.array([34, 30, 10], np.float32)
        whole = np.concatenate([sky, np.zeros((HEIGHT - HORIZON, WIDTH, 3), np.float32)])
        image = Image.fromarray(np.clip(whole, 0, 255).astype(np.uint8))
        pen = Pen(image, Placement(0, 0, 1))
        for x, y, length in ((140, 92, 190), (690, 66, 230), (420, 138, 300), (820, 168, 210), (230, 196, 240)):
            cloud = smooth([(x - length / 2, y), (x - length / 6, y - 9), (x + length / 5, y - 5), (x + length / 2, y), (x, y + 7)])
            pen.soft(cloud, (255, 196, 178), alpha=0.22 + y / 900, blur=7)
        for x, y in np.random.default_rng(3).uniform((0, 0), (WIDTH, 110), (26, 2)):
            pen.soft(ellipse(x, y, 1.1, 1.1), (255, 244, 230), alpha=0.6, blur=0.5)
        hills = [(330, 302), (400, 276), (470, 258), (520, 266), (590, 244), (650, 262), (730, 284), (800, 302)]
        pen.fill(np.concatenate([smooth(hills, is_closed=False), [[800, 306], [330, 306]]]), ISLAND)
        for x, y in ((486, 284), (510, 290), (548, 281), (577, 289), (610, 283), (640, 290), (528, 295)):
            pen.soft(ellipse(x, y, 1.6, 1.6), LAMP, alpha=0.95, blur=0.8)
        return image

    def _waves(self, time_s: float) -> np.ndarray:
        """The sea: bands of light that run toward the shore, broad near and narrow far, brighter below the afterglow."""
        rows, columns = HEIGHT - HORIZON, WIDTH
        near = np.linspace(0.02, 1, rows, dtype=np.float32)[:, None]
        x = np.arange(columns, dtype=np.float32)[None, :]
        depth = 1 / (near + 0.06)
        height = np.zeros((rows, columns), np.float32)
        for k, phase in enumerate(self._rng_phases):
            along, across, speed = 0.007 * (k + 1) * (-1) ** k, 3.1 * (k + 2), 0.55 + 0.13 * k
            height += np.sin(x * along * (0.5 + 0.5 * (1 - near)) + across * depth + phase + speed * time_s * 2) / (k + 2)
        crest = np.clip(height - 0.25, 0, 1.5)
        path = np.exp(-(((x - 560) / (90 + 240 * near)) ** 2)) * np.clip(height + 0.5, 0, 2) * (1 - 0.75 * near)
        sea = self._sea[:, None, :] + (height * 7 * near)[..., None]
        sea = sea + crest[..., None] * np.array([44, 38, 46], np.float32) * (1 - 0.5 * near)[..., None]
        sea = sea + path[..., None] * np.array([120, 74, 44], np.float32)
        return np.clip(sea, 0, 255).astype(np.uint8)

    def _ferry(self, image: Image.Image, time_s: float) -> None:
        """Lit decks that grow smaller as the ferry leaves."""
        bob = sin(time_s * 1.3) * 0.5
        pen = Pen(image, Placement(392 + 2.6 * time_s, HORIZON - 3 + bob, 0.78 - 0.006 * time_s))
        pen.fill(np.array([(-62, -10), (58, -10), (44, 8), (-52, 8)], float), (38, 40, 80))
        pen.fill(np.array([(-46, -24), (38, -24), (42, -10), (-50, -10)], float), (214, 200, 206))
        pen.fill(np.array([(-26, -36), (22, -36), (26, -24), (-30, -24)], float), (196, 182, 196))
        pen.fill(np.array([(-8, -50), (4, -50), (6, -36), (-10, -36)], float), (206, 96, 88))
        for row, count in ((-18, 9), (-30, 5)):
            for k in range(count):
                pen.soft(ellipse((k - (count - 1) / 2) * 9 - 3, row, 2.6, 2.4), LAMP, alpha=1, blur=0.9)
        pen.soft(ellipse(-2, -16, 60, 24), LAMP, alpha=0.2, blur=14)

    def _beam(self, image: Image.Image, time_s: float) -> None:
        """The lighthouse on its rock, and two beams that sweep."""
        x, y = 118, 168
        pen = Pen(image, Placement(0, 0, 1))
        turn = time_s * 0.9
        for side in (0.0, pi):
            for share in (1.0, 0.8, 0.6, 0.4, 0.25):  # nested, so that the beam fades with its reach
                reach, tall = 380 * share * sin(turn + side), 3 + 24 * share
                beam = np.array([(x, y - 3), (x + reach, y - tall), (x + reach, y + tall), (x, y + 3)], float)
                pen.soft(beam, (255, 240, 200), alpha=0.055, blur=6)
        pen.fill(smooth([(20, 306), (52, 276), (104, 262), (168, 270), (214, 292), (236, 306)], is_closed=False), LAND)
        pen.fill(np.array([(104, 266), (109, 182), (127, 182), (132, 266)], float), TOWER)
        for top in (196, 226):
            low = top + 15
            pen.fill(np.array([(118 - edge, level) for edge, level in ((9.6, top), (10.4, low))] + [(128.4, low), (127.6, top)], float), (206, 92, 88))
        pen.fill(np.array([(107, 182), (129, 182), (129, 178), (107, 178)], float), LAND)
        pen.fill(np.array([(111, 178), (125, 178), (125, 160), (111, 160)], float), LAMP)
        pen.fill(np.array([(109, 160), (127, 160), (118, 148)], float), (146, 62, 70))
        pen.soft(ellipse(x, y, 20, 20), (255, 240, 190), alpha=0.55 + 0.25 * sin(turn * 2) ** 2, blur=9)

    def _shore(self, image: Image.Image) -> None:
        """The pier behind the people: a rail and a lamp."""
        pen = Pen(image, Placement(0, 0, 1))
        dark: Colour = (26, 30, 58)
        pen.fill(np.array([(0, 452), (WIDTH, 452), (WIDTH, 466), (0, 466)], float), dark)
        pen.fill(np.array([(0, 500), (WIDTH, 500), (WIDTH, 510), (0, 510)], float), dark)
        for x in range(24, WIDTH, 152):
            pen.fill(np.array([(x, 440), (x + 18, 440), (x + 18, HEIGHT), (x, HEIGHT)], float), dark)
        pen.fill(np.array([(868, 96), (878, 96), (880, 460), (866, 460)], float), dark)
        pen.fill(np.array([(850, 92), (896, 92), (886, 74), (860, 74)], float), dark)
        pen.fill(np.array([(857, 92), (889, 92), (884, 116), (862, 116)], float), LAMP)
        pen.soft(ellipse(873, 106, 58, 58), (255, 224, 150), alpha=0.5, blur=26)
