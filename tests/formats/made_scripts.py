"""Scripts as hypothesis draws them: right-to-left and combining marks, emoji, control characters, markup, formulas, nothing at all."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from studio.domain.line import LineStatus
from studio.domain.project import OnScreen
from studio.formats.scripted import Description, Recording, ScriptCharacter, ScriptDocument, ScriptEvent, ScriptType, TextPiece

NASTY = (
    "שלום ‏עולם!", "مرحبًا (C++‎) بكم", "e\u0301a\u0308 ñ", "👩‍👩‍👧‍👦 🏳️‍🌈", "=1+1", "+49", "-x", "@SUM(A1)", "'quoted", "''=", "＝1", "\tindented", "a\tb",
    "<b>&amp;</b> & < >", "]]>", "<!-- -->", "--> 00:00:01,000", "0:01 → 0:02", "{\\an8}x", "\\N \\n \\h {", "\\", "\\\u2060N", "[door] (sighs) ♪ la ♪", "MAN: hello",
    "- one\n- two", "first\nsecond", "two  spaces", " edge ", "\ufeffmark", "\u200bzero", "x\x00\x08\x0b\x1fy", "_x0041_ _x005F_", "1", "12:00", "NOTE this",
    "WEBVTT", "a,b;\"c\"|d", "{1}{2}", "\u2028line\u2029", "\x85", "你好，世界", "สวัสดี", "&#13;", "%s %(x)s {0}", "\U0001f600" * 30, "ﬁ", "\u202babc\u202c",
)  # fmt: skip
TEXTS = st.one_of(st.just(""), st.sampled_from(NASTY), st.text(max_size=40), st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map(" ".join))
NAMES = st.one_of(st.sampled_from(("Ann", "Bob, the 2nd", "<v X>", "=Eve", "דנה", "A & B", "-dash", "'quote", "NTP")), st.text(min_size=1, max_size=12).filter(lambda name: name.strip()))
IDS = st.one_of(st.uuids().map(lambda one: one.hex), st.text(min_size=1, max_size=10))
RATES = st.sampled_from((None, Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001), Fraction(15, 2)))
PAIRS = st.sampled_from((("zh", "en"), ("he", "en"), ("en", "en"), ("pt-BR", "de"), ("ar", "")))


def spans(draw: st.DrawFn) -> tuple[int, int]:
    start_ms = draw(st.integers(0, 4 * 3600 * 1000))
    return start_ms, start_ms + draw(st.integers(1, 20_000))


@st.composite
def documents(draw: st.DrawFn, *, max_events: int = 8, longest: TEXTS = TEXTS) -> ScriptDocument:
    """Any script: overlaps, many speakers, events without words, several roles in one event."""
    kind = draw(st.sampled_from(ScriptType))
    language, from_language = draw(PAIRS)
    roles = tuple(ScriptCharacter(key, draw(NAMES), draw(st.none() | NAMES)) for key in draw(st.lists(IDS, max_size=5, unique=True)))
    keys = draw(st.lists(IDS, max_size=max_events, unique=True))
    return ScriptDocument(
        kind=kind,
        language=language,
        from_language=from_language,
        characters=roles,
        events=tuple(draw(events(key, (language, from_language), roles)) for key in keys),
        title=draw(TEXTS),
        media=draw(st.none() | NAMES),
        fps=draw(RATES),
    )


@st.composite
def events(draw: st.DrawFn, key: str, pair: tuple[str, str], roles: tuple[ScriptCharacter, ...]) -> ScriptEvent:
    start_ms, end_ms = spans(draw)
    texts = draw(st.lists(st.builds(TextPiece, st.just(pair[0]), TEXTS, st.sampled_from(pair)), max_size=2))
    recordings = st.builds(
        Recording,
        st.sampled_from(("audio/00001-ann.wav", "https://example.com/a.wav?x=1&y=2")),
        st.integers(0, 5000), st.integers(0, 5000), st.none() | st.integers(5001, 9000), st.sampled_from((1.0, 0.5, 0.25)),
    )  # fmt: skip
    return ScriptEvent(
        id=key,
        start_ms=start_ms,
        end_ms=end_ms,
        texts=tuple(texts),
        character_ids=tuple(draw(st.lists(st.sampled_from([role.id for role in roles]), max_size=2, unique=True))) if roles else (),
        on_screen=draw(st.none() | st.sampled_from(OnScreen)),
        status=draw(st.none() | st.sampled_from(LineStatus)),
        notes=tuple(draw(st.lists(TEXTS, max_size=2))),
        descriptions=tuple(draw(st.lists(st.builds(Description, st.sampled_from(("scene", "pronunciationNote", "x-own")), TEXTS), max_size=1))),
        recordings=tuple(draw(st.lists(recordings, max_size=1))) if texts else (),
    )
