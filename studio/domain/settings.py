"""Every default of the studio, each written once. Sliders, flags and API read these fields, with their limits."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from studio.domain.errors import BadSetting
from studio.domain.house import HouseSettings


def limited(default: float, low: float, high: float, help: str) -> Any:
    """A numeric field with its range and the sentence a slider shows."""
    return field(default=default, metadata={"low": low, "high": high, "help": help})


def chosen(default: str, options: tuple[str, ...], help: str) -> Any:
    """A text field that takes one of `options`."""
    return field(default=default, metadata={"options": options, "help": help})


def paired(max_pairs: int, max_chars: int, help: str) -> Any:
    """A field of pairs of texts, empty by default: at most so many, each text of one line and at most so long."""
    return field(default=(), metadata={"max_pairs": max_pairs, "max_chars": max_chars, "help": help})


class _Checked:
    """Validates every `limited`, `chosen` and `paired` field at birth."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            value, meta = getattr(self, item.name), item.metadata
            if "low" in meta and not (isinstance(value, int | float) and meta["low"] <= value <= meta["high"]):
                raise BadSetting(f"{item.name} must lie between {meta['low']} and {meta['high']}, not {value!r}.")
            if "options" in meta and value not in meta["options"]:
                raise BadSetting(f"{item.name} must be one of {', '.join(meta['options'])}, not {value!r}.")
            if "max_pairs" in meta:
                _check_pairs(item.name, value, meta["max_pairs"], meta["max_chars"])


def _check_pairs(name: str, pairs: object, max_pairs: int, max_chars: int) -> None:
    if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise BadSetting(f"{name} must be pairs of a source and a target, not {pairs!r}.")
    if len(pairs) > max_pairs:
        raise BadSetting(f"{name} can hold {max_pairs} pairs, not {len(pairs)}; keep those that matter most.")
    for text in (text for pair in pairs for text in pair):
        if not isinstance(text, str) or not text.strip() or len(text.splitlines()) > 1 or len(text) > max_chars:
            raise BadSetting(f"Each side in {name} is one line of 1 to {max_chars} characters; “{str(text)[:max_chars]}” is not.")


@dataclass(frozen=True, slots=True)
class EngineChoice(_Checked):
    """Engine names by task; "auto" lets bootstrap take the best one available."""

    transcriber: str = "auto"
    translator: str = "auto"
    estimator: str = "auto"
    speaker: str = "auto"


@dataclass(frozen=True, slots=True)
class LineSettings(_Checked):
    """How speech becomes lines."""

    min_silence_ms: int = limited(400, 100, 3000, "A silence at least this long ends a line.")
    max_line_ms: int = limited(12_000, 2_000, 30_000, "Longer speech is split at its quietest moment.")
    max_cue_ms: int = limited(60_000, 5_000, 600_000, "An imported cue longer than this is flagged.")
    max_speakers: int = limited(8, 1, 32, "At most this many speakers are told apart.")


@dataclass(frozen=True, slots=True)
class TranslationSettings(_Checked):
    candidate_count: int = limited(8, 1, 32, "Wordings listed for each line, the best of those drawn.")
    draw_count: int = limited(20, 1, 64, "Wordings drawn for each line, to choose the listed ones from.")
    temperature: float = limited(0.8, 0.05, 2.0, "Variety of the proposals after the first.")
    top_p: float = limited(0.9, 0.1, 1.0, "Probability mass the proposals are drawn from.")
    context_lines: int = limited(4, 0, 35, "Earlier lines the translator sees.")
    seed: int = limited(0, 0, 2**31 - 1, "Same seed, same proposals.")
    terms: tuple[tuple[str, str], ...] = paired(200, 80, "Names and terms of the show, each with its fixed translation.")


@dataclass(frozen=True, slots=True)
class TimingSettings(_Checked):
    guard_ms: int = limited(80, 0, 1000, "Silence kept before the next line of anyone.")
    max_borrow_ms: int = limited(1000, 0, 10_000, "At most this much of the gap after a line may be used.")


