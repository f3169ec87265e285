"""Domain views to page views: numbers to words, states to sentences. Pure functions, no service, no Gradio."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.language import NAMES
from studio.domain.media import AudioTrack, MediaInfo
from studio.domain.project import Job, JobKind, JobState, Project, frame_mark
from studio.domain.timing import clock
from studio.domain.views import EngineStatus, ProjectView
from studio.ui.views import (
    Choices,
    Fact,
    FactsView,
    HeaderView,
    JobView,
    ProjectCard,
    SkippedView,
    SoundView,
)

JOB_TITLES = {
    JobKind.INGEST: "Reading the media",
    JobKind.LINES: "Finding lines",
    JobKind.TRANSLATE: "Translating",
    JobKind.VOICE: "Voicing",
    JobKind.RENDER: "Dubbing",
    JobKind.FACES: "Looking at faces",
    JobKind.SWEEP: "Sweeping a line",
}
MOST_COUNTED = 2_000
LOOKING_STAGE = "Looking for faces"  # what a job says while it waits for, or does, the look
TASKS = {"transcriber": "Recognition", "translator": "Translation", "estimator": "Duration", "speaker": "Voice"}


def pair(project: Project) -> str:
    return f"{NAMES[project.source_language]} → {NAMES[project.target_language]}"


def job_view(job: Job | None) -> JobView | None:
    """The chip for a job: what it is doing, how far it is, or why it stopped."""
    if job is None:
        return None
    title = job.stage or JOB_TITLES[job.kind]
    if job.state is JobState.QUEUED or job.waiting_for:
        title = f"{JOB_TITLES[job.kind]}: waiting"
    share = min(1.0, job.done / job.total) if job.total else None
    return JobView(job.id, title, job.waiting_for or job.message or _progress(job), share, not job.state.is_over, job.state is JobState.FAILED)


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
        project.id, project.name, f"{project.source_language} → {project.target_language}", user, can_leave, job=job_view(view.job), frame_mark=frame_mark(project, view.job)
    )


def standing(view: ProjectView) -> str:
    """Where a project stands, in one sentence."""
    counts = view.counts
    if view.job is not None and not view.job.state.is_over:
        return f"{JOB_TITLES[view.job.kind]}…"
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


def card(view: ProjectView, *, open_id: str, user: str) -> ProjectCard:
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
        is_mine=view.project.owner == user,
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
    return (f"{JOB_TITLES[job.kind]} stopped: {job.message}",)


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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _bytes(size: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"
