"""Domain rows, candidates and takes to what the desk shows. Pure functions, no service, no Gradio."""

from __future__ import annotations

from studio.domain.line import Candidate, Line, Prediction, Take, VoiceRef
from studio.domain.views import LineRow
from studio.ui.desk_views import CandidateView, DeskRow, FitView, TakeView


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
        voice=voice_key(row.voice) if row.voice is not None else "",
        has_own_voice=line.voice is not None,
        face_scale=line.guidance.face_scale if line.guidance is not None else None,
        lip_scale=line.guidance.lip_scale if line.guidance is not None else None,
    )


def candidate_view(candidate: Candidate, line: Line) -> CandidateView:
    return CandidateView(candidate.id, candidate.text, candidate.engine, fit_view(candidate.prediction), candidate.text == line.target_text)


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
