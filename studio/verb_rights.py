"""Which right each verb of a `Studio` asks for, all in one place; `guarded` puts the question in front of each of them.

A verb whose first parameter is `project_id` asks it of that project, one with `job_id` of the job's project, any other of the person. Add a
verb: give it a line here; without one it refuses to work. READ of a project is asked by the verb itself, which cannot do without the project.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from studio.domain.rights import Right

READ, NOTE, EDIT, RUN = Right.READ, Right.NOTE, Right.EDIT, Right.RUN
EXPORT, SHARE, DELETE, ADMIN = Right.EXPORT, Right.SHARE, Right.DELETE, Right.ADMIN
# The page server's own business, or decided inside the verb by what is stored (a token, a bin, an upload that is one's own); no person's call alone.
ITSELF = None

VERB_RIGHTS: dict[str, Right | None] = {
    # projects
    "projects": READ,
    "projects_named": READ,
    "project": READ,
    "cast": READ,
    "rights": READ,
    "create_project": EDIT,
    "rename_project": EDIT,
    "delete_project": DELETE,
    "update_settings": EDIT,
    "set_languages": EDIT,
    "set_terms": EDIT,
    "set_learning": EDIT,
    "preference_count": READ,
    "forget_choices": EDIT,
    "lessons": EXPORT,
    "demo_project": READ,
    "members": READ,
    "add_member": SHARE,
    "remove_member": READ,  # anybody may leave; the store asks who sends others away for SHARE
    # files in and out
    "begin_upload": EDIT,
    "uploads": EDIT,
    "upload": EDIT,
    "receive_upload": EDIT,
    "check_upload": EDIT,
    "join_upload": EDIT,
    "open_for_upload": EDIT,
    "take_upload": EDIT,
    "take_script": EDIT,
    "drop_upload": EDIT,
    "upload_media": EDIT,
    "upload_bed": EDIT,
    "remove_bed": EDIT,
    "read_script": READ,
    "script": READ,
    "plan_update": READ,
    "doubts_about": READ,
    "import_script": EDIT,
    "update_from_script": EDIT,
    "export": EXPORT,
    "export_into": EXPORT,
    "write_project": EXPORT,
    "take_in_project": EDIT,
    "check_export": READ,
    "delivery": EXPORT,
    "download": EXPORT,
    "hand_over": EXPORT,
    "delivery_sizes": READ,
    "set_handover": EDIT,
    "standing_findings": READ,
    "blocked_lines": READ,
    "quality": READ,
    "quality_page": READ,
    "binned": READ,
    "restore_project": ITSELF,
    "erase_project": ITSELF,
    "empty_bin": READ,
    "room": READ,
    # work
    "check_engines": READ,
    "engines": READ,
    "submit": RUN,
    "look_for_faces": RUN,
    "run_now": RUN,
    "regenerate": RUN,
    "regenerate_plan": READ,
    "revoice": RUN,
    "sweep": RUN,
    "job": READ,
    "is_user_error": READ,
    "active_job": READ,
    "cancel": RUN,
    "costs": READ,
    "queue": READ,
    "move_job": ITSELF,  # one's own jobs only
    # lines and speakers
    "rows": READ,
    "line": READ,
    "predict": READ,
    "revise_line": EDIT,
    "revise_lines": EDIT,
    "revise_from": EDIT,
    "pick_candidate": EDIT,
    "add_line": EDIT,
    "delete_lines": EDIT,
    "split_line": EDIT,
    "merge_lines": EDIT,
    "bring_back": EDIT,
    "scene_line_ids": READ,
    "speakers": READ,
    "rename_speaker": EDIT,
    "set_speaker_voice": EDIT,
    "merge_speakers": EDIT,
    "split_speaker": EDIT,
    "remove_speaker": EDIT,
    "voices": READ,
    "preview_replace": READ,
    "replace": EDIT,
    "plan_sign_off": READ,
    "approve_lines": EDIT,
    "set_status": EDIT,
    "history": READ,
    "pulse": READ,
    "undo": EDIT,
    "redo": EDIT,
    "restore": EDIT,
    "restore_line": EDIT,
    "first_penalties": READ,
    # takes, voices, lips
    "take_wav": READ,
    "take_history": READ,
    "note_take": EDIT,
    "use_take": EDIT,
    "mouth_boxes": READ,
    "line_bench": READ,
    "voice_sight": READ,
    "reference_voices": READ,
    "reference_wav": READ,
    "add_reference_voice": EDIT,
    "add_speaker_voice": EDIT,
    "remove_reference_voice": EDIT,
    "guidance_presets": READ,
    "guidance_warning": READ,
    "sweep_points": READ,
    "forget_sweep": EDIT,
    "choose_point": EDIT,
    "curves": READ,
    "sound_offset": READ,
    "correct_offset": EDIT,
    "shift_sound": EDIT,
    # playing
    "context_mix": READ,
    "speech_spans": READ,
    "source_clip": READ,
    "peaks": READ,
    "playable_source": READ,
    "desk_picture": READ,
    "picture": READ,
    "playable_dub": READ,
    "line_preview": READ,
    # notes and reviews
    "notes": READ,
    "placed_notes": READ,
    "notes_mark": READ,
    "note_counts": READ,
    "add_note": NOTE,
    "resolve_note": NOTE,
    "reopen_note": NOTE,
    "delete_note": NOTE,
    "review_links": READ,
    "add_review_link": EXPORT,  # shows the project to people outside
    "revoke_review_link": EXPORT,
    "review_room": ITSELF,
    # house rules and shows
    "house_rules": READ,
    "consistency": READ,
    "sheets": READ,
    "set_phrases": EDIT,
    "set_addresses": EDIT,
    "set_sheet": EDIT,
    "shows": READ,
    "episode_counts": READ,
    "show_of": READ,
    "create_show": EDIT,
    "rename_show": EDIT,
    "delete_show": EDIT,
    "join_show": EDIT,
    "leave_show": EDIT,
    "take_from_show": EDIT,
    "save_to_show": EDIT,
    # oneself
    "account": READ,
    "own_rights": READ,
    "person_settings": READ,
    "set_language": READ,
    "set_keys": READ,
    "change_password": READ,
    # the studio
    "accounts": ADMIN,
    "add_account": ADMIN,
    "import_accounts": ADMIN,
    "give_password": ADMIN,
    "set_role": ADMIN,
    "disable_account": ADMIN,
    "enable_account": ADMIN,
    "give_projects": ADMIN,
    "keeping": READ,
    "change_keeping": ADMIN,
    "set_quota": ADMIN,
    "free_space": ADMIN,
    "queue_settings": READ,
    "whole_queue": ADMIN,
    "stop_job": ADMIN,
    "overview": ADMIN,
    "people": ADMIN,
    "disk_shares": ADMIN,
    "engines_seen": ADMIN,
    "trail": ADMIN,
    "trail_actions": ADMIN,
    "trail_csv": ADMIN,
    "project_trail": SHARE,
    "measures": ADMIN,
    "set_measure": ADMIN,
    "exposition": ITSELF,  # also for whoever has the token for figures
    "readiness": ITSELF,
    "disks": ITSELF,
    "log_mark": ITSELF,
    "mirror_log": ITSELF,
    "moment": ITSELF,
    "link_key": ITSELF,
    "as_user": ITSELF,
    "require": ITSELF,
    "start": ITSELF,
    "close": ITSELF,
}


def guarded(studio: type) -> type:
    """A class decorator: every public verb asks for its right before it does anything."""
    for name in dir(studio):
        verb = inspect.getattr_static(studio, name)
        if not name.startswith("_") and inspect.isfunction(verb):
            setattr(studio, name, _asking(name, verb))
    return studio


def _asking(name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
    if name not in VERB_RIGHTS:
        return _undeclared(name)
    right, (_, *first) = VERB_RIGHTS[name], inspect.signature(verb).parameters
    if right is None or right is Right.READ:
        return verb
    subject = first[0] if first and first[0] in ("project_id", "job_id") and right is not ADMIN else ""

    @functools.wraps(verb)
    def asked(self: Any, *args: Any, **values: Any) -> Any:
        if subject:
            key = args[0] if args else values[subject]
            self._may(key if subject == "project_id" else self.job(key).project_id, right)
        else:
            self.require(right)
        return verb(self, *args, **values)

    return asked


def _undeclared(name: str) -> Callable[..., Any]:
    def refuse(_studio: Any, *_args: Any, **_values: Any) -> Any:
        raise TypeError(f"Studio.{name} has no right in studio/verb_rights.py, so nobody may call it.")

    return refuse
