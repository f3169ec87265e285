"""Weights are opened in one place, strictly, and only when they are the ones that were named."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from models.checkpoint import (
    ADAPTER_CONFIG, ADAPTER_FILE, BASE_RECORD, BadWeights, BundledWeights, LanguageModelPlace, WeightsManifest, attach_adapter, check_sha256,
    load_strictly, open_language_model, read_manifest, read_tensors, read_training_state, save_adapter, sha256_of, weights_sha256,
    write_tensors, write_training_state,
)  # fmt: skip
from tests.tiny_models import make_language_model

IDS = torch.tensor([[2, 20, 21, 3, 30, 31]])


def make_adapter(base: Path, folder: Path, *, base_sha256: str | None, base_name: str | None = None) -> torch.Tensor:
    """An adapter with random weights in `folder`; returns what the adapted model says to `IDS`."""
    from peft import LoraConfig, get_peft_model

    model = open_language_model(LanguageModelPlace(str(base)), "cpu")[0]
    with torch.random.fork_rng():
        torch.manual_seed(5)  # the same weights whatever was drawn before
        adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.copy_(torch.randn(weight.shape, generator=generator))
    save_adapter(adapted, folder, base_name or str(base), base_sha256)
    with torch.inference_mode():
        return adapted(input_ids=IDS).logits


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("base") / "small")


@pytest.fixture(scope="module")
def other_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("other") / "other", seed=1)


def test_tensors_read_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_tensors(path, {"a": torch.arange(6.0).reshape(2, 3).T})
    assert torch.equal(read_tensors(path, sha256=sha256_of(path))["a"], torch.arange(6.0).reshape(2, 3).T)
    assert [item.name for item in tmp_path.iterdir()] == ["net.safetensors"]


def test_an_altered_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_tensors(path, {"a": torch.zeros(2)})
    expected = sha256_of(path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadWeights, match="sha256 differs"):
        read_tensors(path, sha256=expected)
    with pytest.raises(BadWeights, match="missing"):
        check_sha256(tmp_path / "absent", expected)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(pickle.dumps(print))
    with pytest.raises(BadWeights, match="not read"):
        read_tensors(tmp_path / "net.pt")


@pytest.mark.parametrize("content", [[1, 2], torch.zeros(3), {"state_dict": [1]}, {"a": 3}, {3: torch.zeros(2)}])
def test_a_pickle_that_is_no_table_of_tensors_is_refused_in_a_sentence(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(BadWeights, match="holds no table of tensors by name"):
        read_tensors(tmp_path / "net.pt")


def test_tensors_under_state_dict_are_found(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(2)}, "epoch": 3}, tmp_path / "net.pt")
    assert torch.equal(read_tensors(tmp_path / "net.pt")["a"], torch.ones(2))


@pytest.mark.parametrize("junk", [b"", b"junk", b"<html>not found</html>", b"PK\x03\x04 no zip", bytes(range(256)) * 40, pickle.dumps({"a": pickle.loads})])
def test_junk_is_refused_in_one_short_sentence(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "net.pt").write_bytes(junk)
    with pytest.raises(BadWeights, match="not read") as refused:
        read_tensors(tmp_path / "net.pt")
    assert len(str(refused.value)) - len(str(tmp_path)) < 140 and "\n" not in str(refused.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BadWeights, match=r"1 missing \(such as bias\)\."):
        load_strictly(torch.nn.Linear(2, 2), {"weight": torch.zeros(2, 2)}, "net.safetensors")


def test_wrong_keys_and_shapes_are_counted_in_a_line() -> None:
    net = torch.nn.Sequential(*[torch.nn.Linear(2, 2) for _ in range(40)])
    with pytest.raises(BadWeights, match=r"80 missing \(such as 0.weight\) and 50 unexpected \(such as net.0\)") as refused:
        load_strictly(net, {f"net.{at}": torch.zeros(1) for at in range(50)}, "net.safetensors")
    assert len(str(refused.value)) < 200
    with pytest.raises(BadWeights, match=r"weight is \(2, 3\) and should be \(2, 2\)"):
        load_strictly(torch.nn.Linear(2, 2), {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}, "net.safetensors")


def test_a_language_model_with_a_missing_tensor_is_refused(tmp_path: Path) -> None:
    folder = make_language_model(tmp_path / "lm")
    tensors = read_tensors(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    from safetensors.torch import save_file

    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadWeights, match="up_proj"):
        open_language_model(LanguageModelPlace(str(folder)), "cpu")


@pytest.mark.parametrize("moved", [False, True])
def test_weights_are_not_blamed_where_memory_runs_out(base: Path, monkeypatch: pytest.MonkeyPatch, moved: bool) -> None:
    from transformers import AutoModelForCausalLM, PreTrainedModel

    def full(*_args: object, **_options: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")

    owner, name = (PreTrainedModel, "to") if moved else (AutoModelForCausalLM, "from_pretrained")
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        open_language_model(LanguageModelPlace(str(base)), "cpu")


def test_a_pickle_or_an_adapter_is_not_blamed_where_memory_runs_out(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import peft

    def full(*_args: object, **_options: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    make_adapter(base, tmp_path / "adapter", base_sha256=None)
    monkeypatch.setattr(peft, "get_peft_model", full)
    with pytest.raises(torch.OutOfMemoryError):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")
    torch.save({"a": torch.ones(2)}, tmp_path / "net.pt")
    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(torch.OutOfMemoryError):
        read_tensors(tmp_path / "net.pt")


def test_every_bundled_file_is_the_one_the_manifest_names() -> None:
    manifest = read_manifest()
    assert manifest.bundled
    for entry in manifest.bundled:
        check_sha256(entry.path, entry.sha256)
        assert entry.licence


def test_public_weights_have_a_hub_id_and_a_licence() -> None:
    public = read_manifest().public
    assert {"Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Systran/faster-whisper-small"} <= {entry.hub_id for entry in public}
    assert all(entry.licence for entry in public)


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(BadWeights, match="no bundled weights “nothing”"):
        read_manifest().find_bundled("nothing")


def test_a_training_state_reads_back(tmp_path: Path) -> None:
    write_training_state(tmp_path / "state.pt", {"step": 3, "model": {"a": torch.ones(2)}})
    state = read_training_state(tmp_path / "state.pt")
    assert state["step"] == 3
    assert torch.equal(state["model"]["a"], torch.ones(2))


def test_an_adapter_reads_back_merged_and_unmerged(base: Path, tmp_path: Path) -> None:
    said = make_adapter(base, tmp_path / "adapter", base_sha256=weights_sha256(base))
    place = LanguageModelPlace(str(base), str(tmp_path / "adapter"))
    with torch.inference_mode():
        merged = open_language_model(place, "cpu")[0](input_ids=IDS).logits
        plain, _ = open_language_model(LanguageModelPlace(str(base)), "cpu")
        before = plain(input_ids=IDS).logits
        attached = attach_adapter(plain, place, is_trainable=True)
        on = attached(input_ids=IDS).logits
        with attached.disable_adapter():
            off = attached(input_ids=IDS).logits
    assert torch.allclose(merged, said, atol=1e-5)
    assert torch.allclose(on, said, atol=1e-5)
    assert torch.equal(off, before)
    assert not torch.allclose(before, said, atol=1e-2)
    assert {name for name, weight in attached.named_parameters() if weight.requires_grad}
    assert sorted(item.name for item in (tmp_path / "adapter").iterdir()) == [ADAPTER_CONFIG, ADAPTER_FILE, BASE_RECORD]


def test_an_adapter_of_another_base_of_the_same_shape_is_refused_with_both_names(base: Path, other_base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path / "adapter", base_sha256=weights_sha256(base), base_name="translation-small")
    with pytest.raises(BadWeights) as refused:
        open_language_model(LanguageModelPlace(str(other_base), str(tmp_path / "adapter")), "cpu")
    assert "translation-small" in str(refused.value)
    assert str(other_base) in str(refused.value)


def test_an_adapter_without_our_record_is_held_to_the_name_of_its_base(base: Path, other_base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path / "adapter", base_sha256=None, base_name="somebody/Small")
    open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")  # the folder is called “small”
    (tmp_path / "adapter" / BASE_RECORD).unlink()
    with pytest.raises(BadWeights, match="“somebody/Small”.*other.*base_model_name_or_path"):
        open_language_model(LanguageModelPlace(str(other_base), str(tmp_path / "adapter")), "cpu")


def test_an_adapter_of_another_shape_is_refused_even_when_the_names_agree(base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path / "adapter", base_sha256=None)
    tensors = read_tensors(tmp_path / "adapter" / ADAPTER_FILE)
    wide = {name: torch.zeros(weight.shape[0], 64) if "lora_A" in name else weight for name, weight in tensors.items()}
    write_tensors(tmp_path / "adapter" / ADAPTER_FILE, wide)
    with pytest.raises(BadWeights, match="do not fit"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")
    tensors.pop(next(iter(tensors)))
    write_tensors(tmp_path / "adapter" / ADAPTER_FILE, tensors)
    with pytest.raises(BadWeights, match="missing.*lora"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")


def test_an_adapter_that_is_no_safetensors_is_refused(base: Path, tmp_path: Path) -> None:
    make_adapter(base, tmp_path / "adapter", base_sha256=None)
    tensors = read_tensors(tmp_path / "adapter" / ADAPTER_FILE)
    (tmp_path / "adapter" / ADAPTER_FILE).unlink()
    torch.save(tensors, tmp_path / "adapter" / "adapter_model.bin")
    with pytest.raises(BadWeights, match="safetensors only"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")
    with pytest.raises(BadWeights, match="neither a folder here nor"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "absent")), "cpu")


def test_damaged_files_are_named_in_a_sentence(base: Path, tmp_path: Path) -> None:
    for damaged in ("model.safetensors", "config.json", "tokenizer.json"):
        folder = tmp_path / damaged
        folder.mkdir()
        for path in base.iterdir():
            content = path.read_bytes()
            (folder / path.name).write_bytes(content[: len(content) // 2] if path.name == damaged else content)
        with pytest.raises(BadWeights, match="damaged"):
            open_language_model(LanguageModelPlace(str(folder)), "cpu")
    make_adapter(base, tmp_path / "adapter", base_sha256=None)
    whole = (tmp_path / "adapter" / ADAPTER_FILE).read_bytes()
    (tmp_path / "adapter" / ADAPTER_FILE).write_bytes(whole[:-9])
    with pytest.raises(BadWeights, match="adapter_model.safetensors is damaged"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")
    (tmp_path / "adapter" / ADAPTER_CONFIG).write_text("{")
    with pytest.raises(BadWeights, match="adapter_config.json is damaged"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")
    (tmp_path / "adapter" / ADAPTER_CONFIG).write_text("{}")
    with pytest.raises(BadWeights, match="does not describe an adapter"):
        open_language_model(LanguageModelPlace(str(base), str(tmp_path / "adapter")), "cpu")


def test_a_damaged_training_state_is_said(tmp_path: Path) -> None:
    write_training_state(tmp_path / "state.pt", {"model": {"a": torch.ones(100)}})
    whole = (tmp_path / "state.pt").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"nothing of the kind"):
        (tmp_path / "state.pt").write_bytes(damaged)
        with pytest.raises(BadWeights, match="state.pt is damaged"):
            read_training_state(tmp_path / "state.pt")


def test_a_bundled_adapter_is_opened_with_its_base_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(
        '[[bundled]]\nname = "small"\ntask = "translation"\nfolder = "small"\nfile = "model.safetensors"\nsha256 = "aa"\nlicence = "L"\n'
        '[[bundled]]\nname = "fit"\ntask = "translation"\nfolder = "fit"\nfile = "adapter_model.safetensors"\nsha256 = "bb"\n'
        'licence = "L"\nbase = "small"\n'
    )
    manifest = read_manifest(path)
    place = manifest.place_of("fit")
    assert (Path(place.model).name, Path(place.adapter).name, place.sha256, place.adapter_sha256) == ("small", "fit", "aa", "bb")
    assert manifest.place_of("small").adapter is None
    twice = BundledWeights("on-fit", "translation", "on-fit", ADAPTER_FILE, "cc", "L", base="fit")
    with pytest.raises(BadWeights, match="adapter itself"):
        WeightsManifest((*manifest.bundled, twice), ()).place_of("on-fit")


def test_shards_have_one_sha256_together(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="no .safetensors"):
        weights_sha256(tmp_path)
    write_tensors(tmp_path / "model-1.safetensors", {"a": torch.zeros(2)})
    write_tensors(tmp_path / "model-2.safetensors", {"b": torch.zeros(2)})
    first = weights_sha256(tmp_path)
    write_tensors(tmp_path / "model-2.safetensors", {"b": torch.ones(2)})
    assert weights_sha256(tmp_path) != first
