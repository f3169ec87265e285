"""Tom and Mara: two portraits drawn from curves, whose mouths, eyes, brows and heads follow a pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.demo.canvas import Colour, Pen, Placement, Points, ellipse, mirrored, smooth


@dataclass(frozen=True, slots=True)
class Mouth:
    """Shape of the lips: `opening` 0 closed to 1 wide open, `rounding` −1 spread to 1 pursed, `is_on_lip` teeth on the lower lip."""

    opening: float
    rounding: float
    is_on_lip: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of a person. `blink` 1 is shut; `brow` up is positive; `gaze` is left to right, −1 to 1; `smile` 0 to 1."""

    mouth: Mouth
    tilt_rad: float
    yaw: float
    nod: float
    blink: float
    brow: float
    gaze: float
    smile: float


@dataclass(frozen=True, slots=True)
class Look:
    """What stays the same about a person."""

    outline: Points
    skin: Colour
    shade: Colour
    lip: Colour
    hair: Colour
    hair_light: Colour
    coat: Colour
    coat_dark: Colour
    iris: Colour


TOM = Look(
    mirrored([(0, -86), (36, -80), (58, -52), (62, -8), (58, 30), (46, 60), (24, 82), (0, 88)]),
    (226, 168, 134), (150, 88, 92), (178, 96, 92), (58, 38, 40), (98, 62, 54), (46, 92, 98), (30, 62, 76), (86, 58, 40),
)  # fmt: skip
MARA = Look(
    mirrored([(0, -84), (34, -78), (56, -48), (60, -8), (55, 28), (41, 58), (19, 78), (0, 82)]),
    (238, 186, 154), (172, 100, 104), (192, 84, 88), (206, 204, 214), (236, 236, 242), (240, 180, 62), (196, 132, 46), (70, 108, 132),
)  # fmt: skip
INK: Colour = (44, 30, 44)


def draw_tom(image: Image.Image, place: Placement, pose: Pose) -> None:
    body, head = Pen(image, place), _head_pen(image, place, pose)
    _coat(body, TOM)
    _neck(body, TOM)
    _scarf(body)
    for side in (-1, 1):
        head.fill(ellipse(side * 62, 2, 11, 17), TOM.skin)
        head.soft(ellipse(side * 63, 4, 6, 10), TOM.shade, alpha=0.45, blur=3)
    _face(head, TOM)
    stubble = head.place.on_face(smooth([(-60, 22), (-40, 34), (-22, 30), (0, 34), (22, 30), (40, 34), (60, 22), (46, 62), (24, 84), (0, 90), (-24, 84), (-46, 62)]))
    head.soft(stubble, (118, 78, 78), alpha=0.34, blur=5, clip=smooth(TOM.outline))
    _features(head, TOM, pose, brow_width=7.5, lash_width=2.6)
    fringe: Points = [(-66, -2), (-70, -40), (-58, -78), (-26, -104), (14, -108), (50, -92), (70, -52), (66, -2), (58, -22), (52, -44), (30, -56), (4, -52), (-22, -60), (-44, -46), (-56, -24)]
    head.fill(smooth(fringe), TOM.hair)
    cap = smooth(fringe)
    head.soft(ellipse(-22, -88, 46, 16), (150, 100, 84), alpha=0.35, blur=10, clip=cap)
    for x in (-48, -34, -20, -4, 12, 28, 42):
        head.stroke(smooth([(x - 10, -56 - abs(x) * 0.1), (x - 4, -76), (x + 12, -92)], is_closed=False), TOM.hair_light, 2.2)


def draw_mara(image: Image.Image, place: Placement, pose: Pose) -> None:
    body, head = Pen(image, place), _head_pen(image, place, pose)
    back = smooth(mirrored([(0, -84), (44, -76), (70, -40), (76, 6), (70, 44), (52, 64), (0, 66)]))
    head.fill(back, MARA.hair)
    head.soft(back + [0, 26], (120, 112, 140), alpha=0.5, blur=12, clip=back)
    _coat(body, MARA)
    _neck(body, MARA)
    _collar(body)
    _face(head, MARA)
    for side in (-1, 1):
        head.soft(head.place.on_face(ellipse(side * 36, 30, 15, 10)), (236, 116, 104), alpha=0.34, blur=6, clip=smooth(MARA.outline))
    _features(head, MARA, pose, brow_width=5.0, lash_width=3.4)
    for side in (-1, 1):
        lock: Points = [(side * 30, -58), (side * 52, -52), (side * 70, -22), (side * 74, 20), (side * 64, 52), (side * 58, 34), (side * 59, 4), (side * 50, -26)]
        head.fill(smooth(lock), MARA.hair)
        head.stroke(smooth([(side * 50, -40), (side * 64, -8), (side * 66, 34)], is_closed=False), MARA.hair_light, 2.6)
    _cap(head)


