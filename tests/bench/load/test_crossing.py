"""What reaches somebody whom it does not belong to is found: words, ids, files, and addresses that open."""

from __future__ import annotations

import hashlib
import random

from bench.load.crossing import CANARY, Attempt, Border, canary

P1, P2 = "a" * 32, "b" * 32
W1, W2 = canary(random.Random(1)), canary(random.Random(2))


def border() -> Border:
    return Border({W1: P1, W2: P2}, {P1: frozenset({"ada"}), P2: frozenset({"ada", "ben"})})


def test_canaries_are_found_and_differ() -> None:
    draw = random.Random(5)
    words = {canary(draw) for _ in range(200)}
    assert len(words) == 200
    assert all(CANARY.fullmatch(word.encode()) for word in words)


def test_ones_own_and_what_is_shared_is_no_crossing() -> None:
    here = border()
    here.look("ada", "/desk", f"{W1} {W2} {P1}".encode())
    here.look("ben", "/desk", f"{W2} {P2}".encode())
    assert here.crossed() == []
    assert here.looked_through == 2


def test_a_strange_word_or_id_is_a_crossing() -> None:
    here = border()
    here.look("ben", "/desk", W1.encode())
    here.look("ben", "/list", P1.encode())
    assert len(here.crossed()) == 2


def test_the_echo_of_what_was_asked_for_tells_nothing_but_its_words_do() -> None:
    here = border()
    here.look("ben", "/desk", f"no project {P1}".encode(), asked_for=P1)
    assert here.crossed() == []
    here.look("ben", "/desk", f"no project {P1} {W1}".encode(), asked_for=P1)
    assert len(here.crossed()) == 1


def test_the_same_file_at_two_projects_is_a_crossing() -> None:
    here = border()
    here.file("ada", P1, "/media/clip/1", b"film")
    assert here.crossed() == []
    here.file("ben", P2, "/media/clip/2", b"film")
    assert len(here.crossed()) == 1


def test_a_stored_file_of_a_project_that_is_not_theirs_is_a_crossing() -> None:
    here = border()
    here.file("ben", P2, "/media/take/2", b"take")
    mark = hashlib.sha256(b"take").hexdigest()
    assert here.crossed({mark: {P2}}) == []
    assert len(here.crossed({mark: {P1}})) == 1


def test_only_addresses_of_strangers_are_tried() -> None:
    here = border()
    draw = random.Random(1)
    here.remember(Attempt("ada", P2, "GET", "/shared"))
    assert here.strange_to("ben", draw) is None
    here.remember(Attempt("ada", P1, "GET", "/own"))
    found = here.strange_to("ben", draw)
    assert found is not None and found.path == "/own"
    assert here.strange_to("ada", draw) is None
