"""Every text of the page that is English in our sources: literals of the browser modules, labels and sentences of studio.

Leaves: texts with {*0}, {*1}… where something is filled in, each with where it stands. `python -m tests.house.words_tree zh` lists
what a catalogue lacks.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "assets" / "lang"
# What a call shows, from which argument on; and the properties whose value is shown.
SHOWING = {"h": 2, "clear": 1, "words": 0, "toast": 0, "say": 0, "title": 0, "count": 1, "button": 0, "prompt": 0, "confirm": 0, "add": 1, "chip": 0, "time": 0}
KEYS = {"title", "aria-label", "placeholder", "footer", "group", "label", "name", "what", "good", "alt", "aria-description", "why", "sentence", "hint", "head", "short"}
_LETTER = re.compile(r"[A-Za-z]{2}")
_SENTENCE = re.compile(r"[A-Z“{0-9].*[a-z]")
_CODE = re.compile(r"^(?:(?:Ctrl|Alt|Shift)\+.*|Control|Shift|Alt|Meta|AltGraph|Dead|Process|Unidentified|Ctrl|Space|Enter|Escape|Delete|Arrow\w+|Page\w+|Home|End|Tab)$|^[a-z]+[-_][a-z-_]+$|^[#.\[]|[=<>#]|:is\(|\]\s|^[\w-]+(\.[\w-]+)+$|^https?:|^M-?\d|^[a-z]+/[\w{*}/.-]*$|^image/|^var\(|px\b|^\w+:\w|\d+%|^(translate|rgb|calc|repeat)")


@dataclass(frozen=True, slots=True)
class Said:
    """`text` with {*0}… where something is filled in."""

    where: str
    text: str


@dataclass
class _Frame:
    """An open bracket: what was called, which argument we are in, the last property name."""

    opened: str
    callee: str = ""
    at: int = 0
    key: str = ""


@dataclass
class _Reader:
    """Reads a module's literals with the calls they stand in. Knows strings, templates, comments and regular expressions, no more."""

    text: str
    frames: list[_Frame] = field(default_factory=lambda: [_Frame("")])
    before: str = ""  # the last thing read that was no space
    word: str = ""  # the last name read

    def literals(self, at: int = 0, end: str = "") -> Iterator[tuple[int, str]]:
        """(place, text) of every literal that is shown. Stops at `end` on its own level."""
        text, depth = self.text, len(self.frames)
        while at < len(text):
            char = text[at]
            if text.startswith("//", at):
                at = text.find("\n", at) % (len(text) + 1)
            elif text.startswith("/*", at):
                at = text.index("*/", at) + 2
            elif char in "\"'":
                start, stop = at, self._end_of_string(at)
                value = ast.literal_eval(text[at:stop])
                while joint := re.match(r"\s*\+\s*(?=[\"'])", text[stop:]):
                    at, stop = stop + joint.end(), self._end_of_string(stop + joint.end())
                    value += ast.literal_eval(text[at:stop])
                yield from self._literal(start, value, text[stop : stop + 2])
                at = stop
            elif char == "`":
                at = yield from self._template(at)
            elif char == "/" and self.before and self.before in "(,=:[!&|?{};>\n":
                at = self._end_of_regex(at)
            elif char == end and len(self.frames) == depth:
                self.position = at
                return
            else:
                at = self._step(at)
        self.position = at

    def _literal(self, at: int, value: str, after: str) -> Iterator[tuple[int, str]]:
        frame = self.frames[-1]
        call = next((one for one in reversed(self.frames) if one.opened == "("), None)
        if after.lstrip().startswith(":") and frame.opened == "{":
            frame.key = value
        elif call is not None and call.callee == "count" and call.at == 1:
            yield at, f"{{*0}} {value}"
            yield at, f"{{*0}} {value}s"
        elif self._is_shown(value) and not (self.before == "=" and self.text[:at].rstrip().endswith("==")):
            yield at, value
        self.before, self.word = '"', ""

    def _is_shown(self, value: str) -> bool:
        if not _LETTER.search(value) or _CODE.search(value.strip()):
            return False
        frame = self.frames[-1]
        if frame.opened == "{" and frame.key:
            return frame.key in KEYS or (_SENTENCE.match(value) is not None and " " in value)
        call = next((one for one in reversed(self.frames) if one.opened == "("), None)
        if call is not None and call.callee in SHOWING:
            return call.at >= SHOWING[call.callee]
        return _SENTENCE.match(value) is not None and (" " in value or value[0].isupper() and value[1:].islower())

    def _template(self, at: int) -> Iterator[tuple[int, str]]:
        start, parts, holes = at, [""], 0
        at += 1
        while self.text[at] != "`":
            if self.text.startswith("${", at):
                inner = _Reader(self.text, [*self.frames, _Frame("(", "words")], "(")
                yield from inner.literals(at + 2, "}")
                at = inner.position + 1
                parts.append(f"{{*{holes}}}")
                holes += 1
            elif self.text[at] == "\\":
                parts.append(ast.literal_eval(f'"{self.text[at : at + (6 if self.text[at + 1] == "u" else 2)]}"'))
                at += 6 if self.text[at + 1] == "u" else 2
            else:
                parts.append(self.text[at])
                at += 1
        yield from self._literal(start, "".join(parts), self.text[at + 1 : at + 3])
        return at + 1

    def _end_of_string(self, at: int) -> int:
        quote, at = self.text[at], at + 1
        while self.text[at] != quote:
            at += 2 if self.text[at] == "\\" else 1
        return at + 1

    def _end_of_regex(self, at: int) -> int:
        at, in_class = at + 1, False
        while self.text[at] != "/" or in_class:
            in_class = {"[": True, "]": False}.get(self.text[at], in_class)
            at += 2 if self.text[at] == "\\" else 1
        self.before = "/"
        return at + 1

    def _step(self, at: int) -> int:
        char = self.text[at]
        if char.isalnum() or char in "_$":
            name = re.match(r"[\w$]+", self.text[at:])
            assert name is not None
            self.word, self.before = name.group(), "a"
            if self.frames[-1].opened == "{" and re.match(r"\s*:", self.text[at + name.end() :]):
                self.frames[-1].key = self.word
            return at + name.end()
        if char in "([{":
            self.frames.append(_Frame(char, self.word if char == "(" and self.before == "a" else ""))
        elif char in ")]}" and len(self.frames) > 1:
            self.frames.pop()
        elif char == ",":
            self.frames[-1].at += 1
            self.frames[-1].key = ""
        if not char.isspace():
            self.before = char
            if char != "(":
                self.word = ""
        return at + 1


