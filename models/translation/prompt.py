"""The words put to a translation model, and the shape of its answer: `source line(translation)`, one per line.

The line format is that of segment-supervised preference optimisation (SSPO, arXiv 2508.08550, its prompt and output
format): every source line is printed again with its translation in brackets, so that lines can neither merge nor go
missing unseen. `instruction` writes it for chat models and large plain models; `compact_prompt` is the same contract for the
bundled small model, whose language tags stand for the instruction. `tagged_prompt` is that model's second, shorter form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OPEN, CLOSE, LINE_END = "(", ")", "\n"


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines to be translated together. Languages are names ("Chinese") for `instruction`, codes ("zh") for the tagged forms.
    `wishes`: further rules in words, which only `instruction` can pass on."""

    source_language: str
    target_language: str
    lines: tuple[str, ...]
    terms: tuple[tuple[str, str], ...] = ()
    wishes: tuple[str, ...] = ()


def tag(language: str) -> str:
    """The token that announces a language to the bundled model.

    >>> tag("zh")
    '<zh>'
    """
    return f"<{language}>"


def one_line(text: str) -> str:
    """Text on one line, runs of white space made single: a line break inside a line would end it.

    >>> one_line(" Come\\n here! ")
    'Come here!'
    """
    return " ".join(text.split())


def instruction(scene: Scene) -> str:
    """The request in words: four rules and the wishes, the terms, the source lines, and the cue after which the answer starts."""
    terms = "\n".join(f"{one_line(source)} - {one_line(target)}" for source, target in scene.terms) or "none"
    lines = "\n".join(one_line(line) for line in scene.lines)
    wishes = "".join(f"{number}. {one_line(wish)}\n" for number, wish in enumerate(scene.wishes, start=5))
    return (
        f"Translate these {len(scene.lines)} lines of {scene.source_language} dialogue into {scene.target_language} "
        "for dubbing.\n"
        "1. Sound spoken and colloquial, in the manner of the programme.\n"
        "2. Each translation takes as long to say as its source line.\n"
        "3. Translate names and terms as listed.\n"
        "4. Give exactly as many lines as there are, never merging two; write each source line unchanged with its "
        f"translation behind it in brackets: source line{OPEN}translation{CLOSE}\n{wishes}\n"
        f"Terms:\n{terms}\n\nLines:\n{lines}\n\nResults:\n"
    )


def compact_prompt(scene: Scene) -> str:
    """The line format for the bundled model: source tag, the lines, target tag as the cue."""
    lines = "".join(one_line(line) + LINE_END for line in scene.lines)
    return tag(scene.source_language) + lines + tag(scene.target_language)


def answer_opening(source: str) -> str:
    """What stands in the answer before the translation of `source`."""
    return one_line(source) + OPEN


def answer_line(source: str, translation: str) -> str:
    """One whole line of an answer.

    >>> answer_line("过来", "Come here!")
    '过来(Come here!)\\n'
    """
    return answer_opening(source) + one_line(translation) + CLOSE + LINE_END


def answer(sources: Sequence[str], translations: Sequence[str]) -> str:
    """A complete answer in the line format; both sequences have the same length."""
    return "".join(answer_line(source, text) for source, text in zip(sources, translations, strict=True))


def tagged_pair(direction: tuple[str, str], source: str, translation: str) -> str:
    """An earlier line with its translation, as context in the tagged form.

    >>> tagged_pair(("zh", "en"), "过来", "Come here!")
    '<zh>过来<en>Come here!\\n'
    """
    return tagged_prompt(direction, source) + one_line(translation) + LINE_END


def tagged_prompt(direction: tuple[str, str], source: str) -> str:
    """What stands before the translation of `source` in the tagged form; the answer ends at the line break."""
    return tag(direction[0]) + one_line(source) + tag(direction[1])
