"""Start the page: one web server with our own routes, the gate in front, and Gradio mounted at the root.

Enter: a Studio and the flags. Leaves when the server is stopped. Nothing is shared, fetched or reported to anyone.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.domain.errors import BadSetting
from studio.domain.settings import Limits

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.service import Studio


def say_address(address: str) -> None:
    sys.stdout.write(f"Lipline is at {address} (stop with Ctrl-C)\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`users_file` None: one local user, no login. `port` 0 takes any free one. `announce` is told the address."""

    host: str = "127.0.0.1"
    port: int = 7860
    users_file: Path | None = None
    with_demo: bool = True
    announce: Callable[[str], None] = say_address


def serve(studio: Studio, options: ServeOptions) -> None:
    """Serve the page until stopped. Raises BadSetting when the address cannot be used or the users file not be read."""
    import uvicorn

    listener = _listen(options)
    app = build_app(studio, options)
    if options.with_demo and options.users_file is None:
        studio.as_user("local").demo_project()
    studio.start()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3))
    name = f"[{options.host}]" if ":" in options.host else options.host
    options.announce(f"http://{name}:{listener.getsockname()[1]}")
    try:
        server.run(sockets=[listener])
    finally:
        studio.close()


def build_app(studio: Studio, options: ServeOptions) -> FastAPI:
    """The whole web application: gate, own routes, Gradio."""
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1")
    if not any(os.environ.get(name) for name in ("LIPLINE_TRANSLATOR", "LIPLINE_WHISPER")):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing was named that a hub would have to be asked for
    import gradio as gr
    from fastapi import FastAPI

    from studio.ui import look
    from studio.ui.first_screen import FirstScreen
    from studio.ui.routes import add_routes
    from studio.ui.session import LOOPBACK, Gate, Sessions

    sessions = Sessions(_verifier(options.users_file))
    app = FastAPI(title="Lipline", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, studio, sessions)
    mounted = gr.mount_gradio_app(
        app,
        build_blocks(studio, asks_for_login=sessions.asks_for_login),
        path="/",
        auth_dependency=lambda request: sessions.user(request.cookies),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=Limits().max_media_bytes,
        theme=look.theme(),
        favicon_path=str(look.ASSETS / "icons" / "lipline.png"),
    )
    mounted.add_middleware(FirstScreen, scripts=look.scripts(), sheets=look.sheets())
    mounted.add_middleware(Gate, sessions=sessions, hosts=LOOPBACK if options.host in LOOPBACK else None)
    return mounted


def build_blocks(studio: Studio, *, asks_for_login: bool) -> Any:
    """The Gradio part: widgets from the layouts, joined to their handlers."""
    import gradio as gr

    from studio.ui.layout import build_page
    from studio.ui.wire import Wiring, wire

    with gr.Blocks(title="Lipline", analytics_enabled=False, fill_width=True, delete_cache=(3600, 24 * 3600)) as blocks:
        wire(build_page(), Wiring(studio, can_leave=asks_for_login), blocks)
    return blocks.queue(default_concurrency_limit=8)


def _verifier(users: Path | None) -> Callable[[str, str], bool] | None:
    if users is None:
        return None
    from studio.store.users import UserFile

    return UserFile.read(users).verify


def _listen(options: ServeOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        return socket.create_server((options.host, options.port), family=family)
    except OSError as error:
        raise BadSetting(
            f"The page cannot be served at {options.host}, port {options.port}: {error.strerror}. Choose another with --host or --port."
        ) from error