def said_by_browser() -> list[Said]:
    """Texts of assets/js, and of style sheets that write."""
    found = []
    for path in sorted((ROOT / "assets" / "js").rglob("*.js")):
        source = path.read_text(encoding="utf-8")
        for at, text in _Reader(source).literals():
            found.append(Said(f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, at) + 1}", text))
    return found


def said_by_pages() -> list[Said]:
    """Texts between [[ and ]] on the pages that are filled in before any module runs."""
    found = []
    for path in sorted((ROOT / "assets").glob("*.html")):
        source = path.read_text(encoding="utf-8")
        found += [Said(f"{path.relative_to(ROOT)}:{source.count(chr(10), 0, one.start()) + 1}", one[1]) for one in re.finditer(r"\[\[(.+?)\]\]", source)]
    return found


# What of studio reaches the page: the layouts' words, the views' sentences, errors, notices and flags.
SPEAKING = ("studio/ui", "studio/domain", "studio/stages", "studio/steps", "studio/engines", "studio/store", "studio/media", "studio/formats", "studio")
UNSEEN = ("cli.py", "batch.py", "batch_list.py", "doctor.py", "__main__.py", "bootstrap.py", "weights.py", "dubbing.py", "file_lips.py", "voice_training.py", "voice_training_film.py", "voice_training_run.py", "voice_training_texts.py")  # of the command line

