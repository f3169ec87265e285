"""Domain rows, candidates and takes to what the desk shows. Pure functions, no service, no Gradio."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.line import Candidate, Line, Prediction, Take, VoiceRef
from studio.domain.terms import write_terms
from studio.domain.views import LineRow, ProjectView
from studio.ui.desk_views import CandidateView, DeskRow, FitView, HouseView, TakeView
from studio.ui.lip_present import lip_view

SHORT_SHARE = 0.6  # speech that fills less of its line leaves a face talking without words
SHORT_FROM_MS = 800  # in a shorter line the rest is a breath, not a hole
# How much less likely per token than the line's likeliest wording (in nats): up to here it is still called so.
LIKELY_WITHIN, LESS_LIKELY_WITHIN = 0.35, 0.9

NO_INSTRUCTIONS = "This translator takes no instructions such as “shorter”; a chat model as translator does."


def fit_view(prediction: Prediction) -> FitView:
    estimate = prediction.estimate
    return FitView(estimate.speech_ms, estimate.pause_ms, prediction.delta_ms, prediction.p, prediction.fit.value)


def voice_key(voice: VoiceRef) -> str:
    return f"{voice.engine}/{voice.voice}"


def desk_row(row: LineRow) -> DeskRow:
    line, slot, take = row.line, row.slot, row.take
    return DeskRow(
        id=line.id,
        number=row.number,
        speaker_id=row.speaker.id,
        speaker=row.speaker.name,
        start_ms=line.span.start_ms,
        end_ms=line.span.end_ms,
        source=line.source_text,
        target=line.target_text,
        status=line.status.value,
        slot_ms=slot.span_ms,
        gap_ms=slot.gap_ms,
        fit=fit_view(row.prediction) if row.prediction is not None else None,
        voiced="" if take is None else "stale" if row.is_take_stale else "voiced",
        take_id=line.take_id,
        take_ms=take.report.fitted_ms if take is not None else None,
        rate_ratio=take.report.rate_ratio if take is not None else None,
        candidates=row.candidate_count,
        flags=row.flags,
        remarks=line.notes,
        voice=voice_key(row.voice) if row.voice is not None else "",
        has_own_voice=line.voice is not None,
        face_scale=line.guidance.face_scale if line.guidance is not None else None,
        lip_scale=line.guidance.lip_scale if line.guidance is not None else None,
        text_scale=line.guidance.text_scale if line.guidance is not None else None,
        pause_scale=line.guidance.pause_scale if line.guidance is not None else None,
        is_short=is_far_too_short(row),
        presence=row.presence.presence.value if row.presence is not None else "",
        lips=lip_view(row.sync),
        pace=row.pace.per_second if row.pace is not None else None,
        pace_unit=row.pace.unit if row.pace is not None else "",
        is_measuring=row.is_being_measured,
    )


def is_far_too_short(row: LineRow) -> bool:
    """Words that end long before their line does: nothing is cut, but the lips go on in silence."""
    if row.prediction is None or row.slot.span_ms < SHORT_FROM_MS:
        return False
    return 0 < row.prediction.estimate.total_ms < SHORT_SHARE * row.slot.span_ms


def candidate_views(candidates: Sequence[Candidate], line: Line) -> tuple[CandidateView, ...]:
    """The wordings in the order they were ranked."""
    best = max((one.likelihood for one in candidates if one.likelihood is not None), default=None)
    return tuple(
        CandidateView(
            id=one.id,
            text=one.text,
            engine=one.engine,
            fit=fit_view(one.prediction) if one.prediction is not None else None,
            is_taken=one.text == line.target_text,
            likely=likely_word(one.likelihood, best),
            likelihood=one.likelihood,
            back_translation=one.back_translation or "",
            missed_terms=one.missed_terms,
            slot_penalty=one.slot_penalty,
        )
        for one in candidates
    )


def likely_word(likelihood: float | None, best: float | None) -> str:
    """How likely the translator finds a wording (mean log-probability per token), against the likeliest of the line."""
    if likelihood is None or best is None:
        return ""
    if best - likelihood <= LIKELY_WITHIN:
        return "likely"
    return "less likely" if best - likelihood <= LESS_LIKELY_WITHIN else "unlikely"


def take_view(take: Take, line: Line) -> TakeView:
    report = take.report
    return TakeView(
        take.id,
        voice_key(take.voice),
        take.voice.engine,
        take.text,
        report.fitted_ms,
        report.rate_ratio,
        report.remainder_ms,
        take.id == line.take_id,
        take.note,
    )


def house_view(view: ProjectView) -> HouseView:
    project = view.project
    terms = project.settings.translation.terms
    return HouseView(
        source_language=project.source_language,
        target_language=project.target_language,
        terms=write_terms(terms),
        term_count=len(terms),
        keeps_choices=project.settings.learning.keep_choices,
        kept_choices=view.kept_choices,
    )
