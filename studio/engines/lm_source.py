"""One language model to translate with: where it lies, what it knows, and all that can be said of it without reading its weights.

An `LmSource` goes into `LmTranslator`; what a model knows is written here once, as languages or as pairs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from studio.domain.language import NAMES
from studio.engines.protocols import Availability

_MODULES = ("torch", "transformers", "safetensors")


@dataclass(frozen=True, slots=True)
class LmSource:
    """`model`: folder or hub id; `adapter` a PEFT folder for it. `sha256`, `adapter_sha256`: of their weights, None: not checked.
    `adapter_pairs`: the directions the adapter was taught, empty for all; in any other the model writes and judges without it.
    `languages`: codes it knows, empty for "whatever it learnt". `pairs` ("zh-en"), where given, are the only directions it knows, and
    `draft_pairs` more of them, of which it makes rough drafts.
    `form`: "tagged", "compact", "instruction", or "auto": tagged where the model has language tags, else the instruction.
    `reverse_weight`: above 0, for a model that knows both directions, a wording's score also counts how likely the source
    is as its translation back, which costs wordings that sound well and say something else their place.
    `batch_lines`: requests decoded together; 1 lets every line see the wordings of the lines just before it.
    `cache_mb`: memory for the key-value cache of wordings drawn at once. `threads`: torch threads while decoding on the CPU; None
    leaves them as they are."""

    name: str
    model: str
    licence: str
    adapter: str | None = None
    sha256: str | None = None
    adapter_sha256: str | None = None
    adapter_pairs: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    draft_pairs: tuple[str, ...] = ()
    form: str = "auto"
    max_prefix_tokens: int = 2048
    max_new_tokens: int = 512
    reverse_weight: float = 0.0
    batch_lines: int = 1
    cache_mb: int = 1024
    may_download: bool = False
    device: str = "cpu"
    threads: int | None = None

    def available(self) -> Availability:
        if absent := [module for module in _MODULES if find_spec(module) is None]:
            return Availability(False, f"the package {absent[0]} is not installed; run `make studio` again.")
        if Path(self.model).is_dir():
            has_weights = any(Path(self.model).glob("*.safetensors"))
            return Availability(has_weights, "ready, on this machine" if has_weights else f"{self.model} holds no .safetensors file.")
        if _cached(self.model, "config.json") is not None:
            return Availability(True, "ready, fetched before")
        if self.may_download:
            return Availability(True, f"{self.model} is fetched from its hub on first use")
        return Availability(False, f"{self.model} is neither a folder here nor fetched before; fetching was not allowed.")

    def supports(self, source_language: str, target_language: str) -> Availability:
        if source_language == target_language:
            return Availability(False, "a language is not translated into itself")
        pair = f"{source_language}-{target_language}"
        if pair in self.draft_pairs:
            named = f"{_named(source_language)} to {_named(target_language)}"
            return Availability(True, "ready, for drafts", f"{self.name} makes rough drafts only of {named}: check every line.")
        if (self.pairs or self.draft_pairs) and pair not in self.pairs:
            known = ", ".join(" to ".join(map(_named, one.split("-"))) for one in (*self.pairs, *self.draft_pairs))
            return Availability(False, f"{self.name} knows {known} only; name another model, or import a translation.")
        if self.languages and not {source_language, target_language} <= set(self.languages):
            names = " and ".join(map(_named, self.languages))
            return Availability(False, f"{self.name} knows {names} only; name another model, or import a translation.")
        return Availability(True, "ready")

    def has_chat_template(self) -> bool:
        """Whether the model is spoken to as a chat and so can be given wishes. False for one that has not been fetched yet."""
        if self.form not in ("auto", "instruction"):
            return False
        if _file(self.model, "chat_template.jinja") is not None:
            return True
        config = _file(self.model, "tokenizer_config.json")
        return config is not None and bool(json.loads(config.read_text(encoding="utf-8")).get("chat_template"))

    def stamp(self) -> str:
        """Changes when the weights may have: their sha256, or names, sizes and times of the files, and the adapter's."""
        digest = hashlib.sha256(f"{self.model}\n{self.adapter}\n{self.form}\n{self.sha256}\n{self.adapter_sha256}\n{self.adapter_pairs}".encode())
        unchecked = [folder for folder, known in ((self.model, self.sha256), (self.adapter, self.adapter_sha256)) if known is None]
        for folder in filter(None, unchecked):
            for path in sorted(Path(folder).glob("*")) if Path(folder).is_dir() else ():
                digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
        return digest.hexdigest()[:12]


def _named(code: str) -> str:
    return NAMES.get(code, code)


def _file(model: str, name: str) -> Path | None:
    """A file of a model's folder, or of what was fetched of a hub id; None where it has none."""
    path = Path(model) / name if Path(model).is_dir() else _cached(model, name)
    return path if path is not None and path.is_file() else None


def _cached(hub_id: str, name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(hub_id, name)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None
