"""Whether the pairs of SyncDPO can be told apart by ear alone, rule by rule, with winners left alone and with winners joined anew.

    python -m models.recipes.syncdpo_shortcuts --data build/voice --clips 160        # prints a table; 0.5 is chance
    python -m models.recipes.syncdpo_shortcuts --smoke

What is heard with untouched winners only is an artefact of the edit, which the identity edit takes away. What is heard with both is in the
nature of the rule: speech cut off, words said twice or backwards.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models.recipes.syncdpo_batches import seeded
from models.recipes.syncdpo_voice import with_faces, word_edges
from models.recipes.syncvoice_data import Spoken, read_spoken
from models.recipes.syncvoice_smoke import made_up
from models.speech.spectrum import FEATURE_SCALE
from models.sync.shortcuts import DiscriminatorSettings, ShortcutReport, told_apart
from models.sync.splicing import MelClip
from models.sync.temporal_rules import EditedPair, Rule, edited_pair

LEAST_SEVERITY = 0.05
SETTINGS = DiscriminatorSettings(folds=2, epochs=20)


def pairs_by(rules: Sequence[Rule], spoken: Sequence[Spoken], seed: int, *, is_rejoined: bool) -> list[EditedPair]:
    """One pair of each utterance, its rule in turn and its severity drawn; 85 % of it, at a random place, may change."""
    pairs = []
    for number, one in enumerate(spoken):
        generator = seeded(seed, number)
        frames = max(round(0.85 * one.frames), 1)
        start = int(torch.randint(one.frames - frames + 1, (), generator=generator))
        severity = LEAST_SEVERITY + (1 - LEAST_SEVERITY) * float(torch.rand((), generator=generator))
        mel = torch.from_numpy(one.mel.astype(np.float32)) * FEATURE_SCALE
        clip = MelClip(mel, start, start + frames, word_edges(one))
        pairs.append(edited_pair(rules[number % len(rules)], clip, severity, generator, is_rejoined=is_rejoined))
    return pairs


def reports(spoken: Sequence[Spoken], settings: DiscriminatorSettings) -> dict[str, dict[str, ShortcutReport]]:
    """By rule (and “all” in turn), then “untouched” and “rejoined” winners."""
    found: dict[str, dict[str, ShortcutReport]] = {}
    for name, rules in (*((str(rule), (rule,)) for rule in Rule), ("all", tuple(Rule))):
        found[name] = {}
        for kind, is_rejoined in (("untouched", False), ("rejoined", True)):
            pairs = pairs_by(rules, spoken, settings.seed, is_rejoined=is_rejoined)
            found[name][kind] = told_apart(pairs, range(len(spoken)), settings)
        print(row(name, found[name]), flush=True)
    return found


def row(name: str, of: dict[str, ShortcutReport]) -> str:
    cells = [f"{of[kind].accuracy:.3f} | {of[kind].pair_accuracy:.3f}" for kind in ("untouched", "rejoined")]
    return f"| {name} | " + " | ".join(cells) + " |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of models.recipes.voice_archive")
    parser.add_argument("--clips", type=int, default=160)
    parser.add_argument("--epochs", type=int, default=SETTINGS.epochs)
    parser.add_argument("--folds", type=int, default=SETTINGS.folds)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args(argv)
    if options.data is None and not options.smoke:
        raise SystemExit("Name the folder of utterances with --data, or ask for --smoke.")
    spoken = made_up(0, count=8, seconds=1.2) if options.smoke else with_faces(read_spoken(options.data, ("train",)))[: options.clips]
    settings = replace(SETTINGS, epochs=1 if options.smoke else options.epochs, folds=options.folds, seed=options.seed)
    print("| rule | untouched winners: clips | pairs | rejoined winners: clips | pairs |\n|---|---|---|---|---|", flush=True)
    found = reports(spoken, settings)
    if options.json is not None:
        plain = {name: {kind: [one.accuracy, one.pair_accuracy, *one.by_fold] for kind, one in kinds.items()} for name, kinds in found.items()}
        options.json.write_text(json.dumps({"clips": len(spoken), "reports": plain}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
