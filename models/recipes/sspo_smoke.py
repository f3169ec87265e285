"""A few scenes that come with the code, so that preference training can be tried with nothing but the bundled model.

Nothing in, `SceneRecord`s out: lines written for this purpose with wordings of several lengths, timed by the studio's estimator and
judged by the same rule as sampled candidates.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from models.translation.forms import Form
from models.translation.prompt import tagged_prompt
from models.translation.records import LineRecord, SceneRecord, append_records
from models.translation.selection import SelectionRule, select
from studio.domain.timing import duration_penalty
from studio.engines.duration_espeak import EspeakDuration

SCENES: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...] = (
    (
        ("你怎么才来", ("You're late.", "Why did you only come now?", "What took you so long to get here?", "Late.")),
        ("路上堵车了", ("Traffic.", "There was traffic.", "I got stuck in traffic on the way over here.", "Traffic was bad.")),
        ("坐吧", ("Sit.", "Sit down.", "Please have a seat right over there.", "Take a seat.")),
    ),
    (
        ("我不想再谈这件事了", ("Enough.", "I'm done talking about this.", "I really don't want to talk about this matter any more.", "Drop it.")),
        ("可是我们必须谈", ("We must.", "But we have to.", "But we absolutely have to talk about it, you know.", "We have to talk.")),
        ("明天再说", ("Tomorrow.", "Let's do it tomorrow.", "We can talk about all of that tomorrow instead.", "Later.")),
    ),
    (
        ("外面下雨了", ("Rain.", "It's raining.", "It has started to rain outside, look at that.", "It's raining out.")),
        ("带上伞再走", ("Umbrella.", "Take an umbrella.", "Make sure you take an umbrella with you before you go.", "Bring one.")),
        ("我很快就回来", ("Back soon.", "I'll be right back.", "I promise that I will be back again very soon.", "Soon.")),
    ),
    (
        ("他是谁", ("Him?", "Who is he?", "Who exactly is that man standing over there?", "Who's that?")),
        ("我以前的老板", ("My boss.", "My old boss.", "He is the man who used to be my boss a while ago.", "An ex-boss.")),
        ("他看起来很生气", ("Angry.", "He looks angry.", "He looks like he is really very angry about something.", "He's mad.")),
    ),
)  # fmt: skip


def smoke_run(run: argparse.Namespace) -> argparse.Namespace:
    """The options of a run over these scenes with the bundled model, in a folder of its own where none was named."""
    run.out = Path(tempfile.mkdtemp(prefix="lipline-sspo-")) if run.out is None else run.out
    run.out.mkdir(parents=True, exist_ok=True)
    records = run.out / "smoke.jsonl"
    records.unlink(missing_ok=True)
    append_records(records, smoke_records(Form.TAGGED if run.form is None else Form(run.form)))
    run.records, run.held_out, run.scenes_per_step, run.evaluate_every = [records], "0.25", 1, 6
    return run


def smoke_records(form: Form = Form.TAGGED) -> list[SceneRecord]:
    """Raises EngineFailed where the estimator cannot run."""
    estimator = EspeakDuration()
    return [_record(number, lines, form, estimator) for number, lines in enumerate(SCENES)]


def _record(number: int, lines: tuple[tuple[str, tuple[str, ...]], ...], form: Form, estimator: EspeakDuration) -> SceneRecord:
    made = []
    for index, (source, wordings) in enumerate(lines):
        (source_s,) = _seconds([source], "zh", estimator)
        target_s = _seconds(wordings, "en", estimator)
        picked = select([duration_penalty(each - source_s) for each in target_s], SelectionRule())
        made.append(LineRecord(
            index, tagged_prompt(("zh", "en"), source), source, "zh", wordings, "en", wordings[picked.chosen_index], picked.chosen_index,
            wordings[picked.rejected_index], picked.rejected_index, source_s, tuple(target_s), picked.is_skipped,
        ))  # fmt: skip
    single = {"accept": "\n".join(line.chosen for line in made), "reject": "\n".join(line.rejected for line in made)}
    prompt = "\n".join(source for source, _ in lines)
    return SceneRecord(f"smoke-{number}:0", prompt, tuple(made), len(made), single, form.value)


def _seconds(texts: tuple[str, ...] | list[str], language: str, estimator: EspeakDuration) -> list[float]:
    return [(estimate.speech_ms + estimate.pause_ms) / 1000 for estimate in estimator.estimate_many(texts, language)]
