"""What the machines of a cluster are told of the head's settings, and what never leaves it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.cluster.pool import ClusterPlan, connected
from studio.cluster.settings import ENGINE_SETTINGS, engine_settings
from tests.conftest import ROOT

STAY = {"LIPLINE_HOME", "LIPLINE_DATABASE", "LIPLINE_BLOBS", "LIPLINE_LOG", "LIPLINE_DEVICES", "LIPLINE_MODEL_MEMORY", "LIPLINE_METRICS_TOKEN"}
SECRETS = {"LIPLINE_METRICS_TOKEN": "t", "PGPASSWORD": "p", "AWS_SECRET_ACCESS_KEY": "k", "LIPLINE_DATABASE": "postgresql://a:b@c/d", "LIPLINE_DEVICES": "1"}


def test_machines_learn_which_engines_and_no_secret() -> None:
    chosen = {"LIPLINE_VOICE": "/srv/voice", "LIPLINE_TRANSLATOR": "Qwen/Qwen2.5-7B-Instruct", "LIPLINE_VOICE_COMPILE": "1"}
    assert engine_settings(chosen | SECRETS | {"LIPLINE_WHISPER": ""}) == chosen


def test_a_path_that_is_there_is_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "1").mkdir()
    monkeypatch.chdir(tmp_path)
    told = engine_settings({"LIPLINE_ADAPTER": "adapter", "LIPLINE_WHISPER": "large-v3", "LIPLINE_VOICE_COMPILE": "1"})
    assert told == {"LIPLINE_ADAPTER": str(tmp_path / "adapter"), "LIPLINE_WHISPER": "large-v3", "LIPLINE_VOICE_COMPILE": "1"}


def test_every_setting_is_either_sent_or_stays() -> None:
    """A new one fails here until somebody says which."""
    found = {name for path in (ROOT / "studio").rglob("*.py") for name in re.findall(r"\bLIPLINE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))}
    assert found == {*ENGINE_SETTINGS, *STAY}


def test_a_cluster_is_joined_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[dict[str, Any]] = []
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=lambda **given: joined.append(given), shutdown=lambda: None))
    for name, value in {**SECRETS, "LIPLINE_VOICE": "/srv/voice"}.items():
        monkeypatch.setenv(name, value)
    with connected(ClusterPlan("auto")):
        pass
    sent = joined[0]["runtime_env"]["env_vars"]
    assert sent["LIPLINE_VOICE"] == "/srv/voice" and "PYTHONPATH" in sent and not sent.keys() & SECRETS.keys()