def draw_cake(image: Image.Image, place: Placement) -> None:
    """The box in Tom's hands."""
    pen = Pen(image, place)
    pen.soft(np.array([(-70, 186), (74, 186), (74, 290), (-70, 290)], float), (16, 20, 44), alpha=0.5, blur=8)
    pen.fill(np.array([(-66, 180), (66, 180), (62, 290), (-62, 290)], float), (250, 226, 224))
    pen.fill(np.array([(-72, 170), (72, 170), (72, 192), (-72, 192)], float), (255, 240, 236))
    pen.fill(np.array([(-9, 170), (9, 170), (9, 290), (-9, 290)], float), (226, 92, 108))
    for side in (-1, 1):
        pen.fill(smooth([(0, 170), (side * 14, 152), (side * 34, 150), (side * 32, 166)]), (226, 92, 108))
        hand: Points = [(side * 84, 226), (side * 70, 214), (side * 52, 220), (side * 50, 232), (side * 54, 244), (side * 72, 256), (side * 88, 252)]
        pen.fill(smooth(hand), TOM.skin)
        for y in (228, 239):
            pen.stroke(np.array([(side * 55, y), (side * 68, y + 1)], float), (190, 126, 108), 2)


def _head_pen(image: Image.Image, place: Placement, pose: Pose) -> Pen:
    turned = Placement(place.x_px, place.y_px + pose.nod * 0.6 * place.scale, place.scale, pose.tilt_rad, pose.yaw, pose.nod)
    return Pen(image, turned)


def _face(pen: Pen, look: Look) -> None:
    outline = smooth(look.outline)
    pen.fill(outline, look.skin)
    crescent = np.concatenate([smooth([(44, -80), (26, -30), (38, 30), (14, 90)], is_closed=False), [[120, 90], [120, -80]]])
    pen.soft(crescent, look.shade, alpha=0.42, blur=13, clip=outline)
    pen.soft(ellipse(-34, -30, 26, 44), (255, 226, 196), alpha=0.35, blur=16, clip=outline)
    pen.soft(np.array([(-80, 76), (80, 76), (80, 120), (-80, 120)], float), look.shade, alpha=0.3, blur=9, clip=outline)


def _features(pen: Pen, look: Look, pose: Pose, *, brow_width: float, lash_width: float) -> None:
    on = pen.place.on_face
    for side in (-1, 1):
        _eye(pen, look, pose, side, lash_width)
        lift = -6 * pose.brow
        brow = smooth([(side * 14, -31 + lift * 0.7), (side * 28, -38 + lift), (side * 44, -31 + lift * 0.8)], is_closed=False)
        pen.stroke(on(brow), look.hair if look is TOM else (158, 150, 162), brow_width)
    bridge = smooth([(5, -12), (11, 10), (15, 25), (8, 31), (-1, 32)], is_closed=False)
    pen.soft(on(smooth([(2, -14), (10, 6), (17, 26), (6, 33), (-6, 32)])), look.shade, alpha=0.32, blur=4)
    pen.stroke(on(bridge[-18:]), look.shade, 2.4)
    for side in (-1, 1):
        pen.soft(on(ellipse(side * 7, 31, 4.2, 2.2)), (110, 56, 62), alpha=0.7, blur=1.2)
    _mouth(pen, look, pose)


