"""Domain views to page views: numbers to words, states to sentences. Pure functions, no service, no Gradio."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.language import NAMES
from studio.domain.media import AudioTrack, MediaInfo
from studio.domain.project import Job, JobKind, JobState, Project
from studio.domain.timing import clock
from studio.domain.views import EngineStatus, ProjectView
from studio.ui.views import (
    Choices,
    ExportItem,
    Fact,
    FactsView,
    HeaderView,
    JobView,
    ProjectCard,
    SkippedView,
    SoundView,
)

_JOB_TITLES = {
    JobKind.INGEST: "Reading the media",
    JobKind.LINES: "Finding lines",
    JobKind.TRANSLATE: "Translating",
    JobKind.VOICE: "Voicing",
    JobKind.RENDER: "Dubbing",
    JobKind.FACES: "Looking at faces",
    JobKind.SWEEP: "Sweeping a line",
}
_EXPORTS: dict[str, tuple[str, str]] = {
    "video": (
        "Dubbed video",
        "MP4: the picture untouched, the dub as first track, the original as second, soft subtitles in both languages.",
    ),
    "dub_wav": ("Dub mix", "WAV of the finished mix, exactly as long as the picture, at the loudness set on the right."),
    "side_by_side": ("Side by side", "Original and dub in one picture, for a review on a phone or in a mail. Takes a while to draw."),
    "source_srt": ("Source subtitles", "SRT with the lines as they are spoken in the original."),
    "target_srt": ("Subtitles, SRT", "The translation with its times, for any player."),
    "target_vtt": ("Subtitles, WebVTT", "The translation for players on the web."),
    "target_ass": ("Subtitles, ASS", "The translation with speakers as actors, for Aegisub."),
    "target_ttml": ("Subtitles, TTML", "The translation for broadcast and delivery tools."),
    "script_xlsx": ("Dubbing script, workbook", "XLSX with timecode, speakers, both languages, status, notes, Δ and P; edit it and import it again."),
    "script_csv": ("Dubbing script, table", "CSV with the same lines for any program; it can be imported again."),
    "dapt": ("Script, DAPT", "W3C DAPT as far as the lines are: transcript, translation, or, once all are approved, ready to record."),
    "dapt_original": ("Original transcript, DAPT", "What is said in the original, by whom and when, as W3C DAPT."),
    "dapt_translated": ("Translated transcript, DAPT", "Both languages, roles, times, status and notes, as W3C DAPT."),
    "dapt_prerecording": ("Pre-recording script, DAPT", "The adapted script for the recording, as W3C DAPT."),
    "dapt_asrecorded": ("As-recorded script, DAPT", "A ZIP: the script as W3C DAPT with the circled takes it refers to."),
    "report_json": ("Report", "Every line with its slot, Δ, P, stretch, engines and flags, for machines and archives."),
    "preferences": ("Choices", "What you preferred to a machine's wording, where the project keeps that: JSON lines, to train a translator on."),
}
# What a downloaded file is called after the project's name; languages are filled in.
_FILE_NAMES = {
    "video": "dub {target}",
    "dub_wav": "dub mix {target}",
    "side_by_side": "side by side {target}",
    "source_srt": "subtitles {source}",
    "script_csv": "script {source}-{target}",
    "script_xlsx": "script {source}-{target}",
    "dapt": "DAPT script {source}-{target}",
    "dapt_original": "original transcript {source}",
    "dapt_translated": "translated transcript {target}",
    "dapt_prerecording": "pre-recording script {target}",
    "dapt_asrecorded": "as-recorded script {target}",
    "report_json": "report {target}",
    "preferences": "choices {source}-{target}",
}
MOST_COUNTED = 2_000
LOOKING_STAGE = "Looking for faces"  # what a job says while it waits for, or does, the look
TASKS = {"transcriber": "Recognition", "translator": "Translation", "estimator": "Duration", "speaker": "Voice"}
_NEEDS_RENDER = frozenset({"video", "dub_wav", "side_by_side"})
_NEEDS_TAKES = frozenset({"dapt_asrecorded"})
_NEEDS_PICTURE = frozenset({"side_by_side"})


def pair(project: Project) -> str:
    return f"{NAMES[project.source_language]} → {NAMES[project.target_language]}"


def job_view(job: Job | None) -> JobView | None:
    """The chip for a job: what it is doing, how far it is, or why it stopped."""
    if job is None:
        return None
    title = job.stage or _JOB_TITLES[job.kind]
    if job.state is JobState.QUEUED:
        title = f"{_JOB_TITLES[job.kind]}: waiting"
    share = min(1.0, job.done / job.total) if job.total else None
    return JobView(job.id, title, job.message or _progress(job), share, not job.state.is_over, job.state is JobState.FAILED)


def is_blocked(view: ProjectView) -> bool:
    """Whether work goes on that other work must wait for. A look at the faces only adds to what is there and blocks nothing."""
    return view.job is not None and not view.job.state.is_over and view.job.kind is not JobKind.FACES


def is_looking(view: ProjectView) -> bool:
    """Whether faces are being looked for, by a job of its own or as a stage of another."""
    job = view.job
    return job is not None and not job.state.is_over and (job.kind is JobKind.FACES or job.stage == LOOKING_STAGE)


def _progress(job: Job) -> str:
    """Lines are counted one by one; longer totals are milliseconds of the programme, and like pictures read better as a share."""
    if not job.total:
        return ""
    is_counted = job.total <= MOST_COUNTED and job.kind is not JobKind.FACES
    return f"{job.done} of {job.total}" if is_counted else f"{100 * job.done // job.total}\u00a0%"


def header(view: ProjectView | None, user: str, *, can_leave: bool) -> HeaderView:
    if view is None:
        return HeaderView(user=user, can_leave=can_leave)
    project = view.project
    return HeaderView(
        project.id, project.name, f"{project.source_language} → {project.target_language}", user, can_leave, job_view(view.job)
    )


def standing(view: ProjectView) -> str:
    """Where a project stands, in one sentence."""
    counts = view.counts
    if view.job is not None and not view.job.state.is_over:
        return f"{_JOB_TITLES[view.job.kind]}…"
    if view.project.source is None and counts.total == 0:
        return "Nothing uploaded yet."
    if counts.total == 0:
        return "Media is in; lines have not been looked for."
    lines = _count(counts.total, "line")
    if counts.empty == counts.total:
        return f"{lines}, none translated."
    if view.is_rendered:
        return f"{lines}, dubbed; edited since." if view.is_render_stale else f"{lines}, dubbed."
    return f"{lines}, {counts.voiced} voiced, {counts.over} over budget."


def card(view: ProjectView, *, open_id: str) -> ProjectCard:
    counts, source = view.counts, view.project.source
    return ProjectCard(
        id=view.project.id,
        name=view.project.name,
        languages=pair(view.project),
        length=clock(source.info.duration_ms).split(".")[0] if source is not None else "",
        standing=standing(view),
        fits=counts.fits,
        tight=counts.tight,
        over=counts.over,
        empty=counts.empty,
        is_open=view.project.id == open_id,
        is_busy=view.job is not None and not view.job.state.is_over,
    )


def sound_view(view: ProjectView, why: str, shift_ms: int) -> SoundView:
    """`why`: the sentence that says how the sound stands to the lips; `shift_ms`: how much later it must be played (negative:
    earlier), 0 where nothing is off or nobody has looked."""
    moved_ms = view.project.settings.sound_shift_ms
    moved = f"The sound is played {abs(moved_ms)} ms {_way(moved_ms)} than the file has it." if moved_ms else ""
    if not shift_ms:
        return SoundView(moved=moved)
    notice = next((one for one in view.notices if one.startswith(why)), "")
    return SoundView(notice, f"Correct it: play the sound {abs(shift_ms)} ms {_way(shift_ms)}", moved)


def _way(shift_ms: int) -> str:
    return "later" if shift_ms > 0 else "earlier"


def facts(view: ProjectView | None) -> FactsView:
    """The uploaded file in words, with what an import left out and what to do next."""
    if view is None:
        return FactsView(next_step="Drop a video or an audio file on the left: the studio opens a project for it.")
    project, source = view.project, view.project.source
    return FactsView(
        name=source.name if source is not None else "",
        facts=_media_facts(source.info) if source is not None else (),
        notes=source.info.notes if source is not None else (),
        notices=(*_failure(view.job), *view.notices),
        skipped=tuple(SkippedView(item.where, item.reason) for item in view.skipped),
        bed="A music-and-effects stem is in; the dub is mixed over it." if project.bed_blob is not None else "",
        lines=_line_fact(view),
        next_step=_next_step(view),
    )


def _failure(job: Job | None) -> tuple[str, ...]:
    if job is None or job.state is not JobState.FAILED:
        return ()
    return (f"{_JOB_TITLES[job.kind]} stopped: {job.message}",)


def _line_fact(view: ProjectView) -> str:
    counts = view.counts
    if counts.total == 0:
        return ""
    return f"{_count(counts.total, 'line')}, {_count(len(view.speakers), 'speaker')}, {counts.total - counts.empty} translated, {counts.voiced} voiced."


def _next_step(view: ProjectView) -> str:
    if is_blocked(view):
        return "Work is going on; this page may be closed and opened again, nothing is lost."
    if view.project.source is None:
        return "Drop the video or audio file on the left."
    if view.counts.total == 0:
        return "Upload a script, or press “Find lines” to hear them from the audio; “Dub it” goes all the way to a first dub."
    if view.is_rendered:
        return _dubbed_step(view)
    if view.counts.empty:
        return "Press “Dub it” to translate, voice and render what is missing, or write on the Lines tab."
    return "Lines are ready: review them on the Lines tab."


def _dubbed_step(view: ProjectView) -> str:
    """A dub is there to be watched, whatever is still missing in it."""
    empty = view.counts.empty
    if empty:
        kept = f"{_count(empty, 'line')} without a translation {'keeps' if empty == 1 else 'keep'} the original sound"
        return f"A dub is on the Preview tab; {kept}. “Dub it” fills in what is missing."
    if view.is_render_stale:
        return "A dub is on the Preview tab, older than the last edits; “Dub it” brings it up to date."
    return "The dub is ready: watch it on the Preview tab."


def _media_facts(info: MediaInfo) -> tuple[Fact, ...]:
    video = info.video
    found = [Fact("Length", clock(info.duration_ms)), Fact("Size", _bytes(info.size_bytes))]
    if video is None:
        found.append(Fact("Picture", "none: audio only"))
    else:
        rate = f"{float(video.fps):.3f}".rstrip("0").rstrip(".")
        turned = f", turned {video.rotation_deg}°" if video.rotation_deg else ""
        found.append(Fact("Picture", f"{video.width_px} × {video.height_px} {video.codec}{turned}"))
        found.append(Fact("Rate", f"{rate} frames/s, variable" if video.is_variable_rate else f"{rate} frames/s"))
    found += [Fact(f"Sound {track.index + 1}" if len(info.audio) > 1 else "Sound", track_label(track)) for track in info.audio]
    if info.text_track_count:
        found.append(Fact("Subtitles", f"{_count(info.text_track_count, 'track')} inside the file"))
    return (*found, Fact("Container", info.container))


def track_label(track: AudioTrack) -> str:
    channels = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(track.channels, f"{track.channels} channels")
    named = ", ".join(part for part in (track.language, track.title) if part)
    return f"{track.codec}, {track.rate_hz / 1000:g} kHz {channels}" + (f" ({named})" if named else "")


def track_choices(project: Project) -> Choices:
    tracks = project.source.info.audio if project.source is not None else ()
    options = tuple((f"{track.index + 1}: {track_label(track)}", str(track.index)) for track in tracks)
    selected = str(project.settings.audio_track) if options else None
    return Choices(options, selected, is_shown=len(options) > 1)


def engine_choices(task: str, chosen: str, statuses: Sequence[EngineStatus]) -> Choices:
    """Engines of one task; the ones that cannot run stay visible and say so."""
    mine = [status for status in statuses if status.task == task]
    default = next((status.name for status in mine if status.is_default), "none available")
    options = [(f"Automatic ({default})", "auto")]
    options += [(status.name if status.is_available else f"{status.name} (not available)", status.name) for status in mine]
    known = {value for _, value in options}
    return Choices(tuple(options), chosen if chosen in known else "auto")


def engine_sentences(statuses: Sequence[EngineStatus]) -> str:
    """One Markdown line per engine that can be chosen: whether it can run, and why or why not."""
    shown = [one for one in statuses if one.task in TASKS]
    return "\n".join(f"- **{TASKS[one.task]}: {one.name}**, {'' if one.is_available else 'not available: '}{one.why}" for one in shown)


def export_items(view: ProjectView) -> tuple[ExportItem, ...]:
    """Every export with a sentence; one that cannot be made yet says what it needs."""
    return tuple(
        ExportItem(kind, title, sentence, not (needs := _export_needs(kind, view)), needs) for kind, (title, sentence) in _EXPORTS.items()
    )


def export_name(project: Project, kind: str, suffix: str) -> str:
    """The name a downloaded export gets, such as “The last ferry – subtitles zh.srt”."""
    words = _FILE_NAMES.get(kind, "subtitles {target}").format(source=project.source_language, target=project.target_language)
    return f"{project.name} – {words}{suffix}"


def _export_needs(kind: str, view: ProjectView) -> str:
    source = view.project.source
    if view.counts.total == 0:
        return "Needs lines first."
    if kind in _NEEDS_PICTURE and (source is None or source.info.video is None):
        return "Needs a picture; this project is audio only."
    if kind in _NEEDS_RENDER and not view.is_rendered:
        return "Render the dub first."
    if kind in _NEEDS_TAKES and not view.counts.voiced:
        return "Voice the lines first."
    if kind.startswith("target_") and view.counts.empty == view.counts.total:
        return "Needs a translation first."
    if kind == "preferences" and not view.kept_choices:
        return "No choices are kept yet."
    return ""


def blockers(view: ProjectView) -> str:
    """What an editor should know before exporting."""
    counts, parts = view.counts, []
    if counts.empty:
        parts.append(f"{_count(counts.empty, 'line')} without a translation keep the original sound")
    if counts.over:
        parts.append(f"{_count(counts.over, 'line')} over budget")
    if view.is_rendered and view.is_render_stale:
        parts.append("the dub is older than the last edits; render it again")
    return "" if not parts else f"Before you export: {'; '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _bytes(size: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"