@dataclass(frozen=True, slots=True)
class FitSettings(_Checked):
    min_ratio: float = limited(0.85, 0.5, 1.0, "Slowest speech, as a factor of its natural rate.")
    max_ratio: float = limited(1.25, 1.0, 2.0, "Fastest speech, as a factor of its natural rate.")
    min_pause_ms: int = limited(120, 40, 1000, "Inner pauses are shortened down to this, never below.")
    trim_db: float = limited(-45.0, -80.0, -20.0, "Ends quieter than this are trimmed.")


MIX_TARGETS_LUFS = {"ebu_r128": -23.0, "atsc_a85": -24.0, "web_-16": -16.0, "dialogue_-27": -27.0}


@dataclass(frozen=True, slots=True)
class MixSettings(_Checked):
    loudness_profile: str = chosen("ebu_r128", tuple(MIX_TARGETS_LUFS), "Loudness of the programme, or of its dialogue alone where that is said.")
    true_peak_dbtp: float = limited(-1.0, -9.0, 0.0, "Highest true peak of the mix.")
    duck_db: float = limited(-18.0, -60.0, 0.0, "How far the original drops under the dub.")
    duck_fade_ms: int = limited(120, 5, 2000, "Length of the ramps around each dubbed line.")
    dub_gain_db: float = limited(0.0, -24.0, 24.0, "Extra level of the dubbed voices.")

    @property
    def target_lufs(self) -> float:
        return MIX_TARGETS_LUFS[self.loudness_profile]


@dataclass(frozen=True, slots=True)
class Guidance(_Checked):
    """Scales of the visual conditions (papers §4.3), for every voice; 0 leaves a condition out, 1 is recommended (`stages/lip_timing.py`)."""

    face_scale: float = limited(0.0, 0.0, 5.0, "How far timing and energy follow the face and the source; it places no single sounds. 0: off, 1: recommended.")
    lip_scale: float = limited(0.0, 0.0, 5.0, "How far sounds follow the mouth; it locks a line said in its own language and blurs a translation. 0: off, 1: recommended.")
    text_scale: float = limited(1.0, 0.0, 5.0, "How strictly a voice that sees keeps to the words; too high sounds pressed. 1: recommended.")
    pause_scale: float = limited(0.0, 0.0, 5.0, "How strictly pauses stay where source or mouth have them; only a voice that sees obeys. 0: off.")


QUALITIES = ("preview", "final")
GUIDANCE_FORMS = ("nested", "independent", "aligndit")


@dataclass(frozen=True, slots=True)
class VoiceSettings(_Checked):
    """How voices made in this process work: solver steps for a quick listen and for the film, and the seed of their noise."""

    quality: str = chosen("final", QUALITIES, "Preview is quick and rough; final is what goes into the film.")
    steps_preview: int = limited(4, 1, 64, "Solver steps of a preview take.")
    steps_final: int = limited(16, 1, 64, "Solver steps of a final take.")
    seed: int = limited(0, 0, 2**31 - 1, "Same seed, same take; another seed says the line another way.")
    form: str = chosen("nested", GUIDANCE_FORMS, "How scales combine: each on those before it, each on the words alone, or all as one.")

    def steps(self, quality: str) -> int:
        return self.steps_preview if quality == "preview" else self.steps_final


@dataclass(frozen=True, slots=True)
class LearningSettings:
    """Learning from the desk: with `keep_choices`, what an editor prefers to a machine's wording is kept with the project."""

    keep_choices: bool = False


@dataclass(frozen=True, slots=True)
class HandoverSettings(_Checked):
    """What is handed over to whom. `profile`: a name of `domain/delivery.py`."""

    profile: str = chosen("draft", ("draft", "ebu_r128", "streaming", "atsc_a85", "web"), "Whose rules an export must keep.")
    handle_ms: int = limited(500, 0, 5000, "Room before and after every line's own file, for fades and shifts.")
    start_hour: int = limited(0, 0, 23, "The programme's first picture bears this hour in timecode; broadcasters often ask for 1 or 10.")


