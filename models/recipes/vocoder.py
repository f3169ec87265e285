"""Train a vocoder for 24 kHz log-mel spectra, small enough for a plain CPU, on folders of sound and on espeak-ng's voices.

    python -m models.recipes.vocoder --sound recordings/ --texts lines.tsv --out runs/vocoder --minutes 50   # goes on where it stopped
    accelerate launch -m models.recipes.vocoder --sound recordings/ --out runs/vocoder --batch 64
    python -m models.recipes.vocoder --smoke                                         # a few steps on made-up sound

`lines.tsv`: language, tab, text. Spectra first, then small judges of spectrograms as well. `--out` holds `export/` (averaged weights of the last
checkpoint), `log.jsonl`, `state.pt`; a file `stop` in it saves and ends. Batch s is a function of (seed, s, process) alone.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from torch import Tensor, nn

from models.checkpoint import MODEL_FILE, read_training_state, write_tensors, write_training_state
from models.recipes.agreement import agreed
from models.recipes.units_training import rate_at
from models.recipes.vocoder_data import RATE_HZ, Batch, Sound, crops, load_sounds, save_sounds, sound_of, sounds_in, split, spoken
from models.recipes.vocoder_losses import Judges, MultiMel, fooling_loss, hearing_loss, judges_loss, matching_loss
from models.recipes.vocoder_pitch import track_pitch
from models.speech.pulse_vocos import PulseVocos, PulseVocosConfig
from models.speech.spectrum import VocoderMel
from models.speech.vocos import Vocos, VocosConfig

REPORT_STEPS, JUDGED_SOUNDS, JUDGED_S = 50, 16, 2


@dataclass(frozen=True, slots=True)
class LossWeights:
    mel: float = 15.0
    multi: float = 10.0
    hearing: float = 1.0
    fooling: float = 2.5
    matching: float = 4.0


WEIGHTS = LossWeights()


def parse_flags(argv: list[str] | None) -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--sound", type=Path, action="append", default=[], help="folder of WAV, FLAC, MP4 …; may be repeated")
    flags.add_argument("--texts", type=Path, help="lines for espeak-ng to say: language, tab, text")
    flags.add_argument("--out", type=Path, help="the run's folder")
    flags.add_argument("--kind", choices=("pulse", "vocos"), default="pulse", help="with a pulse train to steer, or Vocos as published but smaller")
    flags.add_argument("--dim", type=int, default=256)
    flags.add_argument("--layers", type=int, default=6)
    flags.add_argument("--minutes", type=float, default=50, help="of training in this call")
    flags.add_argument("--until-step", type=int, default=8000, help="the learning rate has come to zero here")
    flags.add_argument("--adversary-from", type=int, default=3000, help="step at which the judges come in")
    flags.add_argument("--batch", type=int, default=12, help="crops per process")
    flags.add_argument("--judged-batch", type=int, default=6, help="of these, crops that the judges see")
    flags.add_argument("--crop-frames", type=int, default=33, help="of 10.7 ms")
    flags.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    flags.add_argument("--precision", choices=("no", "bf16"), default="no", help="of the nets; spectra and losses stay in 32 bits")
    flags.add_argument("--save-minutes", type=float, default=2, help="between checkpoints")
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--smoke", action="store_true")
    run = flags.parse_args(argv)
    if not run.smoke and (run.out is None or (not (run.sound or run.texts) and not (run.out / "sounds.npz").exists())):
        flags.error("name --out, and --sound or --texts (or --smoke).")
    return run


def gather(run: argparse.Namespace) -> list[Sound]:
    """All sounds, read and tracked once."""
    path = run.out / "sounds.npz"
    if not path.exists():
        rows = [row.split("\t", 1) for row in run.texts.read_text(encoding="utf-8").splitlines() if "\t" in row] if run.texts else []
        sounds = [*sounds_in(run.sound), *spoken([(language, text) for language, text in rows], run.seed)]
        if not sounds:
            raise SystemExit("No sound of half a second or more was found; name other folders.")
        save_sounds(path, sounds)
    return load_sounds(path)


def build(run: argparse.Namespace) -> PulseVocos | Vocos:
    if run.kind == "pulse":
        return PulseVocos(PulseVocosConfig(run.dim, 3 * run.dim, run.layers))
    return Vocos(VocosConfig(dim=run.dim, intermediate_dim=3 * run.dim, num_layers=run.layers))


class Training:
    """The nets and what it takes to go on with them. `average`: the net's weights averaged over steps, which are the ones to use."""

    def __init__(self, run: argparse.Namespace) -> None:
        torch.manual_seed(run.seed)
        self.run, self.step = run, 0
        self.accelerator = Accelerator(mixed_precision=run.precision, cpu=not torch.cuda.is_available())
        self.average = build(run)
        net = build(run)
        net.load_state_dict(self.average.state_dict())
        judges = Judges()
        self.net, self.judges, self.optimizer, self.judging = self.accelerator.prepare(
            net, judges,
            torch.optim.AdamW(net.parameters(), lr=run.rate, betas=(0.8, 0.99), weight_decay=0.01),
            torch.optim.AdamW(judges.parameters(), lr=run.rate, betas=(0.8, 0.99), weight_decay=0.01),
        )  # fmt: skip
        device = self.accelerator.device
        self.average, self.mel, self.multi = self.average.to(device), VocoderMel().to(device), MultiMel().to(device)
        if (run.out / "state.pt").is_file():
            self._resume(read_training_state(run.out / "state.pt"))

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        plain = self.accelerator.unwrap_model
        return {"net": plain(self.net), "judges": plain(self.judges), "average": self.average, "optimizer": self.optimizer, "judging": self.judging}

    def _resume(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step = int(state["step"])

    def save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        write_training_state(self.run.out / "state.pt", {name: part.state_dict() for name, part in self._parts().items()} | {"step": self.step})
        folder = self.run.out / "export"
        folder.mkdir(exist_ok=True)
        write_tensors(folder / MODEL_FILE, self.average.state_dict())
        beside = folder / "config.json.making"
        beside.write_text(json.dumps({"kind": self.run.kind, **asdict(self.average.config)}, indent=1) + "\n", encoding="utf-8")
        beside.replace(folder / "config.json")

    def one_step(self, batch: Batch) -> dict[str, float]:
        """Judges first, where they have come in, then the net; then the average follows."""
        share = rate_at(self.step, self.run.until_step)
        for optimizer in (self.optimizer, self.judging):
            optimizer.param_groups[0]["lr"] = self.run.rate * share
        losses, made, wanted = self._own_losses(batch)
        if self.step >= self.run.adversary_from:
            losses |= self._judged(made[: self.run.judged_batch], wanted[: self.run.judged_batch])
        total = sum(getattr(WEIGHTS, name) * loss for name, loss in losses.items())
        self.optimizer.zero_grad()
        self.accelerator.backward(total)
        self.accelerator.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimizer.step()
        self._follow()
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _own_losses(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        mel = self.mel(batch.samples)
        losses = {}
        if self.run.kind == "pulse":
            rendered = self.net(mel.transpose(1, 2), batch.steering, batch.noise)
            made, losses["hearing"] = rendered.samples, hearing_loss(rendered, batch.steering)
        else:
            made = self.net(mel.transpose(1, 2))
        wanted = batch.samples[:, : made.shape[1]]
        losses |= {"mel": (self.mel(made) - self.mel(wanted)).abs().mean(), "multi": self.multi(made, wanted)}
        return losses, made, wanted

    def _judged(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        self.judging.zero_grad()
        self.accelerator.backward(judges_loss(self.judges(wanted), self.judges(made.detach())))
        self.judging.step()
        for weight in self.judges.parameters():
            weight.requires_grad_(False)
        with torch.no_grad():
            real = self.judges(wanted)
        seen = self.judges(made)
        for weight in self.judges.parameters():
            weight.requires_grad_(True)
        return {"fooling": fooling_loss(seen), "matching": matching_loss(real, seen)}

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(0.999, (self.step + 1) / (self.step + 20))
        for slow, fast in zip(self.average.parameters(), self.accelerator.unwrap_model(self.net).parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)

    @torch.no_grad()
    def held_out(self, sounds: list[Sound]) -> dict[str, float]:
        """Of the averaged net, on the first seconds of sounds it never learnt from: mel distance (nepers), and how far pitch (share of frames
        more than half a semitone off) and periodicity (mean difference) are from the original's."""
        apart, off, periodicity = [], [], []
        for sound in sounds[:: max(1, len(sounds) // JUDGED_SOUNDS)][:JUDGED_SOUNDS]:
            samples = torch.from_numpy(sound.samples[: JUDGED_S * RATE_HZ].astype(np.float32))[None] / 16_384
            mel = self.mel(samples.to(self.accelerator.device))
            made = self.average.sound_of(mel)[:, : samples.shape[1]]
            apart.append(float((self.mel(made)[:, : mel.shape[1]] - mel).abs().mean()))
            one, other = track_pitch(samples[0].numpy()), track_pitch(made[0].cpu().numpy())
            voiced = (one.periodicity > 0.7)[: len(other.hz)]
            off.append(float((np.abs(np.log2(other.hz / one.hz[: len(other.hz)])) > 1 / 24)[voiced].mean()) if voiced.any() else 0.0)
            periodicity.append(float(np.abs(other.periodicity - one.periodicity[: len(other.hz)]).mean()))
        return {"held_out_mel": float(np.mean(apart)), "pitch_off": float(np.mean(off)), "periodicity_off": float(np.mean(periodicity))}


def train(run: argparse.Namespace, sounds: list[Sound], last_step: int | None = None) -> Training:
    """Until the minutes or the steps are over (`last_step`: of this call, sooner than the run's own), or `stop` is there."""
    learnt, kept_out = split(sounds)
    training = Training(run)
    place = training.accelerator
    say = place.print
    say(f"{sum(one.numel() for one in training.average.parameters()):,} weights, {sum(one.frames for one in learnt) / 93.75 / 60:.1f} minutes of sound in {len(learnt)}, {len(kept_out)} held out", flush=True)
    start = saved = time.monotonic()
    seen: list[dict[str, float]] = []
    last_step = run.until_step if last_step is None else last_step
    while training.step < last_step and not agreed(place, time.monotonic() - start >= 60 * run.minutes or (run.out / "stop").exists()):
        generator = np.random.default_rng((run.seed, training.step, place.process_index))
        seen.append(training.one_step(_to(crops(learnt, run.crop_frames, run.batch, generator), place.device)))
        if training.step % REPORT_STEPS == 0:
            say(json.dumps(_report(training.step, seen, time.monotonic() - start)), flush=True)
            seen = []
        if time.monotonic() - saved > 60 * run.save_minutes:
            _checkpoint(training, kept_out)
            saved = time.monotonic()
    _checkpoint(training, kept_out)
    if place.is_main_process:
        (run.out / "stop").unlink(missing_ok=True)
    return training


def _checkpoint(training: Training, kept_out: list[Sound]) -> None:
    training.save()
    if training.accelerator.is_main_process:
        row = json.dumps({"step": training.step, **training.held_out(kept_out)})
        print(row, flush=True)
        with (training.run.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(row + "\n")


def _report(step: int, seen: list[dict[str, float]], seconds: float) -> dict[str, float]:
    return {"step": step, "minutes": round(seconds / 60, 1)} | {name: round(math.fsum(one[name] for one in seen if name in one) / sum(name in one for one in seen), 4) for name in seen[-1]}


def _to(batch: Batch, device: torch.device) -> Batch:
    steering = type(batch.steering)(batch.steering.hz.to(device), batch.steering.voiced.to(device))
    return Batch(batch.samples.to(device), steering, batch.noise.to(device))


def buzzes(seed: int) -> list[Sound]:
    """Sounds of a second that glide, for a smoke run and for tests."""
    generator, sounds = np.random.default_rng(seed), []
    for number in range(6):
        hz = np.linspace(*generator.uniform(90, 250, 2), RATE_HZ)
        angle = 2 * np.pi * np.cumsum(hz) / RATE_HZ
        samples = 0.1 * sum(np.cos(k * angle) / k for k in range(1, 20)) + 0.01 * generator.standard_normal(RATE_HZ)
        sounds.append(sound_of(f"buzz {number}", samples.astype(np.float32)))
    return sounds


def smoke(run: argparse.Namespace) -> None:
    """A tiny net on made-up sounds, stopped and resumed."""
    with tempfile.TemporaryDirectory() as folder:
        run.out, run.dim, run.layers, run.batch, run.adversary_from, run.minutes = Path(folder), 32, 2, 2, 3, 5
        for last_step in (4, 8):
            train(run, buzzes(run.seed), last_step)
    print("smoke: trained, resumed and written")


def main(argv: list[str] | None = None) -> None:
    run = parse_flags(argv)
    if run.smoke:
        smoke(run)
        return
    run.out.mkdir(parents=True, exist_ok=True)
    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():  # of several processes one hears, the others read what it kept
        sounds = gather(run)
    train(run, sounds)


if __name__ == "__main__":
    main()
