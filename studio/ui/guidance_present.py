"""Scales, presets and one line's bench to what the Guidance tab shows. Pure functions, no service, no Gradio."""

from __future__ import annotations

import re
from collections.abc import Sequence

from studio.domain.bench import JudgedTake, LineBench, Sight, VoiceSight
from studio.domain.guidance_presets import GuidancePreset, guidance_warning, presets
from studio.domain.line import Take
from studio.domain.settings import Guidance
from studio.domain.sweep import SweepPoint
from studio.domain.views import ProjectView
from studio.ui.desk_present import voice_key
from studio.ui.guidance_views import BenchView, GuidanceNews, MadeView, PausesView, PresetView, SightView, TakeCard
from studio.ui.lip_present import lip_view
from studio.ui.sweep_present import sweep_view
from studio.ui.views import Place

RETIMED = "Its takes are re-timed to the picture: Face and Lips move words and pauses inside the rate limits, Words and Pauses do nothing."
SEEING = "The picture goes into the voice itself; it speaks with the face and to the mouth as far as the scales say."
_COMMAND = re.compile(r"python -m studio models pull \w[\w-]*")


def guidance_news(view: ProjectView | None, place: Place, sight: VoiceSight | None) -> GuidanceNews:
    """What the tab is told with every tick. `sight`: of the engine that voices the project."""
    if view is None:
        return GuidanceNews(place)
    project = view.project
    pair, scales = (project.source_language, project.target_language), project.settings.guidance
    return GuidanceNews(
        place=place,
        quality=project.settings.voice.quality,
        presets=tuple(preset_view(one, scales) for one in presets(*pair)),
        warning=guidance_warning(scales, *pair),
        sight=sight_view(sight) if sight is not None else None,
    )


def preset_view(preset: GuidancePreset, scales: Guidance) -> PresetView:
    label = f"{preset.label}: face {preset.face_scale:g}, lips {preset.lip_scale:g}"
    return PresetView(preset.key, label, preset.why, preset.applied_to(scales) == scales, preset.warning)


def sight_view(sight: VoiceSight) -> SightView:
    """A voice's sight in words; an engine that would see and lacks its weights comes with the command that fetches them."""
    if sight.sight is Sight.SEES:
        return SightView(sight.sight.value, sight.engine, " ".join(filter(None, (SEEING, sight.caution))))
    if sight.sight is Sight.MISSING:
        return SightView(sight.sight.value, sight.engine, _sentence(sight.why), command_in(sight.why))
    said = RETIMED if sight.sight is Sight.RETIMED else "No speech engine here speaks the target language."
    if not sight.seeing:
        return SightView(sight.sight.value, sight.engine, said)
    if sight.seeing_can_run:
        return SightView(sight.sight.value, sight.engine, f"{said} The voice {sight.seeing} sees: choose it on the Upload tab, or give it to a speaker below.")
    return SightView(sight.sight.value, sight.engine, f"{said} The voice {sight.seeing} would see, but cannot run here: {_closed(sight.why)}", command_in(sight.why))


def command_in(why: str) -> str:
    """The command a sentence names, to be shown for copying; "" where it names none."""
    found = _COMMAND.search(why)
    return found.group() if found is not None else ""


def bench_view(bench: LineBench, points: Sequence[SweepPoint], references: dict[str, str]) -> BenchView:
    """`references`: names of the project's recordings by id."""
    line, takes = bench.row.line, bench.takes
    numbers = {one.take.id: len(takes) - at for at, one in enumerate(takes)}
    return BenchView(
        line_id=line.id,
        sight=sight_view(bench.sight),
        scales=bench.scales,
        face=bench.face_why,
        scorer=f"Lips are not scored: {bench.scorer_why}" if bench.scorer_why else "",
        warning=bench.warning,
        takes=tuple(take_card(one, numbers[one.take.id], line.take_id, references) for one in takes),
        sweep=sweep_view(bench, points, numbers),
        pauses=pauses_view(bench),
    )


def pauses_view(bench: LineBench) -> PausesView:
    slot, pauses = bench.row.slot, bench.row.line.pauses
    drawn = None if pauses is None else tuple((pause.start_ms, pause.end_ms) for pause in pauses)
    return PausesView(slot.span_ms, slot.length_ms, drawn, bench.spoken or (), bench.spoken_in)


def take_card(judged: JudgedTake, number: int, circled: str | None, references: dict[str, str]) -> TakeCard:
    take, report = judged.take, judged.take.report
    return TakeCard(
        id=take.id,
        number=number,
        voice=voice_key(take.voice),
        engine=take.voice.engine,
        text=take.text,
        length_ms=report.fitted_ms,
        is_circled=take.id == circled,
        made=_made(take, references),
        face_scale=report.face_scale,
        lip_scale=report.lip_scale,
        lips=lip_view(judged.sync),
        why=judged.sync.why if judged.sync is not None else "",
    )


def _made(take: Take, references: dict[str, str]) -> MadeView | None:
    made = take.made
    if made is None:
        return None
    name = references.get(made.reference_id, "a recording since removed") if made.reference_id is not None else ""
    whose = made.consent.whose if made.consent is not None else ""
    return MadeView(made.scales, made.steps, made.seed, made.quality, made.saw_face, made.why, name, whose)


def _sentence(why: str) -> str:
    """An engine's reason as a sentence of its own."""
    said = _closed(why)
    return said[0].upper() + said[1:]


def _closed(why: str) -> str:
    said = why.strip() or "nobody says why"
    return said if said.endswith((".", "!", "?")) else f"{said}."
