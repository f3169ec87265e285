"""`gc`: a dry run tells and changes nothing; without it, exactly that goes."""

from __future__ import annotations

import json
import os
from pathlib import Path

from typer.testing import CliRunner, Result

from studio.cli import app
from studio.domain.errors import BadSetting
from tests.studio_fixtures import clip_project, fake_studio


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_dry_run_tells_what_would_go_and_the_real_one_frees_exactly_that(tmp_path: Path, clip: Path) -> None:
    studio = fake_studio(tmp_path / "home")
    kept, gone = clip_project(studio, clip), studio.create_project("Gone", "en", "de")
    studio.delete_project(gone.id)
    studio.change_keeping(bin_days=0)
    nobodys = studio._shop.blobs.put_bytes(b"x" * 5000, ".wav")
    os.utime(studio._shop.blobs.path(nobodys), (1.0, 1.0))
    studio.close()
    told = run("gc", "--dry-run", "--home", tmp_path / "home", "--json", tmp_path / "told.json")
    assert told.exit_code == 0 and "5.0 kB would be freed; nothing was changed." in told.output, told.output
    assert studio._shop.blobs.exists(nobodys)
    done = run("gc", "--home", tmp_path / "home", "--json", tmp_path / "done.json")
    assert done.exit_code == 0 and "5.0 kB freed." in done.output
    first, second = (json.loads((tmp_path / name).read_text()) for name in ("told.json", "done.json"))
    assert first | {"is_dry_run": False} == second and first["projects"] == 1 and first["blobs"] == {"count": 1, "size_bytes": 5000}
    assert not studio._shop.blobs.exists(nobodys)
    again = fake_studio(tmp_path / "home")
    source = again.project(kept.id).project.source
    assert source is not None and again._shop.blobs.exists(source.blob)
    again.close()


def test_a_slip_in_the_address_makes_no_studio(tmp_path: Path) -> None:
    for asked in (("gc", "--dry-run"), ("users", "list"), ("users", "disable", "anna"), ("users", "hand-over", "anna", "bob")):
        ran = run(*asked, "--home", tmp_path / "slip")
        assert isinstance(ran.exception, BadSetting) and "Name its home with --home" in str(ran.exception)
    assert not (tmp_path / "slip").exists()
