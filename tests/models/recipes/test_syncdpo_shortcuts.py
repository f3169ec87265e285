import json

import pytest
import torch

from models.recipes.syncdpo_shortcuts import main, pairs_by
from models.recipes.syncvoice_smoke import made_up
from models.sync.temporal_rules import Rule


def test_both_kinds_of_winners_meet_the_same_rivals():
    spoken = made_up(1, count=4, seconds=1.2)
    untouched, rejoined = (pairs_by(tuple(Rule), spoken, 0, is_rejoined=kind) for kind in (False, True))
    for plain, joined in zip(untouched, rejoined, strict=True):
        assert torch.equal(plain.loser.mel, joined.loser.mel)
        assert not plain.winner.changed.any()
        assert plain.loser.changed.any()


def test_the_smoke_run_has_a_row_per_rule_and_one_for_all(tmp_path, capsys):
    main(["--smoke", "--json", str(tmp_path / "found.json")])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows[1:]] == [f"| {rule}" for rule in Rule] + ["| all"]
    assert json.loads((tmp_path / "found.json").read_text())["clips"] == 8


def test_without_utterances_the_program_says_what_to_name():
    with pytest.raises(SystemExit, match="--data"):
        main([])
