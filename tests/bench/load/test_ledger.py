"""The ledger finds every edit that was confirmed and is nowhere, every line overwritten unseen, every job not over exactly once."""

from __future__ import annotations

from bench.load.ledger import Fact, JobEnd, Kept, Ledger, broken, lost, unfinished

ADA = Fact("ada", "p1", "line1", "target_text", "eins")


def kept(before: object, after: object, field: str = "target_text", line_id: str = "line1", by: str = "ada") -> Kept:
    return Kept("p1", line_id, by, field, before, after)


def test_an_edit_in_the_history_is_there_whoever_came_after() -> None:
    history = [kept("", "eins"), kept("eins", "zwei", by="ben")]
    assert lost([ADA], history, []) == []


def test_an_edit_under_another_name_or_of_another_line_is_lost() -> None:
    assert len(lost([ADA], [kept("", "eins", by="ben")], [])) == 1
    assert len(lost([ADA], [kept("", "eins", line_id="line2")], [])) == 1
    assert "ada" in lost([ADA], [], [])[0]


def test_spans_and_notes_are_facts_too() -> None:
    span = Fact("ada", "p1", "line1", "span", {"start_ms": 1, "end_ms": 2})
    note = Fact("ada", "p1", "n1", "note", "bitte")
    assert lost([span, note], [kept(None, {"end_ms": 2, "start_ms": 1}, "span")], [("p1", "ada", "bitte")]) == []
    assert len(lost([span, note], [], [("p1", "ben", "bitte")])) == 2


def test_a_chain_of_edits_that_ends_in_the_line_is_whole() -> None:
    history = [kept("", "eins"), kept("eins", "zwei"), kept("draft", "approved", "status")]
    assert broken(history, {"line1": {"target_text": "zwei", "status": "approved"}}) == []


def test_a_line_that_was_overwritten_without_an_edit_is_found() -> None:
    assert len(broken([kept("", "eins")], {"line1": {"target_text": "etwas anderes"}})) == 1
    assert len(broken([kept("", "eins"), kept("drei", "vier")], {"line1": {"target_text": "vier"}})) == 1


def test_a_line_that_went_and_came_back_begins_anew() -> None:
    history = [kept("", "eins"), kept({"id": "line1"}, None, "line"), kept(None, {"id": "line1"}, "line"), kept("drei", "vier")]
    assert broken(history, {"line1": {"target_text": "vier"}}) == []
    assert broken([kept("", "eins")], {}) == []


def test_a_job_is_over_exactly_once_or_told() -> None:
    def end(state: str, ends: int, *, message: str = "", is_user_error: bool = False) -> dict[str, JobEnd]:
        return {"j": JobEnd("j", state, message, is_user_error, ends)}

    assert unfinished(["j"], end("done", 1)) == []
    assert unfinished(["j"], end("failed", 1, message="No line has words.", is_user_error=True)) == []
    for rows in ({}, end("running", 0), end("done", 2), end("done", 0), end("failed", 1, message="Something went wrong on our side.")):
        assert len(unfinished(["j"], rows)) == 1


def test_a_ledger_keeps_every_fact_and_each_job_once() -> None:
    ledger = Ledger()
    ledger.confirm(ADA)
    ledger.queued("j", "ada")
    ledger.queued("j", "ben")
    assert ledger.facts == (ADA,)
    assert ledger.jobs == {"j": "ada"}
