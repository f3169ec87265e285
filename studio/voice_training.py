"""A voice learns from a folder of the user's own videos: found, looked at, made into utterances, trained on. `python -m studio train voice`.

Enter a folder and a `VoicePlan`; leave footage and utterances in its working folder, and a voice folder that the studio lists among its
voices. Looking is done here, with the studio's engines; learning by programs of `models.recipes`, each in a process of its own.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import studio
from studio.domain.errors import BadMedia, BadSetting, BadSubtitles, EngineFailed, EngineUnavailable, MediaToolFailed, NotMeasurable, NotReady
from studio.domain.language import language_code
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.engines.rack import EngineRack
from studio.engines.syncvoice_places import FETCH, LIPS_TASK, SPEAKER_FOLDER, Whereabouts, voice_places
from studio.engines.syncvoice_voice import NO_PRINTS, voiceprint_file
from studio.engines.transcribe_manual import ManualTranscriber
from studio.media.ffmpeg import storage_error
from studio.media.probe import probe
from studio.stages.lines import Ears
from studio.voice_training_film import NO_WORDS, FilmFootage, Senses, film_footage, film_name
from studio.voice_training_run import recipe, run_program
from studio.voice_training_texts import COMPANIONS, LONGEST_LINE_MS, SUBTITLES, HeardWords, SubtitleWords, WholeText, Words, beside
from studio.weights import known_weights

FOOTAGE_VERSION = "1"
FOOTAGE_FILE, FILMS_FOLDER, ORIGIN_FILE = "footage.csv", "films", "trained_on.json"
RUN_FOLDER, STARTED_FILE = "run", "started_from.json"
LEAST_SEEN_MS = 60_000  # a voice learns little from less
RATES = {"adapters": 3e-4, "all": 1e-4}  # of a voice that has learnt already; from nothing ten times as much
_WEIGHTS = Path(studio.__file__).resolve().parents[1] / "models" / "weights"
CannotUse = (BadMedia, BadSubtitles, NotMeasurable, MediaToolFailed, EngineFailed)  # what one film may fail of without the others
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class VoicePlan:
    """What is asked for. `base`: folder of the voice that learns on; `work`: where footage and utterances are kept, to go on from;
    `transcriber`: an engine, "auto" for the best there is, "none" for no recogniser. `seed`: of the training."""

    videos: Path
    base: Path
    out: Path
    work: Path
    language: str = "en"
    transcriber: str = "auto"
    learn: str = "adapters"
    minutes: float = 30.0
    seed: int = 0
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Nets:
    """What describes voices and lips: a file of weights, and the folder of a lip encoder or one of features of the user's own."""

    voiceprint: Path
    lip_encoder: Path | None
    lip_features: Path | None = None

    @property
    def lips(self) -> tuple[str, Path]:
        """The option that names where lips come from."""
        if self.lip_encoder is not None:
            return "--lip-encoder", self.lip_encoder
        assert self.lip_features is not None
        return "--lip-features", self.lip_features


def nets_for(base: Path, voiceprint: Path | None, lip_encoder: Path | None, lip_features: Path | None = None) -> Nets:
    """Those named; else the speaker encoder of the voice or the installed one, and the lip encoder of the voice or the bundled one. Raises
    EngineUnavailable where there is none, BadSetting for a folder of features that is not there."""
    found = voiceprint if voiceprint is not None else base / SPEAKER_FOLDER if (base / SPEAKER_FOLDER).is_dir() else voiceprint_file()
    if found is None:
        raise EngineUnavailable("syncvoice", NO_PRINTS)
    if lip_features is not None:
        if lip_encoder is not None:
            raise BadSetting("Lips are told by --lip-encoder or by --lip-features, not by both; leave one of them out.")
        if not lip_features.is_dir():
            raise BadSetting(f"There is no folder {lip_features}; name the one that holds FILM.npz for every film.")
        return Nets(found, None, lip_features)
    lips = base / "lips" if lip_encoder is None else lip_encoder
    if lip_encoder is None and not lips.is_dir():
        bundled = next((one for one in known_weights() if one.is_bundled and one.task == LIPS_TASK and one.is_here), None)
        if bundled is None:
            raise EngineUnavailable("syncvoice", "no lip encoder is here; name the folder of one with --lip-encoder.")
        lips = _WEIGHTS / bundled.place
    return Nets(found, lips)


def bundled_voice() -> Path:
    """The voice that is here for all: bundled, or else a public one that was fetched. Raises BadSetting where there is none."""
    places = voice_places(Whereabouts())
    if not places:
        raise BadSetting(f"There is no voice here to start from; fetch one with {FETCH}, or name the folder of one with --from.")
    return places[0].folder


