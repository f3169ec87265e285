"""The box before the load: people with accounts, a project each with a film and lines of its own, some shared. Made through the studio's verbs.

Enter: a folder, how many people, a seed. Leaves: a `Scene`. Everything follows from the seed.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from bench.desk_project import SOURCE, TARGET, Cue, as_vtt, dialogue
from bench.load.crossing import canary
from studio.bootstrap import Place, open_studio
from studio.domain.rights import Role
from studio.media.ffmpeg import ToolCall, local, run
from studio.store.database import open_database
from studio.store.users import AccountStore

NAMES = ("ada", "ben", "clara", "david", "emil", "frieda", "greta", "hanno", "ines", "jonas", "karla", "leo", "mina", "nora", "otto", "paula", "quirin", "rosa", "sami", "tilda")
LINES_EACH = 8
SHARED_EVERY = 3  # every third project is somebody else's too, in turns as an editor and as a reviewer


@dataclass(frozen=True, slots=True)
class Person:
    """`project_ids`: what this person works on, the own one first."""

    name: str
    password: str
    project_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """`words`: project ids by canary; `readers`: who may see each project; `reviewers`: who of them may
    read and write notes only."""

    place: Place
    people: tuple[Person, ...]
    words: dict[str, str]
    readers: dict[str, frozenset[str]]
    reviewers: dict[str, frozenset[str]]
    films: tuple[Path, ...] = ()

    @property
    def canaries(self) -> dict[str, str]:
        """Words by project id."""
        return {project_id: word for word, project_id in self.words.items()}


def names(count: int) -> list[str]:
    return [NAMES[number] if number < len(NAMES) else f"{NAMES[number % len(NAMES)]}{number // len(NAMES)}" for number in range(count)]


def make_scene(folder: Path, count: int, seed: int, *, database: str | None = None) -> Scene:
    """A home in `folder` with so many people. Its processes have ended when this returns."""
    draw, place = random.Random(seed), Place(folder / "home", database)
    folder.mkdir(parents=True, exist_ok=True)
    people = [Person(name, secrets.token_urlsafe(9)) for name in names(count)]
    place.home.mkdir(parents=True, exist_ok=True)
    make_accounts(place, people)
    known: dict[str, str] = {}
    readers: dict[str, frozenset[str]] = {}
    reviewers: dict[str, frozenset[str]] = {}
    films = []
    studio = open_studio(place)
    try:
        for number, person in enumerate(people):
            word, film = canary(draw), draw_film(folder / f"film{number}.mp4", number)
            mine = studio.as_user(person.name)
            project = mine.create_project(f"Episode {number + 1} {word}", SOURCE, TARGET)
            mine.upload_media(project.id, film, film.name)
            cues = [marked(cue, word) for cue in dialogue(LINES_EACH, seed + number)]
            mine.import_script(project.id, as_vtt(cues, "source"), "lines.vtt")
            mine.import_script(project.id, as_vtt(cues, "target"), "lines.de.vtt", as_target=True)
            known[word] = project.id
            films.append(film)
            guests = {people[(number + 1) % count].name} if count > 1 and number % SHARED_EVERY == 0 else set()
            role = Role.REVIEWER if number % (2 * SHARED_EVERY) else Role.EDITOR
            for guest in guests:
                mine.add_member(project.id, guest, role)
            readers[project.id] = frozenset({person.name} | guests)
            reviewers[project.id] = frozenset(guests) if role is Role.REVIEWER else frozenset()
    finally:
        studio.close()
    owned = dict(zip((one.name for one in people), known.values(), strict=True))
    people = [replace(one, project_ids=(owned[one.name], *(key for key, who in readers.items() if one.name in who and key != owned[one.name]))) for one in people]
    return Scene(place, tuple(people), known, readers, reviewers, tuple(films))


def marked(cue: Cue, word: str) -> Cue:
    """A line that gives away where it comes from."""
    return replace(cue, source=f"{cue.source[:-1]}, {word}.", target=f"{cue.target[:-1]}, {word}.")


def make_accounts(place: Place, people: list[Person]) -> None:
    """Accounts as an administrator makes them; from the first one on, the page asks for a login."""
    engine = open_database(place.database_url)
    try:
        for person in people:
            AccountStore(engine).add(person.name, Role.EDITOR, person.password)
    finally:
        engine.dispose()


def draw_film(path: Path, number: int, length_s: float = 40.0) -> Path:
    """A small film like no other: its own colour, its own tone that comes and goes like speech."""
    call = ToolCall("Making a film of the load")
    hue = number * 47 % 360
    picture = f"testsrc2=size=320x180:rate=25:duration={length_s},hue=h={hue}"
    sound = f"aevalsrc=0.2*sin(2*PI*({180 + 7 * number}+3*t)*t)*gt(sin(2*PI*t/2.6)\\,-0.2):s=48000:d={length_s}"
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "34", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k"]
    run(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *codec, "-shortest", local(path)], call)
    return path
