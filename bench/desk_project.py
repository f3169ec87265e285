"""A project of many lines for `bench.desk`: texts from a seeded generator of our own, a film of the right length, some takes.

Enter: how many lines, a seed, a folder. Leaves: a studio home with one project in it. All goes through the verbs everybody uses.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

from studio.bootstrap import Place, open_studio
from studio.domain.project import JobKind
from studio.media.ffmpeg import ToolCall, input_args, local, run
from studio.service import Studio

SOURCE, TARGET = "en", "de"
REEL_S = 60
PEOPLE = ("Ada", "Ben", "Clara", "David", "Emil", "Frieda", "Greta", "Hanno")
WORDS = {
    "who": (("the captain", "der Kapitän"), ("my sister", "meine Schwester"), ("nobody here", "niemand hier"), ("the old teacher", "die alte Lehrerin"),
            ("everyone", "jeder"), ("the other driver", "der andere Fahrer")),
    "does": (("has seen", "hat gesehen"), ("will forget", "vergisst"), ("never found", "fand nie"), ("wants to sell", "will verkaufen"),
             ("remembers", "erinnert sich an"), ("left", "verließ")),
    "what": (("the letter", "den Brief"), ("that house by the river", "dieses Haus am Fluss"), ("her keys", "ihre Schlüssel"),
             ("the last train", "den letzten Zug"), ("a quiet morning", "einen ruhigen Morgen"), ("what we promised", "was wir versprochen haben")),
    "when": (("before the rain came", "bevor der Regen kam"), ("last winter", "letzten Winter"), ("on the way home", "auf dem Heimweg"),
             ("in a hurry", "in aller Eile"), ("without a word", "ohne ein Wort"), ("after all these years", "nach all den Jahren")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    speaker: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Where a project lies, and what making it took."""

    home: Path
    project_id: str
    lines: int
    takes: int
    film_s: float
    made_in_s: float


def dialogue(count: int, seed: int) -> list[Cue]:
    """`count` lines in both languages, one after the other with gaps, no two alike; translations of all lengths, so that some do not fit."""
    draw, at_ms, cues = random.Random(seed), 800, []
    for number in range(count):
        picks = [draw.choice(WORDS[part]) for part in WORDS]
        long = draw.random() < 0.3
        source = f"{picks[0][0].capitalize()} {picks[1][0]} {picks[2][0]} {picks[3][0]}, {number}."
        target = f"{picks[0][1].capitalize()} {picks[1][1]} {picks[2][1]}" + (f" {picks[3][1]}" if long else "") + f", {number}."
        length_ms = draw.randrange(1400, 4200)
        cues.append(Cue(at_ms, at_ms + length_ms, draw.choice(PEOPLE), source, target))
        at_ms += length_ms + draw.randrange(60, 1300)
    return cues


def film(folder: Path, length_s: float) -> Path:
    """A picture that moves and a tone that rises, once through ffmpeg; then the same reel as often as is needed, copied."""
    reel, whole = folder / "reel.mp4", folder / "film.mp4"
    call = ToolCall("Making the film of the bench")
    picture = f"testsrc2=size=480x270:rate=25:duration={REEL_S}"
    sound = f"aevalsrc=0.2*sin(2*PI*(150+2*t)*t)*gt(sin(2*PI*t/3)\\,0):s=48000:d={REEL_S}"
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "34", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k"]
    run(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *codec, "-shortest", local(reel)], call)
    run([*input_args(reel, "-stream_loop", str(int(length_s / REEL_S))), "-t", f"{length_s:.3f}", "-c", "copy", "-movflags", "+faststart", local(whole)], call)
    reel.unlink()
    return whole


def prepare(folder: Path, lines: int, *, seed: int, takes: int) -> Prepared:
    """A home with one project of so many lines, and takes of the first `takes` of them. Its processes have ended when this returns."""
    started, cues, home = time.monotonic(), dialogue(lines, seed), folder / "home"
    folder.mkdir(parents=True, exist_ok=True)
    length_s = (cues[-1].end_ms + 3000) / 1000
    media = film(folder, length_s)
    studio = open_studio(Place(home))
    try:
        project = studio.create_project(f"{lines} lines", SOURCE, TARGET)
        studio.upload_media(project.id, media, media.name)
        studio.import_script(project.id, as_vtt(cues, "source"), "lines.vtt")
        studio.import_script(project.id, as_vtt(cues, "target"), "lines.de.vtt", as_target=True)
        _work(studio, project.id, JobKind.INGEST, ())
        voiced = tuple(row.line.id for row in studio.rows(project.id)[:takes])
        if voiced:
            _work(studio, project.id, JobKind.VOICE, voiced)
        _stop_look(studio, project.id)
    finally:
        studio.close()
    media.unlink()
    return Prepared(home, project.id, lines, takes, length_s, round(time.monotonic() - started, 1))


def _work(studio: Studio, project_id: str, kind: JobKind, line_ids: tuple[str, ...]) -> None:
    studio.start()
    job = studio.submit(project_id, kind, line_ids)
    while not (job := studio.job(job.id)).state.is_over:
        time.sleep(0.2)
    if job.state.value != "done":
        raise SystemExit(f"{kind.value} ended as {job.state.value}: {job.message}")


def _stop_look(studio: Studio, project_id: str) -> None:
    """Have the look at the faces begun and stopped: a page would begin it by itself, and it would take a core for as long as is measured."""
    job = studio.look_for_faces(project_id)
    studio.cancel(job.id)
    while not studio.job(job.id).state.is_over:
        time.sleep(0.1)


def as_vtt(cues: list[Cue], side: str) -> bytes:
    def stamp(ms: int) -> str:
        return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"

    rows = [f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}\n<v {cue.speaker}>{getattr(cue, side)}\n" for cue in cues]
    return ("WEBVTT\n\n" + "\n".join(rows)).encode()
