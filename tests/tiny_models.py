"""Tiny causal language models with their own tokenizers, made of random numbers in a test's folder in a fraction of a second."""

from __future__ import annotations

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