@dataclass(frozen=True, slots=True)
class Settings(_Checked):
    """All settings of a project."""

    engines: EngineChoice = field(default_factory=EngineChoice)
    lines: LineSettings = field(default_factory=LineSettings)
    translation: TranslationSettings = field(default_factory=TranslationSettings)
    timing: TimingSettings = field(default_factory=TimingSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    mix: MixSettings = field(default_factory=MixSettings)
    guidance: Guidance = field(default_factory=Guidance)
    learning: LearningSettings = field(default_factory=LearningSettings)
    house: HouseSettings = field(default_factory=HouseSettings)
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    handover: HandoverSettings = field(default_factory=HandoverSettings)
    audio_track: int = 0
    sound_shift_ms: int = limited(0, -2000, 2000, "How much later the source's sound is played than the file has it; negative: earlier.")

    @property
    def sound_key(self) -> int | tuple[int, int]:
        """What of the source's sound is heard, for fingerprints: its track, and its shift where there is one."""
        return (self.audio_track, self.sound_shift_ms) if self.sound_shift_ms else self.audio_track


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may ask of the machine."""

    max_media_bytes: int = 64 * 2**30
    max_media_ms: int = 4 * 3600 * 1000 + 60_000
    max_subtitle_bytes: int = 16 * 2**20
    max_lines: int = 20_000
    max_text_chars: int = 2_000
    max_line_end_ms: int = 24 * 3600 * 1000  # where timecode begins anew
    media_tool_timeout_s: int = 3 * 3600
    media_tool_memory_bytes: int = 8 * 2**30
    media_tool_output_bytes: int = 64 * 2**30
    media_tool_open_files: int = 256


@dataclass(frozen=True, slots=True)
class Keeping(_Checked):
    """How much people may keep on a shared studio, and how long what is not needed any more stays. An administrator may set each."""

    quota_bytes: int = limited(200 * 10**9, 0, 2**60, "Room of one person's projects; an account may say otherwise, and the one local user has the whole disk.")
    max_open_uploads: int = limited(8, 1, 1000, "Files one person may send at once.")
    upload_days: int = limited(3, 1, 365, "An upload nobody goes on with is dropped after so many days.")
    bin_days: int = limited(30, 0, 3650, "A deleted project can be brought back for so many days.")
    cache_days: int = limited(14, 1, 365, "Clips and proxies nobody has looked at; they are made again on demand.")
    young_s: int = limited(2 * 24 * 3600, 0, 30 * 24 * 3600, "A stored file nobody names yet stays so long: a job may be about to.")
    sweep_every_s: int = limited(3600, 60, 7 * 24 * 3600, "How often a server looks for what can go.")
    audit_days: int = limited(400, 7, 36500, "The audit trail remembers for so many days.")


@dataclass(frozen=True, slots=True)
class QueueSettings(_Checked):
    """How those who share a studio take turns. One for all its servers and workers; the administrator sets it."""

    desk_lines: int = limited(8, 1, 200, "Work on at most this many lines is waited for at the desk, and comes before whole films.")
    max_running_jobs: int = limited(4, 1, 1000, "Jobs of one person that run at once.")
    max_waiting_jobs: int = limited(60, 1, 100_000, "Jobs of one person that wait.")
    age_s: int = limited(1800, 60, 86_400, "After waiting this long a job becomes as urgent as the kind before its own.")
    share_window_s: int = limited(3600, 60, 86_400, "Work of this last stretch of time counts when turns are shared out.")
    gpu_slice_s: int = limited(30, 1, 3600, "How long a job keeps a GPU while others of the same urgency wait for one.")


@dataclass(frozen=True, slots=True)
class LoginSettings(_Checked):
    """How long a login lasts, and how fast passwords may be tried. One for all servers."""

    idle_s: int = limited(24 * 3600, 60, 90 * 24 * 3600, "A login nobody uses ends after so long.")
    longest_s: int = limited(7 * 24 * 3600, 60, 365 * 24 * 3600, "Every login ends after so long.")
    seen_every_s: int = limited(60, 1, 3600, "That somebody is here is written down at most this often.")
    trusted_s: float = limited(3.0, 0.0, 60.0, "What was just read of a login or an account is believed so long.")
    free_tries: int = limited(5, 1, 100, "Tries for one name before each has to wait longer than the last.")
    free_tries_known: int = limited(10, 1, 100, "The same from a browser that this name has logged in with before.")
    free_tries_address: int = limited(20, 1, 10_000, "Tries from one address.")
    longest_delay_s: float = limited(60.0, 1.0, 3600.0, "No try has to wait longer.")
    forget_s: int = limited(900, 60, 86_400, "Tries are forgotten after a quiet while.")
