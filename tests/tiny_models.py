"""Tiny causal language models and voices, made of random numbers in a test's folder in a fraction of a second."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from models.translation.data import Pair
from models.translation.tokens import train_tokenizer

LINES = (
    ("过来", "Come here!"), ("你好", "Hello."), ("我爱你", "I love you."), ("我们走吧", "Let's go."), ("是的", "Yes."),
    ("不是", "No."), ("谢谢你", "Thank you."), ("再见 朋友", "Goodbye, friend."), ("你在哪里", "Where are you?"), ("我不知道", "I don't know."),
)  # fmt: skip
SPECIAL = ("<pad>", "<eos>", "<zh>", "<en>")
CHAT_TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"


def pairs(repeats: int = 1) -> list[Pair]:
    """The lines above, over and over; every repeat is a document of its own."""
    return [Pair(str(number), first, second) for number in range(repeats) for first, second in LINES]


def write_table(path: Path, repeats: int) -> Path:
    """A headerless table in the columns document, line, zh, en."""
    rows = [f"{pair.document}\t{index}\t{pair.first}\t{pair.second}\n" for index, pair in enumerate(pairs(repeats))]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def make_language_model(folder: Path, *, chat_template: str | None = None, seed: int = 0) -> Path:
    """A folder that transformers loads: two layers of width 32, about 300 tokens, random weights that are always the same."""
    import torch
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    core = train_tokenizer(pairs(5), 330, SPECIAL)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<eos>")
    tokenizer.chat_template = chat_template
    config = Qwen2Config(
        vocab_size=core.get_vocab_size(), hidden_size=32, num_hidden_layers=2, intermediate_size=48, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=512, tie_word_embeddings=True, eos_token_id=1, pad_token_id=0, bos_token_id=None,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.copy_(0.3 * torch.randn(weight.shape, generator=generator))
        ends = [core.token_to_id("Ċ"), core.token_to_id(")")]
        model.model.embed_tokens.weight[ends] *= 4  # lines end often
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


VOICE_CHARACTERS = "abcdefghijklmnopqrstuvwxyz .,'"


def make_voice(folder: Path, *, is_public: bool = False, languages: tuple[str, ...] = ("en",), seed: int = 0) -> Path:
    """A folder that `models.speech.bundle` opens: a voice of letters with random weights that are always the same, and its lip encoder.
    `is_public`: laid out as a published ZipVoice, without sight."""
    import torch

    from models.checkpoint import write_tensors
    from models.speech.lip_encoder import LipEncoder, LipEncoderConfig, save_lip_encoder
    from models.speech.pulse_vocos import PulseVocos, PulseVocosConfig
    from models.speech.speaker import SpeakerConfig
    from models.speech.syncvoice import SyncVoice, SyncVoiceConfig
    from models.speech.tokens import TokenTable, write_token_table
    from models.speech.zipvoice import ZipVoiceConfig

    table = TokenTable.of(VOICE_CHARACTERS)
    sizes = ZipVoiceConfig(
        fm_decoder_downsampling_factor=(1, 2), fm_decoder_num_layers=(1, 1), fm_decoder_cnn_module_kernel=(5, 3),
        fm_decoder_feedforward_dim=24, fm_decoder_num_heads=2, fm_decoder_dim=16, text_encoder_num_layers=1, text_encoder_feedforward_dim=24,
        text_encoder_cnn_module_kernel=3, text_encoder_num_heads=2, text_encoder_dim=16, time_embed_dim=16, text_embed_dim=16,
        query_head_dim=8, value_head_dim=8, pos_head_dim=4, pos_dim=8,
    )  # fmt: skip
    config = SyncVoiceConfig(sizes, len(table), table.pad_id, bottleneck=8, speaker=SpeakerConfig(dim=16, layers=1, heads=2))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = SyncVoice(config)
        for head in (net.fusion.face.out, net.fusion.lip.out, net.fusion.pause, net.speaker.frozen_proj):
            torch.nn.init.normal_(head.weight, std=0.3)
        lips = LipEncoder(LipEncoderConfig(channels=(8, 8, 8, 8), hidden=8))
        vocoder = PulseVocos(PulseVocosConfig(dim=8, intermediate_dim=12, num_layers=1))
    folder.mkdir(parents=True, exist_ok=True)
    kept = net.backbone if is_public else net
    write_tensors(folder / "model.safetensors", kept.state_dict())
    described = {"model": sizes.as_json() if is_public else config.as_json(), "tokenizer": "simple", "languages": list(languages), "label": folder.name}
    (folder / "model.json").write_text(json.dumps(described), encoding="utf-8")
    write_token_table(table, folder / "tokens.txt")
    save_lip_encoder(lips, folder / "lips")
    (folder / "vocoder").mkdir(exist_ok=True)
    write_tensors(folder / "vocoder" / "model.safetensors", vocoder.state_dict())
    (folder / "vocoder" / "config.json").write_text(json.dumps({"kind": "pulse", **asdict(vocoder.config)}), encoding="utf-8")
    return folder