def _eye(pen: Pen, look: Look, pose: Pose, side: int, lash_width: float) -> None:
    on, x, y = pen.place.on_face, side * 28.0, -10.0
    tall = 10.5 * (1 - pose.blink)
    upper: Points = [(x - 15, y + 1), (x - 8, y - tall * 0.85), (x + 1, y - tall), (x + 9, y - tall * 0.8), (x + 15, y + 1)]
    lid = on(smooth(upper, is_closed=False))
    if tall > 2:
        lower = on(smooth([(x + 15, y + 1), (x + 6, y + 6 * (1 - pose.blink)), (x - 6, y + 6 * (1 - pose.blink)), (x - 15, y + 1)], is_closed=False))
        white = np.concatenate([lid, lower])
        pen.fill(white, (250, 244, 240))
        centre = on(np.array([[x + 4.5 * pose.gaze, y - 2.5]]))[0]
        pen.soft(ellipse(*centre, 8.6, 8.6), look.iris, alpha=1, blur=0, clip=white)
        pen.soft(ellipse(*centre, 4.3, 4.3), (24, 18, 28), alpha=1, blur=0, clip=white)
        pen.soft(lid + [0, 2.0], (90, 70, 90), alpha=0.35, blur=1.5, clip=white)
        pen.fill(ellipse(centre[0] - 3, centre[1] - 3.4, 2.2, 2.2, count=16), (255, 255, 255))
    pen.stroke(lid, INK, lash_width)
    crease = on(smooth([(x - 13, y - 8 - tall * 0.2), (x, y - 13 - tall * 0.25), (x + 13, y - 8 - tall * 0.2)], is_closed=False))
    pen.soft(np.concatenate([crease, crease[::-1] + [0, 2]]), look.shade, alpha=0.6, blur=1.2)


def _mouth(pen: Pen, look: Look, pose: Pose) -> None:
    """Lips around a dark opening with teeth above and tongue below; corners follow rounding and smile."""
    on, mouth, y = pen.place.on_face, pose.mouth, 54.0
    half = 22.0 - 8.5 * max(0.0, mouth.rounding) + 3.0 * max(0.0, -mouth.rounding) + 3.0 * pose.smile
    drop = 22.0 * mouth.opening
    corner_y = y + 0.35 * drop - 3.5 * pose.smile
    full = 1 + 0.35 * max(0.0, mouth.rounding)
    top: Points = [(-half, corner_y), (-half * 0.42, y - 5.4 * full), (0, y - 3.6 * full), (half * 0.42, y - 5.4 * full), (half, corner_y)]
    low: Points = [(half, corner_y), (half * 0.5, y + drop + 6.4 * full), (0, y + drop + 8.4 * full), (-half * 0.5, y + drop + 6.4 * full), (-half, corner_y)]
    lips = on(np.concatenate([smooth(top, is_closed=False), smooth(low, is_closed=False)]))
    pen.soft(lips + [0, 5], look.shade, alpha=0.35, blur=5)
    pen.fill(lips, look.lip)
    inner = half * 0.86
    seam: Points = [(-inner, corner_y), (-inner * 0.4, y - 0.4), (0, y + 0.6), (inner * 0.4, y - 0.4), (inner, corner_y)]
    if drop > 1.6:
        floor: Points = [(inner, corner_y), (inner * 0.5, y + drop + 0.8), (0, y + drop + 1.8), (-inner * 0.5, y + drop + 0.8), (-inner, corner_y)]
        hole = on(np.concatenate([smooth(seam, is_closed=False), smooth(floor, is_closed=False)]))
        pen.fill(hole, (70, 22, 34))
        pen.soft(on(ellipse(0, y + drop + 3, inner * 0.62, 0.42 * drop)), (206, 92, 96), alpha=1, blur=1.5, clip=hole)
        teeth = min(6.5, 0.5 * drop)
        pen.soft(on(np.array([(-inner * 0.8, y - 6), (inner * 0.8, y - 6), (inner * 0.74, y + teeth), (-inner * 0.74, y + teeth)])), (250, 244, 238), alpha=1, blur=0.6, clip=hole)
    else:
        pen.stroke(on(smooth(seam, is_closed=False)), (116, 48, 56), 2.0)
    if mouth.is_on_lip:
        edge = smooth([(-inner * 0.6, y + 0.5), (0, y + 1), (inner * 0.6, y + 0.5), (inner * 0.4, y + 3.6), (-inner * 0.4, y + 3.6)])
        pen.soft(on(edge), (250, 244, 238), alpha=0.9, blur=0.8)
    pen.soft(on(ellipse(-3, y + drop + 5.2, half * 0.34, 1.6)), (255, 214, 206), alpha=0.55, blur=1.4)


