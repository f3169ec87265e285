"""The options of preference training: what each means, its default, and what may not be asked together.

Words of the command line in, an `argparse.Namespace` out. Another option is one line here; one that changes the weights that come
out belongs in `IDENTITY` too, so that a run is not resumed as another run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models.checkpoint import BadWeights, read_manifest, sha256_of

FORMS = ("tagged", "compact", "instruction")
LORA_RATE, FULL_RATE, BUNDLED_RATE = 4e-6, 1e-6, 2e-4  # the first two are the paper's
BUNDLED = "translation-small"
IDENTITY = (
    "records", "model", "method", "tune", "start_adapter", "kl_weight", "beta", "rank", "alpha", "dropout", "targets", "rate", "epochs", "scenes_per_step",
    "warmup_share", "include_terminator", "alpo", "prefix_mixing", "precision", "seed", "held_out", "form", "limit",
)  # fmt: skip


def parse_flags(description: str, argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    _what_to_train(flags.add_argument_group("what is trained"))
    _objective(flags.add_argument_group("objective"))
    _course(flags.add_argument_group("course"))
    _evaluation(flags.add_argument_group("evaluation while training"))
    _instead(flags.add_argument_group("instead of training"))
    run = flags.parse_args(argv)
    if run.estimate is None and run.merge is None and not run.smoke:
        missing = [name for name in ("records", "out") if getattr(run, name) is None]
        if missing:
            flags.error(f"give --{' and --'.join(missing)} (or --smoke, --merge or --estimate).")
    _check(flags, run)
    return run


def identity_of(run: argparse.Namespace, weights_sha256: str | None) -> dict[str, str]:
    """What makes two runs the same run, as text: options, and the content of the records and of the model, wherever they lie."""
    told = {name: str(getattr(run, name)) for name in IDENTITY}
    held_out = [Path(run.held_out)] if Path(run.held_out).is_file() else []
    told["records"] = " ".join(f"{path.name} ({sha256_of(path)[:12]})" for path in (*run.records, *held_out))
    return told if weights_sha256 is None else {**told, "model": f"{Path(run.base_name).name} ({weights_sha256[:12]})"}


def resolved(run: argparse.Namespace) -> argparse.Namespace:
    """The options with what depends on others filled in: where the model lies, what it is called, and its rate."""
    run.base_name = BUNDLED if run.model is None else run.model
    is_bundled = run.base_name in {entry.name for entry in read_manifest().bundled if entry.task == "translation"}
    if is_bundled and (base := read_manifest().find_bundled(run.base_name).base) is not None:
        raise BadWeights(f"{run.base_name} is an adapter of {base}; train on {base}, with --start-adapter to go on from an adapter's folder.")
    if is_bundled:
        run.model = str(read_manifest().find_bundled(run.base_name).path.parent)
    elif run.model and not Path(run.model).exists() and run.model.startswith((".", "/", "~")):
        raise BadWeights(f"There is no model in {run.model}; name a folder, a bundled model or a hub id.")
    if run.rate is None:
        run.rate = BUNDLED_RATE if is_bundled else LORA_RATE if run.tune == "lora" else FULL_RATE
    return run


def _what_to_train(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--records", type=Path, nargs="+", help="files of scene records, JSON lines: sampled, or exported from the desk")
    group.add_argument("--model", help="folder or hub id of the SFT model (default: the bundled one)")
    group.add_argument("--form", choices=FORMS, help="form of the prompts (default: the one the records name)")
    group.add_argument("--out", type=Path, help="folder of the run: state.pt, log.jsonl, adapter/ (or model/)")
    group.add_argument("--limit", type=int, help="use only this many scenes, drawn by the seed")
    group.add_argument("--tune", choices=("lora", "full"), default="lora")
    group.add_argument("--start-adapter", type=Path, help="go on from this adapter of the same model (a show's own, from the bundled one)")
    group.add_argument("--rank", type=int, default=16)
    group.add_argument("--alpha", type=int, default=32, help="LoRA's scale is alpha / rank")
    group.add_argument("--dropout", type=float, default=0.05, help="on the adapter's input, while training")
    group.add_argument("--targets", default="q_proj,k_proj,v_proj", help="modules that get an adapter, comma between")


def _objective(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--method", choices=("sspo", "dpo"), default="sspo", help="a term per line, or one over whole answers")
    group.add_argument("--beta", type=float, default=0.5)
    group.add_argument("--kl-weight", type=float, default=0.0, help="weight of the token-level KL penalty (TKLD); the paper's is 1e-4")
    group.add_argument("--include-terminator", action="store_true", help="the closing bracket belongs to both spans")
    group.add_argument("--alpo", action="store_true", help="weigh lines by their number of candidates and their gap")
    group.add_argument("--prefix-mixing", action="store_true", help="earlier lines are sometimes another candidate, ever seldomer")
    packing = group.add_mutually_exclusive_group()
    packing.add_argument("--packed", dest="packed", action="store_true", default=True, help="one sequence per scene (default)")
    packing.add_argument("--per-line", dest="packed", action="store_false", help="two sequences per line: the reference form, slow")


def _course(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--rate", type=float, help="peak learning rate (default: 2e-4 bundled model, 4e-6 LoRA, 1e-6 full)")
    group.add_argument("--epochs", type=int, default=4)
    group.add_argument("--scenes-per-step", type=int, default=8, help="scenes whose gradients make one step, over all processes")
    group.add_argument("--warmup-share", type=float, default=0.1, help="of all steps; then the rate falls linearly to zero")
    group.add_argument("--clip", type=float, default=1.0, help="largest norm of a step's gradient")
    group.add_argument("--precision", choices=("float32", "bf16"), help="default: bf16 on an accelerator, float32 on a CPU")
    group.add_argument("--gradient-checkpointing", action="store_true", help="less memory, one more forward pass")
    group.add_argument("--lines-per-pass", type=int, default=0, help="split a scene into passes of this many lines; 0: none. Halved when memory runs out")
    group.add_argument("--seed", type=int, default=0)
    group.add_argument("--save-every", type=int, default=20, help="steps between states that a killed run goes on from")
    group.add_argument("--until-step", type=int, help="end there, with a state; the schedule stays that of --epochs")


def _evaluation(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--held-out", default="0.1", help="a share of the scenes never trained on, or a file of records")
    group.add_argument("--evaluate-every", type=int, default=20, help="steps; also at the start and the end")
    group.add_argument("--evaluate-scenes", type=int, default=16, help="at most this many held-out scenes")
    group.add_argument("--compliance-floor", type=float, default=0.98, help="stop when fewer held-out lines parse")
    group.add_argument("--best-by", choices=("penalty", "loss"), help="the best weights have the least P (default), or preference loss (default for an editor's records)")
    group.add_argument("--no-answers", action="store_true", help="do not decode the held-out scenes (no format compliance, no P)")
    group.add_argument("--no-durations", action="store_true", help="do not time the decoded answers (no P)")


def _instead(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--smoke", action="store_true", help="a few steps of the bundled model on a few built-in lines, under two minutes")
    group.add_argument("--merge", type=Path, metavar="FOLDER", help="write --model with the adapter of --out merged into its weights, and end")
    group.add_argument("--estimate", metavar="SIZE", help="print calculated memory and time for all, 0.5B, 1.5B, 7B or 14B, and end")


def _check(flags: argparse.ArgumentParser, run: argparse.Namespace) -> None:
    """What argparse cannot see, as sentences."""
    for name in ("epochs", "scenes_per_step", "save_every", "evaluate_every", "rank"):
        if getattr(run, name) < 1:
            flags.error(f"--{name.replace('_', '-')} is {getattr(run, name)}; it must be 1 or more.")
    if run.beta <= 0 or run.kl_weight < 0 or not 0 <= run.warmup_share <= 1:
        flags.error("--beta must be above 0, --kl-weight 0 or more, --warmup-share between 0 and 1.")
    if run.method == "dpo" and (run.alpo or run.prefix_mixing):
        flags.error("--alpo and --prefix-mixing weigh and mix single lines; they need --method sspo.")
    if run.merge is not None and run.out is None:
        flags.error("--merge needs --out, the run whose adapter is merged.")
