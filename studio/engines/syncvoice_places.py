"""Where voices of the engine `syncvoice` lie: bundled, fetched, or put in a folder by hand. Looks at the disk only; opens no weights.

A folder of a voice holds model.json, tokens.txt and its weights; beside them may lie `lips` (the lip encoder it was trained with), `vocoder`,
and `voices.safetensors` (whose voices it knows by name). What it lacks is taken from what is bundled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import EngineUnavailable

TASK = "voice"
FETCH = "python -m studio models pull zipvoice"
LIPS_TASK, VOCODER_TASK = "lip features", "vocoder"
MODEL_JSON, VOICES_FILE, SPEAKER_FOLDER = "model.json", "voices.safetensors", "speaker"
OWNERS_FILE = "owners.list"  # apart from model.json: who may use a voice is no part of what it sounds like
_WEIGHTS = ("model.safetensors", "model.pt")


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """A voice that a folder knows by name. `gender` is "female", "male" or ""."""

    name: str
    label: str
    gender: str = ""


@dataclass(frozen=True, slots=True)
class VoicePlace:
    """One folder of a voice. `key` names it in the studio; `is_public`: a ZipVoice as published, which continues recordings instead of
    knowing voices; `lips`, `vocoder`, `speaker`: folders, None where there is none of its own or bundled (of `speaker`, the encoder that tells
    recordings' voices: none of its own); `sha256` of the weights where it is known; `owners`: the accounts it is for, none: everybody."""

    key: str
    folder: Path
    label: str
    languages: tuple[str, ...]
    is_public: bool
    voices: tuple[KnownVoice, ...] = ()
    lips: Path | None = None
    vocoder: Path | None = None
    sha256: str | None = None
    speaker: Path | None = None
    owners: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[Path, ...]:
        return tuple(folder for folder in (self.folder, self.lips, self.vocoder, self.speaker) if folder is not None)

    @property
    def weights(self) -> Path | None:
        return next((self.folder / name for name in _WEIGHTS if (self.folder / name).is_file()), None)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Folders to look into. `named`: one that the person named; `shelf`: a folder of folders, put there by hand."""

    named: Path | None = None
    shelf: Path | None = None
    with_installed: bool = True


def voice_places(where: Whereabouts) -> tuple[VoicePlace, ...]:
    """Every voice that could be opened here, the one named first, then bundled, put by hand, fetched. A folder that cannot be read is left
    out (`unread_places` says why), but for one that was named: that raises EngineUnavailable."""
    places = [] if where.named is None else [_named(where.named)]
    places += _bundled() if where.with_installed else ()
    by_key: dict[str, VoicePlace] = {}
    for place in (*places, *(one for one in _found(where) if isinstance(one, VoicePlace))):
        by_key.setdefault(place.key, place)
    return tuple(by_key.values())


def unread_places(where: Whereabouts) -> tuple[str, ...]:
    """A sentence for every folder put by hand or fetched that looks like a voice and cannot be read."""
    return tuple(one.reason for one in _found(where) if isinstance(one, EngineUnavailable))


def _found(where: Whereabouts) -> list[VoicePlace | EngineUnavailable]:
    folders = [*(_on_shelf(where.shelf) if where.shelf is not None else ()), *(_fetched() if where.with_installed else ())]
    found: list[VoicePlace | EngineUnavailable] = []
    for key, folder in folders:
        try:
            found.append(_read(key, folder))
        except EngineUnavailable as error:
            found.append(error)
    return found


def stamp(place: VoicePlace) -> str:
    """What the files of a voice are now, from names, sizes and times: cheap, and another one whenever one of them was replaced."""
    files = [path for folder in place.folders for path in sorted(folder.glob("*")) if path.is_file()]
    told = ((str(path), (found := path.stat()).st_size, found.st_mtime_ns) for path in files)
    return hashlib.sha256(repr(list(told)).encode()).hexdigest()


def content_hash(place: VoicePlace) -> str:
    """sha256 over the weights of a voice, its lip encoder, its vocoder and its speaker encoder. Reads every byte; the paths do not matter."""
    found = []
    for folder in place.folders:
        for path in sorted(folder.glob("*")):
            if path.suffix in (".safetensors", ".pt", ".bin", ".json", ".txt"):
                with path.open("rb") as file:
                    found.append(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}")
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def _bundled() -> Iterator[VoicePlace]:
    from models.checkpoint import read_manifest

    for entry in read_manifest().bundled:
        if entry.task == TASK and entry.path.is_file():
            yield _read(entry.name, entry.path.parent, entry.sha256)


def _fetched() -> Iterator[tuple[str, Path]]:
    from models.checkpoint import read_manifest
    from models.public_folders import public_folder

    for entry in read_manifest().public:
        if entry.task == TASK and (folder := _public_folder(public_folder, entry.name)) is not None:
            yield entry.name, folder


def _public_folder(find: object, name: str) -> Path | None:
    from models.checkpoint import BadWeights

    assert callable(find)
    try:
        return find(name)
    except BadWeights:  # not fetched: it is simply no place yet
        return None


def _on_shelf(shelf: Path) -> Iterator[tuple[str, Path]]:
    for folder in sorted(shelf.glob("*")) if shelf.is_dir() else ():
        if (folder / MODEL_JSON).is_file() and any((folder / name).is_file() for name in _WEIGHTS):
            yield folder.name, folder


def _named(folder: Path) -> VoicePlace:
    if not (folder / MODEL_JSON).is_file():
        raise EngineUnavailable("syncvoice", f"LIPLINE_VOICE names {folder}, which holds no {MODEL_JSON}; name the folder of a voice.")
    return _read(folder.name, folder)


def _read(key: str, folder: Path, sha256: str | None = None) -> VoicePlace:
    """A place from what its model.json says. Raises EngineUnavailable where that cannot be read."""
    try:
        described = json.loads((folder / MODEL_JSON).read_text(encoding="utf-8"))
        sizes, languages = described["model"], tuple(map(str, described.get("languages", ("en", "zh"))))
        voices = tuple(KnownVoice(**one) for one in described.get("voices", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable("syncvoice", f"{folder / MODEL_JSON} does not describe a voice ({error}); fetch or copy the folder again.") from error
    has_own_lips = described.get("lip_features") == "own"  # it learned from features that no encoder here makes
    lips = folder / "lips" if (folder / "lips").is_dir() else None if has_own_lips else _bundled_folder(LIPS_TASK)
    vocoder = folder / "vocoder" if (folder / "vocoder").is_dir() else _best_vocoder()
    is_public = "backbone" not in sizes
    speaker = folder / SPEAKER_FOLDER if (folder / SPEAKER_FOLDER).is_dir() else None
    return VoicePlace(key, folder, str(described.get("label", key)), languages, is_public, voices, None if is_public else lips, vocoder, sha256, speaker, _owners(folder))


def _owners(folder: Path) -> tuple[str, ...]:
    """Account names in the file of owners, one a line. One that is there and cannot be read, or names nobody, closes the voice to everybody."""
    try:
        names = tuple(name for line in (folder / OWNERS_FILE).read_text(encoding="utf-8").splitlines() if (name := line.strip()))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise EngineUnavailable("syncvoice", f"{folder / OWNERS_FILE} cannot be read ({error}), so nobody may use this voice; write one account name a line.") from error
    return names or ("",)


def _bundled_folder(task: str) -> Path | None:
    from models.checkpoint import read_manifest

    return next((entry.path.parent for entry in read_manifest().bundled if entry.task == task and entry.path.is_file()), None)


def _best_vocoder() -> Path | None:
    """The published Vocos where it was fetched, else the bundled vocoder."""
    from models.checkpoint import read_manifest
    from models.public_folders import public_folder

    names = [entry.name for entry in read_manifest().public if entry.task == VOCODER_TASK]
    fetched = (_public_folder(public_folder, name) for name in names)
    return next((folder for folder in fetched if folder is not None), _bundled_folder(VOCODER_TASK))
