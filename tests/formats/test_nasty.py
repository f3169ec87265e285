"""Real and damaged subtitle files from the corpus: what an editor would expect of each, in a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.domain.errors import BadSubtitles
from studio.domain.project import Script
from studio.domain.settings import Limits
from studio.formats.read import read_script

pytestmark = pytest.mark.corpus


@dataclass(frozen=True, slots=True)
class Expected:
    """Lines, encoding, and one of the lines: its number, start, end, speaker and how its text begins; then a word of a reason."""

    count: int
    encoding: str
    at: int
    start_ms: int
    end_ms: int
    text: str
    speaker: str | None = None
    reason: str = ""


FRIENDS = "Hello friends!"
EXPECTED = {
    "astisub_example-in-breaklines.ttml": Expected(4, "utf-8", 2, 2000, 3000, "Fifth line Sixth middle line"),
    "astisub_example-in-carriage-return.ssa": Expected(3, "utf-8", 0, 0, 3766, "Did one of the last stories strike you", "Cher"),
    "astisub_example-in-carriage-return.vtt": Expected(3, "utf-8", 1, 3767, 10732, "That's true. You don’t often find 632 pieces"),
    "astisub_example-in-html-entities.vtt": Expected(3, "utf-8", 0, 331, 3750, "The man in black fled across the desert, & the gunslinger"),
    "astisub_example-in-non-utf8.srt": Expected(4, "utf-16-le", 0, 124080, 127120, "How did we end up here?", "MAN", "sound"),
    "astisub_example-in-non-utf8.vtt": Expected(4, "utf-16-le", 0, 124080, 127120, "How did we end up here?", "MAN", "STYLE"),
    "astisub_example-in-styled.srt": Expected(5, "utf-8", 1, 480000, 540000, "Test with multi line italics Terminated on", None, "tags"),
    "astisub_example-in.ssa": Expected(4, "utf-8", 1, 132160, 135200, "This place is horrible.", "autre", "neither Dialogue"),
    "astisub_example-in.vtt": Expected(4, "utf-8", 0, 124080, 127120, "How did we end up here?", "MAN", "NOTE"),
    "astisub_missing-sequence-in.srt": Expected(4, "utf-8", 0, 124080, 127120, "How did we end up here?", "MAN", "sound"),
    "made_5000_cues.srt": Expected(5000, "utf-8", 0, 0, 1700, "Привет, Друзья!"),
    "made_cr_only.srt": Expected(40, "utf-8", 0, 3760, 4880, FRIENDS),
    "made_dot_millis.srt": Expected(40, "utf-8", 1, 5560, 9940, 'On your screen. you can see a clip from the "Pepper & Carrot"'),
    "made_extra_blank_lines.srt": Expected(40, "utf-8", 39, 180520, 186220, "But first, we need to install CoaTools"),
    "made_hi_utf8.srt": Expected(12, "utf-8", 0, 14140, 16180, "क्या आप मुझे खत्म करना चाहते हैं?", None, "sound"),
    "made_hms_sloppy.srt": Expected(40, "utf-8", 0, 3700, 4800, FRIENDS),
    "made_ja_shiftjis.srt": Expected(39, "shift_jis", 1, 4370, 6780, '..."Ethic Cinema"との協賛で...', None, "shift_jis"),
    "made_karaoke_comma.ass": Expected(40, "utf-8", 0, 3760, 4880, FRIENDS, "Speaker, with comma", "comma"),
    "made_markup.srt": Expected(40, "utf-8", 0, 3760, 4880, "Hello friends! - Привет, Друзья!", None, "tags"),
    "made_no_header.vtt": Expected(8, "utf-8", 1, 1000, 4000, "Hello & goodbye <now>", "Esme Ford", "WEBVTT"),
    "made_no_index.srt": Expected(40, "utf-8", 39, 180520, 186220, "But first, we need"),
    "made_null_bytes.srt": Expected(40, "utf-8", 1, 5560, 9940, "On your screen, you can see a clip", None, "NUL"),
    "made_ru_koi8r.srt": Expected(40, "koi8-r", 0, 3760, 4880, "Привет, Друзья!", None, "koi8-r"),
    "made_th_cp874.srt": Expected(19, "cp874", 0, 0, 4260, "นี่เป็นนิทานเตือนใจ", None, "2000 characters"),
    "made_unsorted.srt": Expected(40, "utf-8", 0, 3760, 4880, FRIENDS, None, "order"),
    "made_wpt_like.vtt": Expected(8, "utf-8", 7, 442_808_000, 442_809_000, "three-digit hours", None, "one second"),
    "made_zh_gb18030.srt": Expected(40, "gb18030", 0, 760, 2660, "#1: 起步", None, "gb18030"),
    "made_zh_utf16be_bom.srt": Expected(40, "utf-16-be", 1, 3680, 7520, "欢迎参加 Synfig Studio 动画软件培训系列课程。"),
    "moviepy_subtitles.srt": Expected(5, "utf-8", 2, 5000, 6000, "Green!"),
    "pysubs2_ttml_example.ass": Expected(11, "utf-8", 1, 5000, 10000, "that the image formed on the Retina should be inverted?"),
    "pysubs2_ttml_example2.ass": Expected(10, "utf-8", 0, 1380, 5750, "TOP SAMPLE TEXT"),
    "pysubs2_ttml_example2.ttml": Expected(10, "utf-8", 5, 25875, 30166, "- Did he tell you what it was about? - He did"),
    "pysubs2_ttml_example_apple.ttml": Expected(
        38, "utf-8", 37, 227741, 230693, "I don't be long here", "Radiohead", "counted from the start"
    ),
    "se_auto_detect_Danish.srt": Expected(301, "utf-8", 2, 4202, 7200, "Peter Bishop, og hans far Walter Bishop."),
    "se_auto_detect_windows-1250.srt": Expected(
        1132, "windows-1250", 2, 84233, 87382, "Đino, dođavola. Dolazi ovamo!", None, "windows-1250"
    ),
    "se_test.srt": Expected(3, "utf-8", 0, 1000, 4000, "Hello, World!"),
    "se_test.txt": Expected(3, "utf-8", 0, 1000, 4000, "Hello, World!"),
    "se_test.vtt": Expected(3, "utf-8", 2, 10000, 13000, "Testing SeConv subtitle converter."),
}
REFUSED = {
    "astisub_example-in.stl": "EBU STL",
    "made_not_a_subtitle.srt": "Matroska or WebM",
    "made_only_bom.srt": "no text",
    "pysubs2_subtitle_with_attached_images_aegisub.ass": "no text",
    "se_sample_BDSUP_multi_image.sup": "pictures, not text",
    "se_sample_VodSub_stuffingBytes.sub": "pictures, not text",
}


def read(folder: Path, name: str) -> Script:
    return read_script((folder / "nasty" / "subs" / name).read_bytes(), name, limits=Limits(), max_cue_ms=60_000)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_nasty_file_gives_the_lines_an_editor_expects(corpus_dir: Path, name: str) -> None:
    expected, script = EXPECTED[name], read(corpus_dir, name)
    line = script.lines[expected.at]
    assert (len(script.lines), script.encoding) == (expected.count, expected.encoding)
    assert (line.start_ms, line.end_ms, line.speaker) == (expected.start_ms, expected.end_ms, expected.speaker)
    assert line.text.startswith(expected.text)
    assert any(expected.reason in item.reason for item in script.skipped) or not expected.reason
    assert [line.start_ms for line in script.lines] == sorted(line.start_ms for line in script.lines)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_script_is_refused_with_the_one_right_sentence(corpus_dir: Path, name: str) -> None:
    with pytest.raises(BadSubtitles, match=REFUSED[name]) as refused:
        read(corpus_dir, name)
    assert name in str(refused.value)


def test_every_nasty_subtitle_file_has_an_expectation(corpus_dir: Path) -> None:
    assert {path.name for path in (corpus_dir / "nasty" / "subs").iterdir()} == EXPECTED.keys() | REFUSED.keys()


def test_markup_never_reaches_the_text(corpus_dir: Path) -> None:
    for name in ("made_markup.srt", "made_karaoke_comma.ass", "astisub_example-in-styled.srt"):
        text = " ".join(line.text for line in read(corpus_dir, name).lines)
        assert not any(sign in text for sign in ("<", "{", "\\", "♪", "X1:")), name


def test_dapt_examples_give_source_and_target_with_their_character(corpus_dir: Path) -> None:
    path = corpus_dir / "dapt" / "examples" / "intro-original-language-with-dub-language-and-adaptation.xml"
    line = read_script(path.read_bytes(), path.name, limits=Limits(), max_cue_ms=60_000).lines[0]
    assert (line.start_ms, line.end_ms, line.speaker) == (10_000, 13_000, "ASSANE")
    assert line.text.startswith("Et c'est grâce") and line.target_text == "And thanks to that, we're gonna get rich."
