"""Imports follow the arrows of docs/architecture.md, and heavy packages stay with their owners."""

from __future__ import annotations

import pytest

from tests.house.tree import Source, sources

BASE = ("studio.domain", "studio.engines.protocols", "studio.engines.voice_protocols")
MIDDLE = (*BASE, "studio.media", "studio.formats", "studio.store")
FLOW = (*MIDDLE, "studio.engines.rack", "studio.stages", "studio.steps")
# part of the studio -> what it may import; the longest name that matches a module decides
ARROWS: dict[str, tuple[str, ...]] = {
    "studio": (*FLOW, "studio"),
    "studio.domain": ("studio.domain",),
    "studio.engines.protocols": ("studio.domain", "studio.engines.protocols"),
    "studio.engines.voice_protocols": BASE,
    "studio.engines": (*BASE, "studio.engines", "studio.media", "models"),
    "studio.media": (*BASE, "studio.media"),
    "studio.formats": ("studio.domain", "studio.formats"),
    "studio.store": ("studio.domain", "studio.store"),
    "studio.stages": (*MIDDLE, "studio.stages"),
    "studio.ui": ("studio.domain", "studio.engines.protocols", "studio.engines.voice_protocols", "studio.formats", "studio.ui", "studio.service", "studio.logs"),
    "studio.ui.health_routes": ("studio.domain", "studio.ui", "studio.service", "studio.logs", "studio.metrics"),
    "studio.ui.launch": ("studio.domain", "studio.ui", "studio.service", "studio.logs", "studio.store.users"),
    "studio.logs": ("studio.domain",),
    "studio.metrics": ("studio.domain",),
    "studio.cli": ("studio",),
    "studio.commands.parity": ("studio", "models.parity"),
    "studio.bootstrap": ("studio",),
    "studio.weights": (*FLOW, "models.checkpoint"),
    "models": ("models",),
    "models.recipes": (*BASE, "studio.engines", "studio.media", "models"),  # programs to train with: they see and time as the studio does
}
# who may not import whom, whatever the table above says: shells know the service, nothing knows a shell
SHELLS = ("studio.ui", "studio.cli", "studio.commands", "studio.api", "studio.__main__")
RECIPES = ("models.recipes",)
COMPOSERS = ("studio.cli", "studio.commands", "studio.__main__", "studio.bootstrap")
OWNERS = {
    "torch": ("studio.engines", "studio.bootstrap", "models"),  # bootstrap picks the device
    "transformers": ("studio.engines", "models"),
    "peft": ("studio.engines", "models"),
    "onnxruntime": ("studio.engines",),
    "edge_tts": ("studio.engines",),
    "gradio": ("studio.ui",),
    "av": ("studio.media",),
    "imageio_ffmpeg": ("studio.media",),
    "moviepy": ("studio.media",),
    "cv2": ("studio.engines",),
    "mediapipe": ("studio.engines",),
    "sqlalchemy": ("studio.store",),
    "alembic": ("studio.store",),
    "fsspec": ("studio.store",),
    "s3fs": ("studio.store",),
    "ray": ("studio.cluster",),
    "pysubs2": ("studio.formats",),
    "opentimelineio": ("studio.handover",),
    "prometheus_client": ("studio.metrics",),
}


def is_inside(module: str, *parts: str) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def allowed(module: str) -> tuple[str, ...]:
    part = max((name for name in ARROWS if is_inside(module, name)), key=len)
    return ARROWS[part]


def complaints(source: Source) -> list[str]:
    out = []
    for item in source.imports():
        where = f"{source.name}:{item.line}"
        if item.module.startswith("."):
            out.append(f"{where} imports relatively; write the absolute name.")
        if item.module.endswith(".*"):
            out.append(f"{where} imports everything of {item.module[:-2]}; name what it needs.")
        if not is_inside(item.module, "studio", "models"):
            continue
        if not is_inside(item.module, *allowed(source.module)) and item.module not in ("studio", "studio.__version__"):
            out.append(f"{where} imports {item.module}, which lies above or beside {source.module}; see docs/architecture.md.")
        if is_inside(item.module, *SHELLS) and not is_inside(source.module, *SHELLS, "app"):
            out.append(f"{where} imports the shell {item.module}; nothing below a shell may know it.")
        if is_inside(item.module, *RECIPES) and not is_inside(source.module, *RECIPES):
            out.append(f"{where} imports the recipe {item.module}; recipes are run, not called.")
        if is_inside(item.module, "studio.bootstrap") and not is_inside(source.module, *COMPOSERS):
            out.append(f"{where} imports studio.bootstrap; only the programs that start a studio may.")
    return out


def test_imports_follow_the_arrows() -> None:
    found = [line for source in sources("studio", "models") for line in complaints(source)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("package", OWNERS)
def test_a_heavy_package_is_imported_only_by_its_owner(package: str) -> None:
    found = [
        f"{source.name}:{item.line} imports {package}, which belongs to {' and '.join(OWNERS[package])}."
        for source in sources("studio", "models")
        for item in source.imports()
        if is_inside(item.module, package) and not is_inside(source.module, *OWNERS[package])
    ]
    assert not found, "\n" + "\n".join(found)


def test_handlers_import_no_gradio_and_layouts_no_service() -> None:
    found = []
    for source in sources("studio/ui"):
        for item in source.imports():
            if is_inside(source.module, "studio.ui.handlers", "studio.ui.views") and is_inside(item.module, "gradio"):
                found.append(f"{source.name}:{item.line} imports gradio; handlers and views are plain Python.")
            if is_inside(source.module, "studio.ui.panels") and is_inside(item.module, "studio.service"):
                found.append(f"{source.name}:{item.line} imports the service; a layout only lays out.")
    assert not found, "\n" + "\n".join(found)
