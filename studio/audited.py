"""Which verbs of a `Studio` stand in the audit trail, all in one place; `audited` writes the act once the verb has done its work.

A verb with `project_id` is written under that project, one that answers with a project under that one. An export is written before the first
byte of its file leaves, and once for the many requests by which a browser fetches it. Verbs that know more to tell (with whom something was
shared, whose account it was) write for themselves. Edits of lines are in the project's history. Add a verb: give it a line here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.domain.bible import Show
from studio.domain.project import Project

AGAIN_S = 60.0  # one download is many requests


@dataclass(frozen=True, slots=True)
class Act:
    """`subject`: the parameter that says which one, "" for none; it must be an id or a kind, never words. `is_fetched`: told once a minute."""

    action: str
    subject: str = ""
    is_fetched: bool = False


ACTS: dict[str, Act] = {
    "create_project": Act("project.create"),
    "rename_project": Act("project.rename"),
    "delete_project": Act("project.delete"),
    "update_settings": Act("project.settings"),
    "set_languages": Act("project.languages"),
    "set_learning": Act("project.learning"),
    "forget_choices": Act("project.forget_choices"),
    "import_script": Act("project.script"),
    "update_from_script": Act("project.script"),
    "remove_bed": Act("project.remove_bed"),
    "export": Act("project.export", "kind", is_fetched=True),
    "export_into": Act("project.export", "form", is_fetched=True),
    "download": Act("project.export", "kind", is_fetched=True),
    "hand_over": Act("project.export", "kind", is_fetched=True),
    "lessons": Act("project.export_choices", is_fetched=True),
    "add_review_link": Act("review.link"),
    "revoke_review_link": Act("review.revoke", "link_id"),
    "add_reference_voice": Act("voice.add"),
    "add_speaker_voice": Act("voice.add"),
    "remove_reference_voice": Act("voice.remove", "reference_id"),
    "create_show": Act("show.create"),
    "rename_show": Act("show.rename", "show_id"),
    "delete_show": Act("show.delete", "show_id"),
    "join_show": Act("show.join", "show_id"),
    "leave_show": Act("show.leave"),
}


def audited(studio: type) -> type:
    """A class decorator, put below `guarded`: what was refused is no act."""
    for name, act in ACTS.items():
        setattr(studio, name, _writing(getattr(studio, name), act))
    return studio


def _writing(verb: Callable[..., Any], act: Act) -> Callable[..., Any]:
    signature = inspect.signature(verb)
    assert not act.subject or act.subject in signature.parameters, f"{verb.__name__} has no {act.subject}"

    @functools.wraps(verb)
    def written(self: Any, *args: Any, **values: Any) -> Any:
        answer = verb(self, *args, **values)
        given = signature.bind(self, *args, **values).arguments
        project_id = answer.id if isinstance(answer, Project) else given.get("project_id")
        subject = str(given.get(act.subject) or "") if act.subject else answer.id if isinstance(answer, Show) else ""
        audit = self._shop.audit
        if not act.is_fetched or not audit.has_lately(self.user, act.action, project_id, subject, AGAIN_S):
            audit.write(self.user, act.action, project_id, subject)
        return answer

    return written
