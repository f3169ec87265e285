"""What people do at the desk, one function per deed; each asks what the page would ask. A new deed: a function and its weight in `DEEDS`.

Enter: a visitor with an open page. Leave: calls made, and in the ledger what the studio has confirmed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from bench.load.calls import Refused
from bench.load.ledger import Fact
from bench.load.visitor import Visitor

WORDS = ("vielleicht", "morgen", "der Kapitän", "ohne", "leise", "niemand", "ein Brief", "am Fluss", "später", "doch", "jetzt", "hier", "wieder", "nur")
STATUSES = ("draft", "approved")
TRESPASS_EVERY = 12
EXPORTS = ("source_srt", "target_srt", "target_vtt", "target_ttml", "report_json")


def draw_deed(visitor: Visitor) -> None:
    """Do one thing, chosen by weight; a refusal is a sentence on the page and ends the deed."""
    visitor.deeds += 1
    deed = trespass if visitor.deeds % TRESPASS_EVERY == 3 else visitor.draw.choices([one for one, _ in DEEDS], [weight for _, weight in DEEDS])[0]
    if not visitor.order:
        visitor.refresh()
        return
    try:
        deed(visitor)
    except Refused as error:
        if error.status == 401:
            raise
    visitor.office.tally.count(f"deed {deed.__name__}")


def select(visitor: Visitor) -> dict[str, Any]:
    """Go to a line: its panel, takes and curves."""
    row = visitor.rows[visitor.draw.choice(visitor.order)]
    for verb in ("panel", "takes", "curves"):
        visitor.call(verb, {"line_id": row["id"]})
    return row


def edit(visitor: Visitor) -> None:
    """Type into a translation: a prediction with each key, then the text with what it began from."""
    row = select(visitor)
    word = visitor.office.words[visitor.project_id]
    added = f" {visitor.draw.choice(WORDS)} {visitor.draw.getrandbits(28):07x}"
    base = row["target"] if len(row["target"]) < 160 else f"Von vorn, {word}."
    for end in range(1, len(added) + 1, visitor.draw.choice((1, 1, 2))):
        visitor.call("predict", {"line_id": row["id"], "text": base + added[:end]})
        visitor.pause(1 / visitor.office.keys_per_s)
    text = base + added
    values = {"line_id": row["id"], "target": text, "base": {"target": row["target"], "status": row["status"]}, "change_id": f"{visitor.draw.getrandbits(128):032x}"}
    revise(visitor, values, "target_text", text)
    visitor.call("panel", {"line_id": row["id"]})
    for is_words in (True, False):
        visitor.call("regenerate_plan", {"line_ids": [row["id"]], "words": is_words})


def revise(visitor: Visitor, values: dict[str, Any], field: str, value: Any) -> None:
    """Send an edit; once it is answered without a conflict, somebody has been told that it is stored."""
    project_id = visitor.project_id
    reply = visitor.call_until_answered("revise", {**values, "seen_revision": visitor.revision, "seen_also": []}, sort="edit")
    if reply is None:
        return
    if reply.get("conflict"):
        visitor.office.tally.count("conflicts")
    else:
        visitor.confirmed(field, values["line_id"], value, project_id)
    if reply.get("desk"):
        visitor.take(reply["desk"])
    elif reply.get("row"):
        visitor.rows[reply["row"]["id"]] = reply["row"]


def retime(visitor: Visitor) -> None:
    """Drag the end of a line."""
    row = select(visitor)
    end_ms = max(row["start_ms"] + 600, row["end_ms"] + visitor.draw.choice((-120, -80, 40, 80)))
    if end_ms == row["end_ms"]:
        return
    span = {"start_ms": row["start_ms"], "end_ms": end_ms}
    values = {"line_id": row["id"], **span, "base": {"start_ms": row["start_ms"], "end_ms": row["end_ms"]}, "change_id": f"{visitor.draw.getrandbits(128):032x}"}
    revise(visitor, values, "span", span)


def approve(visitor: Visitor) -> None:
    row = select(visitor)
    status = next(one for one in STATUSES if one != row["status"]) if row["status"] in STATUSES else STATUSES[0]
    reply = visitor.call("set_status", {"line_ids": [row["id"]], "status": status, "seen": {row["id"]: row["target"]}, "seen_revision": visitor.revision, "seen_also": []}, sort="edit")
    if not reply["passed_over"] and reply["changed_count"]:
        visitor.confirmed("status", row["id"], status, visitor.project_id)
    visitor.take(reply["desk"])


def undo(visitor: Visitor) -> None:
    done = visitor.call(visitor.draw.choice(("undo", "undo", "redo")), {"passing": []}, sort="undo")
    if done["is_done"]:
        visitor.refresh()


def note(visitor: Visitor) -> None:
    text = f"Bitte ansehen: {visitor.office.words[visitor.project_id]} {visitor.draw.getrandbits(28):07x}"
    added = visitor.call("add_note", {"text": text, "line_id": visitor.draw.choice(visitor.order)})
    if added["added"]:
        visitor.office.ledger.confirm(Fact(visitor.person.name, visitor.project_id, added["added"], "note", text))


def look_back(visitor: Visitor) -> None:
    visitor.call("history", {"line_id": visitor.draw.choice((None, *visitor.order))})


# generating


def regenerate(visitor: Visitor) -> None:
    row = select(visitor)
    visitor.queued(visitor.call("regenerate", {"line_ids": [row["id"]], "over_budget": False, "instruction": "", "seen_revision": visitor.revision, "seen_also": []}))


def voice_all(visitor: Visitor) -> None:
    visitor.queued(visitor.call("submit", {"kind": "voice"}))


def render(visitor: Visitor) -> None:
    visitor.queued(visitor.call("submit", {"kind": "render"}))


# hearing and seeing


def watch(visitor: Visitor) -> None:
    """Play the picture, and jump."""
    shown = visitor.call("picture", {})
    mark = shown.get("mark")
    if mark:
        _ranged(visitor, visitor.caller.media(visitor.project_id, "picture", mark))


def hear(visitor: Visitor) -> None:
    """Play a line: its take, the line in context, or the source."""
    row = select(visitor)
    kinds = [("context", row["id"]), ("clip", row["id"])] + ([("take", row["take_id"])] * 2 if row["take_id"] else [])
    kind, item = visitor.draw.choice(kinds)
    _whole(visitor, visitor.caller.media(visitor.project_id, kind, item))


def preview(visitor: Visitor) -> None:
    """The rendered dub, where there is one."""
    _ranged(visitor, visitor.caller.media(visitor.project_id, "rendered", "all"))


def export(visitor: Visitor) -> None:
    _whole(visitor, visitor.caller.media(visitor.project_id, "export", visitor.draw.choice(EXPORTS)))


def _whole(visitor: Visitor, path: str) -> bytes:
    answer = visitor.get("media", path)
    if path.startswith("/media/export"):
        return answer.body  # a text without lines may be like another's
    visitor.office.border.file(visitor.person.name, visitor.project_id, path, answer.body)
    return answer.body


def _ranged(visitor: Visitor, path: str) -> None:
    """As a film is played: from the start, then from somewhere in the middle; both must be of the same file."""
    first = visitor.get("media", path, {"range": "bytes=0-"})
    total = len(first.body)
    visitor.office.border.file(visitor.person.name, visitor.project_id, path, first.body)
    start = visitor.draw.randrange(max(1, total))
    part = visitor.get("media", path, {"range": f"bytes={start}-{min(total - 1, start + 65_535)}"})
    if part.status != 206:
        visitor.office.tally.trouble(f"a range of {path.split('/')[2]} was answered with {part.status}")
    if _is_same_file(first.headers, part.headers) and part.body != first.body[start : start + len(part.body)]:
        visitor.office.tally.trouble(f"a range of {path.split('/')[2]} is not of the file it belongs to")


def _is_same_file(first: Any, second: Any) -> bool:
    """A film may have been rendered anew between two asks."""
    return first.get("etag") is not None and first.get("etag") == second.get("etag")


# where nobody has any business


def trespass(visitor: Visitor) -> None:
    """Try an address or a call that somebody else used a moment ago, with one's own session."""
    other = visitor.office.border.strange_to(visitor.person.name, visitor.draw)
    if other is None:
        return
    headers = {"content-type": "application/json"} if other.body is not None else {}
    answer = visitor.caller.ask(other.method, other.path, other.body, headers)
    visitor.office.tally.count("trespasses tried")
    visitor.office.border.look(visitor.person.name, other.path, answer.body, asked_for=other.project_id)
    if answer.status not in (401, 403, 404):
        mark = hashlib.sha256(answer.body).hexdigest()[:8]
        visitor.office.border.came_through(f"{visitor.person.name} got {answer.status} ({mark}) for {other.method} {other.path}, which is {other.user}'s")


DEEDS: tuple[tuple[Callable[[Visitor], None], float], ...] = (
    (edit, 40),
    (retime, 5),
    (approve, 6),
    (undo, 6),
    (note, 4),
    (look_back, 3),
    (regenerate, 8),
    (voice_all, 2),
    (render, 1),
    (watch, 6),
    (hear, 12),
    (preview, 3),
    (export, 2),
)
