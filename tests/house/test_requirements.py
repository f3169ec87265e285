"""What is installed is exact, explained, complete and not more than is used; the licence is there."""

from __future__ import annotations

import re
import sys

import pytest

from tests.house.tree import ROOT, sources

LISTS = ("requirements.txt", "requirements-cluster.txt", "requirements-dev.txt")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[a-z0-9,]+\])?==(?P<version>[0-9][\w.+!-]*)\s+#\s+(?P<reason>\S.{8,})$")
# package names that differ from the module people import
MODULES = {
    "imageio-ffmpeg": "imageio_ffmpeg", "edge-tts": "edge_tts", "silero-vad": "silero_vad", "SQLAlchemy": "sqlalchemy",
    "espeakng-loader": "espeakng_loader", "pytest-timeout": "pytest_timeout", "google-re2": "re2", "prometheus-client": "prometheus_client",
}  # fmt: skip
AGREED = {"librosa", "plotly"}  # the stack the studio is built on; the first file that draws or measures pitch uses them
BY_OTHERS = {"accelerate", "silero-vad"}  # wanted by a package, or for the weights inside; imported by no file of ours
OPTIONAL = {"comet", "ctranslate2", "faster_whisper", "pocketsphinx"}  # engines and judges that say how to install them when asked for
CLUSTER = {"psycopg", "s3fs", "ray"}  # in requirements-cluster.txt; a sentence names it where one is missing
FROM_OTHERS = {"tokenizers", "safetensors", "huggingface_hub", "PIL", "fastapi", "starlette", "anyio", "click", "aiohttp", "uvicorn", "sklearn", "rich", "cv2", "fsspec"}


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in text if line.strip() and not line.startswith(("#", "-c ", "-r "))]


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_pinned_exactly_and_has_a_reason(name: str) -> None:
    found = [f"{name}: “{line}” is not NAME==VERSION  # reason" for line in lines(name) if not PIN.match(line)]
    assert not found, "\n" + "\n".join(found)


def test_what_the_packages_pull_in_is_pinned_to_the_same_versions() -> None:
    pulled = dict(line.lower().replace("_", "-").split("==") for line in lines("constraints.txt"))
    for line in (line for name in LISTS for line in lines(name)):
        found = PIN.match(line)
        version = pulled.get(found["name"].lower().replace("_", "-"))
        assert version in (None, found["version"]), f"{found['name']} is pinned to {found['version']} and constrained to {version}."


def test_every_package_we_import_is_required_and_every_requirement_is_imported() -> None:
    wanted = {MODULES.get(name, name): name for line in lines("requirements.txt") for name in [PIN.match(line)["name"]]}
    ours = {"studio", "models", "bench", "scripts", "tests", "app"}
    imported: dict[str, str] = {}
    for source in sources("studio", "models"):
        for item in source.imports():
            imported.setdefault(item.module.split(".")[0], f"{source.name}:{item.line}")
    third = {name: where for name, where in imported.items() if name not in sys.stdlib_module_names and name not in ours and name}
    missing = [f"{where} imports {name}, which requirements.txt does not list." for name, where in third.items() if name not in {*wanted, *FROM_OTHERS, *OPTIONAL, *CLUSTER}]
    unused = [f"requirements.txt lists {wanted[name]}, which nothing imports." for name in wanted if name not in third and wanted[name] not in BY_OTHERS | AGREED]
    assert not missing + unused, "\n" + "\n".join(missing + unused)


def test_the_licence_is_apache_two() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_bundled_weight_has_a_card_and_safe_tensors() -> None:
    for folder in sorted(path.parent for path in (ROOT / "models" / "weights").glob("*/config.json")):
        assert (folder / "MODEL_CARD.md").is_file(), f"{folder.name} has no MODEL_CARD.md."
        assert (folder / "model.safetensors").is_file(), f"{folder.name} has no model.safetensors."
