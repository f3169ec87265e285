"""Ten steps of the real script on a tiny table: it learns, it resumes, and what it writes translates."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from models.checkpoint import read_tensors, read_training_state
from models.recipes.translation_sft import Table, main
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import TranslationRequest
from studio.engines.lm_source import LmSource
from studio.engines.translate_lm import LmTranslator
from tests.tiny_models import write_table

SMALL = ["--rows", "4", "--tokens", "48", "--scene-tokens", "96", "--vocabulary", "330", "--hidden", "32", "--layers", "1", "--warmup", "2", "--save-every", "5"]


def train(table: Path, out: Path, *flags: str) -> None:
    main(["--data", str(table), "--out", str(out), *SMALL, *flags])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("data") / "pairs.tsv", 12)


@pytest.fixture(scope="module")
def straight(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    train(table, out, "--until-step", "10")
    return out


def test_a_resumed_run_is_the_run_that_was_never_stopped(table: Path, straight: Path, tmp_path: Path) -> None:
    train(table, tmp_path / "out", "--until-step", "5")
    train(table, tmp_path / "out", "--until-step", "10")
    whole, resumed = read_training_state(straight / "stable.pt"), read_training_state(tmp_path / "out" / "stable.pt")
    assert whole["step"] == resumed["step"] == 10
    for name, weight in whole["model"].items():
        assert torch.equal(weight, resumed["model"][name]), name


def test_the_decay_phase_leaves_the_stable_state_alone_and_exports_a_model(table: Path, straight: Path, tmp_path: Path) -> None:
    before = (straight / "stable.pt").read_bytes()
    train(table, straight, "--decay-steps", "10", "--export", str(tmp_path / "model"))
    assert (straight / "stable.pt").read_bytes() == before
    decayed = read_training_state(straight / "decay.pt")
    assert (decayed["step"], decayed["decay_start"]) == (20, 10)
    translator = LmTranslator(LmSource("tiny", str(tmp_path / "model"), "none", form="tagged"))
    answers = list(translator.propose([TranslationRequest("a", "过来", "zh", "en", 900, settings=TranslationSettings(candidate_count=2))]))
    assert [line_id for line_id, _ in answers] == ["a"]


def test_a_second_decay_starts_where_the_stable_phase_has_come_to_since(table: Path, tmp_path: Path) -> None:
    for flags in (("--until-step", "2"), ("--decay-steps", "2"), ("--until-step", "4"), ("--decay-steps", "2")):
        train(table, tmp_path, *flags)
    decayed = read_training_state(tmp_path / "decay.pt")
    assert (decayed["decay_start"], decayed["step"]) == (4, 6)


def test_a_stop_file_ends_the_run_with_a_checkpoint(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(table, tmp_path, "--until-step", "1")
    (tmp_path / "stop").touch()
    train(table, tmp_path, "--until-step", "100")
    assert "ended at step 1," in capsys.readouterr().out
    assert not (tmp_path / "stop").exists()


def test_finished_weights_learn_another_language_and_keep_their_own_tokens(table: Path, straight: Path, tmp_path: Path) -> None:
    train(table, straight, "--until-step", "0", "--export", str(tmp_path / "old"))
    more = tmp_path / "thai.tsv"
    more.write_text("".join(f"{n}\t0\t你好\tสวัสดีครับ\n{n}\t1\t谢谢你\tขอบคุณครับ\n" for n in range(9)), encoding="utf-8")
    flags = ["--out", str(tmp_path / "out"), "--start", str(tmp_path / "old"), "--more-tokens", "8", "--until-step", "2", *SMALL]
    main(["--data", str(table), "--data", f"{more}@zh-th", *flags, "--export", str(tmp_path / "new")])
    old, new = (Tokenizer.from_file(str(tmp_path / name / "tokenizer.json")) for name in ("old", "new"))
    assert new.get_vocab_size() == old.get_vocab_size() + 8
    assert new.encode("<th>").ids != old.encode("<th>").ids and len(new.encode("<th>").ids) == 1
    assert new.encode("Hello.").ids == old.encode("Hello.").ids
    weights = [read_tensors(tmp_path / name / "model.safetensors")["model.embed_tokens.weight"] for name in ("old", "new")]
    assert weights[1].shape[0] == weights[0].shape[0] + 8


def test_a_table_is_named_with_its_languages_share_and_columns() -> None:
    assert Table.read("a.tsv") == Table(Path("a.tsv"), ("zh", "en"), 1.0, (0, 2, 3))
    assert Table.read("b.tsv.xz@zh-th@0.2@0,4,5") == Table(Path("b.tsv.xz"), ("zh", "th"), 0.2, (0, 4, 5))


def test_smoke_runs_with_nothing_but_itself(tmp_path: Path) -> None:
    main(["--smoke", "--export", str(tmp_path / "model")])
    assert (tmp_path / "model" / "model.safetensors").is_file()