def said_by_studio() -> list[Said]:
    """Sentences and labels of studio/ui, and every sentence below it that can reach the page."""
    found = []
    for path in sorted((ROOT / "studio").rglob("*.py")):
        part = str(path.relative_to(ROOT).parent)
        if part not in SPEAKING or path.name in UNSEEN:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = _unsaid(tree)
        for node in ast.walk(tree):
            if id(node) in skipped or not isinstance(node, ast.Constant | ast.JoinedStr):
                continue
            text = _template_of(node)
            if text is not None and _is_sentence(text, in_page=part == "studio/ui"):
                found.append(Said(f"{path.relative_to(ROOT)}:{node.lineno}", text))
    return found


def _unsaid(tree: ast.AST) -> set[int]:
    """Docstrings, annotations, parts of f-strings, log lines."""
    out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            out.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            out.update(id(part) for part in node.values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("info", "debug", "warning", "exception", "compile"):
            out.update(id(inner) for inner in ast.walk(node))
        if isinstance(node, ast.Assert):
            out.update(id(inner) for inner in ast.walk(node))
    return out


def _template_of(node: ast.Constant | ast.JoinedStr) -> str | None:
    if isinstance(node, ast.Constant):
        return _numbered(node.value) if isinstance(node.value, str) else None
    parts, holes = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{*{holes}}}")
            holes += 1
    return "".join(parts)


def _numbered(text: str) -> str:
    """A text for `str.format` with its names as numbered holes."""
    holes = iter(range(100))
    return re.sub(r"\{[a-z_]\w*(?::[^{}]*)?\}", lambda _: f"{{*{next(holes)}}}", text)


def _is_sentence(text: str, *, in_page: bool) -> bool:
    if not _LETTER.search(text) or "\n" in text.strip() or "<" in text:
        return False
    bare = _HOLE.sub("", text)
    if in_page:
        return _SENTENCE.match(text) is not None and (" " in bare.strip() or (text[0].isupper() and text[1:].islower() and len(text) > 2))
    return _SENTENCE.match(text) is not None and bare.count(" ") >= 2 and bare.rstrip().endswith((".", "?", "!", "…"))


# How the browser looks a text up (assets/js/words.js), for the test that every text is in the catalogue.
_HOLE = re.compile(r"\{[*#]\d+\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    entries: dict[str, str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]  # with the longest text between their holes, which is looked for first

    def knows(self, template: str) -> bool:
        """Whether the text is found, with its holes filled by something."""
        text = _HOLE.sub("7", template).strip()
        bare = text.removesuffix(".")
        return bare in self.entries or self._fits(text) or self._fits(bare) or text in self.entries or self._in_parts(template.strip())

    def _fits(self, text: str) -> bool:
        return any(longest in text and pattern.fullmatch(text) for longest, pattern in self.patterns)

    def _in_parts(self, text: str) -> bool:
        for apart in (r"(?<=[.!?])\s+(?=[A-Z“\d{])", r" · "):
            parts = re.split(apart, text)
            if len(parts) > 1:
                return all(not _LETTER.search(_HOLE.sub("", part)) or self.knows(part) for part in parts)
        return False


def catalogue(code: str) -> Catalogue:
    entries = json.loads((CATALOGUES / f"{code}.json").read_text(encoding="utf-8"))
    holed = [_HOLE.split(key) for key in entries if _HOLE.search(key)]
    return Catalogue(entries, tuple((max(parts, key=len), re.compile("(.*?)".join(map(re.escape, parts)), re.DOTALL)) for parts in holed))


# Parts of sentences, names of typefaces, words of code: looked up as part of something else, or never.
SILENT = {"is", "are", "waits", "wait", "cancel", "change", "reset", "snapping", "split", "merge", "none", "False", "nothing"}
SILENT_FILES = ("studio/ui/look.py", "studio/ui/launch.py", "studio/ui/figure_look.py", "studio/store/users.py", "studio/store/migrate.py")


def missing(code: str) -> list[Said]:
    known, seen, out = catalogue(code), set(), []
    for one in [*said_by_browser(), *said_by_pages(), *said_by_studio()]:
        if one.text not in seen | SILENT and not one.where.startswith(SILENT_FILES) and not known.knows(one.text):
            out.append(one)
        seen.add(one.text)
    return out


if __name__ == "__main__":
    for one in missing(sys.argv[1]):
        sys.stdout.write(f"{one.where}\t{one.text}\n")
