"""The desk's calls by their names in the address, and the right each asks for. A verb in, the answer of a method of `Desk` out.

To add one: a method on a part of `Desk`, its name in that part's list, its right in `CALL_RIGHTS`. Without a right the page does not start;
what stands behind a call asks again (`studio/verb_rights.py`), so that neither list is the only fence.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from studio.domain.errors import NotFound
from studio.domain.rights import Right
from studio.ui.call_shapes import fitted, record
from studio.ui.desk import Desk, Revision
from studio.ui.guidance_desk import CALLS as GUIDANCE_CALLS
from studio.ui.handover_desk import HANDOVER_CALLS
from studio.ui.history_desk import HISTORY_CALLS
from studio.ui.list_desk import LIST_CALLS
from studio.ui.members_desk import MEMBERS_CALLS
from studio.ui.notes_desk import NOTES_CALLS
from studio.ui.playback_desk import PLAYBACK_CALLS
from studio.ui.shows_desk import SHOWS_CALLS

CALLS: dict[str, Callable[..., Any]] = {
    "panel": Desk.panel,
    "curves": Desk.curves,
    "predict": Desk.predict,
    "revise": lambda desk, **values: desk.revise(record(Revision, values)),
    "set_status": Desk.set_status,
    "pick": Desk.pick,
    "add": Desk.add,
    "delete": Desk.delete,
    "split": Desk.split,
    "merge": Desk.merge,
    "regenerate": Desk.regenerate,
    "submit": Desk.submit,
    "rename_speaker": Desk.rename_speaker,
    "set_speaker_voice": Desk.set_speaker_voice,
    "merge_speakers": Desk.merge_speakers,
    "split_speaker": Desk.split_speaker,
    "house": Desk.house,
    "set_terms": Desk.set_terms,
    "set_learning": Desk.set_learning,
    "forget_choices": Desk.forget_choices,
    **GUIDANCE_CALLS,
    **MEMBERS_CALLS,
    **HANDOVER_CALLS,
    **PLAYBACK_CALLS,
    **LIST_CALLS,
    **NOTES_CALLS,
    **SHOWS_CALLS,
    **HISTORY_CALLS,
}
_BY_RIGHT: dict[Right, str] = {
    Right.READ: (
        "panel curves predict house bench reference_voices members remove_member handover speech picture mouths takes regenerate_plan "
        "preview_replace scene notes review_links rules plan_sign_off history"
    ),
    Right.NOTE: "add_note resolve_note reopen_note delete_note",
    Right.EDIT: (
        "revise set_status pick add delete split merge rename_speaker set_speaker_voice merge_speakers split_speaker set_terms set_learning "
        "forget_choices use_take set_pauses choose_point forget_sweep add_speaker_voice remove_reference_voice set_handover note_take replace "
        "revise_lines remove_speaker set_phrases set_addresses set_sheet create_show join_show take_from_show save_to_show leave_show sign_off "
        "undo redo restore bring_back"
    ),
    Right.RUN: "regenerate submit voice_lines sweep",
    Right.EXPORT: "add_review_link revoke_review_link",
    Right.SHARE: "add_member trail",
}
CALL_RIGHTS: dict[str, Right] = {name: right for right, names in _BY_RIGHT.items() for name in names.split()}
LONG_CALLS = frozenset({"add_speaker_voice"})  # these listen, and wait for a turn of long work


def check_rights() -> None:
    """Raises TypeError for a call that asks for no right, or a right that no call asks for."""
    if odd := sorted(CALLS.keys() ^ CALL_RIGHTS.keys()):
        raise TypeError(f"Give each desk call a right in studio/ui/desk_calls.py, and each right a call: {', '.join(odd)}.")


def call_desk(desk: Desk, verb: str, values: dict[str, Any]) -> Any:
    """Raises NotFound for a call that is none or a project that may not be seen, Forbidden, and as the call does."""
    if verb not in CALLS:
        raise NotFound("desk call", verb)
    with nullcontext() if verb in LONG_CALLS else desk.moment():
        desk.check(CALL_RIGHTS[verb])
        return CALLS[verb](desk, **fitted(CALLS[verb], values))