def _neck(pen: Pen, look: Look) -> None:
    neck = smooth([(-27, 50), (27, 50), (29, 110), (44, 132), (0, 156), (-44, 132), (-29, 110)])
    pen.fill(neck, look.skin)
    pen.soft(ellipse(4, 84, 44, 30), look.shade, alpha=0.75, blur=9, clip=neck)


def _coat(pen: Pen, look: Look) -> None:
    coat = smooth([(-34, 112), (-78, 126), (-122, 152), (-140, 214), (-148, 330), (148, 330), (140, 214), (122, 152), (78, 126), (34, 112)])
    pen.fill(coat, look.coat)
    pen.soft(np.array([(60, 100), (160, 100), (160, 330), (84, 330)], float), look.coat_dark, alpha=0.75, blur=18, clip=coat)
    pen.soft(ellipse(-92, 170, 34, 60), (255, 236, 200), alpha=0.22, blur=18, clip=coat)
    pen.stroke(np.array([(0, 150), (0, 330)], float), look.coat_dark, 3)


def _scarf(pen: Pen) -> None:
    wrap = smooth([(-50, 104), (-30, 96), (0, 112), (30, 96), (50, 104), (56, 128), (30, 146), (0, 150), (-30, 146), (-56, 128)])
    pen.fill(wrap, (206, 104, 74))
    pen.soft(ellipse(30, 126, 34, 26), (134, 54, 54), alpha=0.6, blur=9, clip=wrap)
    pen.stroke(smooth([(-46, 118), (-20, 128), (0, 126), (24, 128), (46, 116)], is_closed=False), (166, 74, 58), 3)
    pen.fill(smooth([(-30, 138), (-6, 140), (-8, 196), (-16, 216), (-36, 210)]), (206, 104, 74))
    for y in (164, 184):
        pen.stroke(np.array([(-33, y), (-8, y + 2)], float), (240, 196, 150), 4)


def _collar(pen: Pen) -> None:
    for side in (-1, 1):
        flap = smooth([(side * 12, 150), (side * 30, 108), (side * 54, 106), (side * 66, 132), (side * 40, 172)])
        pen.fill(flap, (250, 196, 84) if side < 0 else (218, 154, 54))
        pen.stroke(smooth([(side * 12, 150), (side * 40, 172), (side * 66, 132)], is_closed=False), (176, 114, 40), 2.4)
    for y in (196, 240):
        pen.fill(ellipse(9, y, 4.6, 4.6), (252, 236, 196))
    jumper = smooth([(-22, 112), (0, 122), (22, 112), (14, 144), (0, 156), (-14, 144)])
    pen.fill(jumper, (52, 66, 104))


def _cap(pen: Pen) -> None:
    crown: Points = [(-62, -66), (-78, -92), (-60, -116), (-20, -126), (20, -126), (60, -116), (78, -92), (62, -66)]
    top = smooth(crown)
    pen.fill(top, (40, 52, 92))
    pen.soft(ellipse(40, -92, 40, 36), (20, 26, 56), alpha=0.7, blur=12, clip=top)
    pen.soft(ellipse(-34, -108, 26, 12), (120, 136, 180), alpha=0.4, blur=8, clip=top)
    band = np.concatenate([smooth([(-61, -78), (0, -70), (61, -78)], is_closed=False), smooth([(59, -56), (0, -48), (-59, -56)], is_closed=False)])
    pen.fill(band, (30, 38, 70))
    cord = smooth([(-59, -62), (0, -54), (59, -62)], is_closed=False)
    pen.stroke(cord, (232, 188, 92), 3.6)
    peak = np.concatenate([smooth([(-57, -55), (0, -47), (57, -55)], is_closed=False), smooth([(46, -41), (0, -33), (-46, -41)], is_closed=False)])
    pen.fill(peak, (22, 26, 48))
    pen.soft(peak + [0, 13], (120, 66, 80), alpha=0.35, blur=6, clip=smooth(MARA.outline))
    pen.fill(ellipse(0, -84, 11, 11), (232, 188, 92))
    pen.stroke(np.array([(0, -91), (0, -78)], float), (40, 52, 92), 2.4)
    pen.stroke(smooth([(-6, -81), (0, -76.5), (6, -81)], is_closed=False), (40, 52, 92), 2.2)