def require_sense(plan: VoicePlan) -> None:
    """Before hours of looking. Raises BadSetting for what cannot work, whatever the films hold."""
    if not plan.videos.is_dir():
        raise BadSetting(f"There is no folder {plan.videos}; name the folder that holds your videos.")
    if plan.learn not in RATES:
        raise BadSetting(f"--learn is adapters or all, not “{plan.learn}”.")
    if plan.minutes <= 0 or plan.processes < 1:
        raise BadSetting("A training lasts longer than 0 minutes, in at least one process.")
    missing = [name for name in ("model.json", "tokens.txt") if not (plan.base / name).is_file()]
    if missing:
        raise BadSetting(f"{plan.base} is no voice: it holds no {' and no '.join(missing)}. Name a folder of a ZipVoice or of a voice trained here with --from.")
    for folder, what in ((plan.out, "--out"), (plan.work, "--work")):
        _require_same_origin(folder, plan.videos, what)
    started = plan.work / RUN_FOLDER / STARTED_FILE
    if started.is_file() and (before := json.loads(started.read_text(encoding="utf-8"))["from"]) != str(plan.base.resolve()):
        raise BadSetting(f"The training in {plan.work} started from {before} and would go on; for another voice name other folders with --work and --out.")


def _require_same_origin(folder: Path, videos: Path, what: str) -> None:
    """A folder of another training must not be mixed up with this one."""
    record = folder / ORIGIN_FILE
    if record.is_file():
        origin = json.loads(record.read_text(encoding="utf-8"))["videos"]
        if origin != str(videos.resolve()):
            raise BadSetting(f"{folder} is of a training on {origin}; name another folder with {what}.")
    elif folder.is_dir() and any(folder.iterdir()):
        raise BadSetting(f"{folder} holds something else already; name an empty or new folder with {what}.")


def look_at_films(plan: VoicePlan, rack: EngineRack, tell: Tell) -> tuple[FilmFootage, ...]:
    """Every file of the folder, looked at once: what was looked at before and has not changed is not looked at again. Raises
    EngineUnavailable where nothing can look or listen, OutOfSpace."""
    films_folder = plan.work / "footage" / FILMS_FOLDER
    _made(films_folder, plan)
    senses, transcriber = _senses(plan, rack)
    found = []
    paths = list(media_files(plan))
    for number, path in enumerate(paths, start=1):
        tell(f"{number} of {len(paths)}: {path.relative_to(plan.videos)}")
        film = _film(path, plan, senses, transcriber)
        tell(f"    {told(film)}")
        for sentence in film.left_out:
            tell(f"    left out: {sentence}")
        found.append(film)
    _write_table(plan, found)
    return tuple(found)


def media_files(plan: VoicePlan) -> Iterator[Path]:
    """Files below the folder, in order, whose name does not say that they are words or hidden; the working folders are left out."""
    own = (plan.work.resolve(), plan.out.resolve())
    for path in sorted(plan.videos.rglob("*")):
        if not path.is_file() or path.suffix.lower() in COMPANIONS or any(part.startswith(".") for part in path.relative_to(plan.videos).parts):
            continue
        if not any(path.resolve().is_relative_to(folder) for folder in own):
            yield path


def told(film: FilmFootage) -> str:
    """What a film gives, in a sentence."""
    if film.why:
        return film.why
    lines = f"{len(film.lines)} line{'' if len(film.lines) == 1 else 's'}"
    return f"{film.seen_ms / 1000:.1f} s of speech with a face in {lines} of {film.length_ms / 1000:.1f} s, words from {film.origin}."


def summed_up(films: Sequence[FilmFootage]) -> str:
    """What a folder gives. Raises NotReady where that is nothing."""
    useful = [film for film in films if film.lines]
    if not useful:
        raise NotReady("There is nothing to learn from: no file of the folder has a face that says known words. See above why each was left out.")
    seen_ms, lines = sum(film.seen_ms for film in useful), sum(len(film.lines) for film in useful)
    little = " That is little: a voice needs a minute at the least, and better ten." if seen_ms < LEAST_SEEN_MS else ""
    amount = f"{seen_ms / 60_000:.1f} minutes" if seen_ms >= LEAST_SEEN_MS else f"{seen_ms / 1000:.1f} s"
    return f"Together {amount} of speech with a face, in {lines} lines of {len(useful)} of {len(films)} files.{little}"


def make_utterances(plan: VoicePlan, nets: Nets, tell: Tell) -> None:
    """The footage as utterances with tokens, mel frames, voice and lip features. Raises EngineFailed."""
    encoders = [("--voiceprint", nets.voiceprint), nets.lips]
    folders = [("--footage", plan.work / "footage"), ("--voice", plan.base), ("--out", plan.work / "utterances"), ("--lips", plan.work / "lips")]
    run_program(recipe("voice_footage", _options([*encoders, *folders])), tell)


def learn(plan: VoicePlan, nets: Nets, tell: Tell) -> None:
    """Train, and put the voice into its folder; what was trained before goes on. After Ctrl-C what was learnt so far is put there too,
    before KeyboardInterrupt is raised. Raises EngineFailed."""
    run = plan.work / RUN_FOLDER
    _made(plan.out, plan)
    _made(run, plan)
    _write(run / STARTED_FILE, json.dumps({"from": str(plan.base.resolve())}, ensure_ascii=False) + "\n")
    folders = [("--data", plan.work / "utterances"), ("--lips", plan.work / "lips"), ("--from", plan.base), ("--out", run)]
    asked = ["--learn", plan.learn, "--learning-rate", str(RATES[plan.learn]), "--minutes", str(plan.minutes), "--seed", str(plan.seed)]
    limits = ["--longest-s", str(LONGEST_LINE_MS / 1000 + 0.1), "--leave-out", "", "--favoured", "footage", "--refit"]
    try:
        run_program(recipe("syncvoice", [*_options(folders), *asked, *limits], plan.processes), tell)
    except KeyboardInterrupt:
        if (run / "model.json").is_file():
            _put_in_place(plan, nets, tell)
            tell(f"What was learnt so far is in {plan.out}.")
        raise
    _put_in_place(plan, nets, tell)


def _put_in_place(plan: VoicePlan, nets: Nets, tell: Tell) -> None:
    lips = [] if nets.lip_encoder is None else [("--lip-encoder", nets.lip_encoder)]
    folders = [
        ("--trained", plan.work / RUN_FOLDER), ("--from", plan.base), ("--data", plan.work / "utterances"), ("--voiceprint", nets.voiceprint), *lips,
        ("--out", plan.out),
    ]  # fmt: skip
    run_program(recipe("voice_footage_bundle", [*_options(folders), "--label", plan.out.name]), tell)


def _options(folders: Sequence[tuple[str, Path]]) -> list[str]:
    return [word for option, path in folders for word in (option, str(path.resolve()))]


def _senses(plan: VoicePlan, rack: EngineRack) -> tuple[Senses, HeardWords | None]:
    """The engines; None where no recogniser is to be had."""
    language = language_code(plan.language)
    manual = ManualTranscriber()
    found = manual if plan.transcriber == "none" else rack.pick("transcriber", plan.transcriber)
    ears = Ears(rack.pick("voice activity"), manual, rack.pick("speaker encoder"))
    estimator = rack.pick("estimator", accepts=lambda engine: engine.supports(language))
    return Senses(rack.pick("face tracker"), ears, estimator, language), None if found.name == manual.name else HeardWords(found)


def _film(path: Path, plan: VoicePlan, senses: Senses, transcriber: HeardWords | None) -> FilmFootage:
    """One file, from the record of an earlier look where nothing has changed since. What cannot be used says why."""
    file = path.relative_to(plan.videos).as_posix()
    try:
        probe(path, name=file)
        words = _words(path, senses, transcriber)
        if words is None:
            return FilmFootage(file, "", why=NO_WORDS)
        facts = path.stat()
        engines = (senses.tracker.name, senses.tracker.version, senses.ears.detector.name, senses.ears.detector.version, senses.language)
        blank = FilmFootage(file, fingerprint(FOOTAGE_VERSION, file, facts.st_size, facts.st_mtime_ns, words.key, engines))
        return _kept(blank, plan) or _keep(film_footage(path, blank, words, senses, plan.work / "footage"), plan)
    except CannotUse as error:
        return FilmFootage(file, "", why=str(error))


def _words(path: Path, senses: Senses, transcriber: HeardWords | None) -> Words | None:
    found = beside(path, senses.language)
    if found is None:
        return transcriber
    return SubtitleWords(found) if found.suffix.lower() in SUBTITLES else WholeText(found, senses.estimator)


def _record(file: str, plan: VoicePlan) -> Path:
    return plan.work / "footage" / FILMS_FOLDER / f"{film_name(file)}.json"


def _kept(blank: FilmFootage, plan: VoicePlan) -> FilmFootage | None:
    """The film as an earlier run left it; None, and nothing of it is left, where something has changed since."""
    record, folder = _record(blank.file, plan), plan.work / "footage"
    if not record.is_file():
        return None
    film = from_plain(FilmFootage, json.loads(record.read_text(encoding="utf-8")))
    if film.key == blank.key and all((folder / f"{line.name}.npz").is_file() for line in film.lines):
        return film
    for line in film.lines:
        (folder / f"{line.name}.npz").unlink(missing_ok=True)
    return None


def _keep(film: FilmFootage, plan: VoicePlan) -> FilmFootage:
    _write(_record(film.file, plan), json.dumps(to_plain(film), ensure_ascii=False, indent=1))
    return film


def _write_table(plan: VoicePlan, films: Sequence[FilmFootage]) -> None:
    """`footage.csv`: what the next program reads."""
    path = plan.work / "footage" / FOOTAGE_FILE
    language = language_code(plan.language)
    beside_it = path.with_suffix(".part")
    try:
        with beside_it.open("w", encoding="utf-8", newline="") as file:
            rows = ((line.name, line.speaker, language, line.text, film.file, line.start_ms) for film in films for line in film.lines)
            csv.writer(file).writerows([("name", "speaker", "language", "text", "film", "start_ms"), *rows])
        os.replace(beside_it, path)
    except OSError as error:
        raise storage_error(error, path) from error


def _made(folder: Path, plan: VoicePlan) -> None:
    """The folder, and in the one that was asked for whose it is."""
    root = plan.out if folder == plan.out else plan.work
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The folder {folder} cannot be made: {error.strerror}. Name another.") from error
    _write(root / ORIGIN_FILE, json.dumps({"videos": str(plan.videos.resolve())}, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise storage_error(error, path) from error
