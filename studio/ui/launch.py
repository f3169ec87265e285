"""Start the page: one web server with our own routes, the gate in front, and Gradio mounted at the root.

Enter: a Studio and the flags. Leaves when the server is stopped. Nothing is shared, fetched or reported to anyone.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.domain.errors import BadSetting
from studio.domain.rights import DEMO_OWNER, LOCAL_USER
from studio.domain.settings import Limits
from studio.ui.trust import LOOPBACK, Trust

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.service import Studio

SWITCH_S = 0.0005
"""How long a thread of the page may keep the interpreter from another that waits, where Python's own 5 ms are more than a whole request of the
desk takes: one gives the interpreter away with each statement to the database, and would wait that long to get it back."""


def say_address(address: str) -> None:
    sys.stdout.write(f"Lipline is at {address} (stop with Ctrl-C)\n")
    sys.stdout.flush()



@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`trust`: which proxies are believed, and whether they say who people are. `port` 0 takes any free one. `announce` is told the address."""

    host: str = "127.0.0.1"
    port: int = 7860
    trust: Trust = field(default_factory=Trust)
    with_demo: bool = True
    announce: Callable[[str], None] = say_address


def serve(studio: Studio, options: ServeOptions) -> None:
    """Serve the page until stopped. Raises BadSetting when the address cannot be used, or may not be because nobody would have to log in."""
    import uvicorn

    if options.host not in LOOPBACK and not asks_for_login(studio, options):
        raise BadSetting(
            f"At {options.host} everybody in reach could come in, since nobody has an account yet. Make one with `python -m studio users add NAME "
            "--role admin`, or leave --host at 127.0.0.1."
        )
    listener = listen(options)
    app = build_app(studio, options)
    if options.with_demo:
        studio.as_user(DEMO_OWNER if asks_for_login(studio, options) else LOCAL_USER).demo_project()
    studio.start()
    studio.mirror_log()
    sys.setswitchinterval(SWITCH_S)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=3, proxy_headers=False))
    name = f"[{options.host}]" if ":" in options.host else options.host
    options.announce(f"http://{name}:{listener.getsockname()[1]}")
    _stop_in_order()
    try:
        server.run(sockets=[listener])
    finally:
        studio.close()


def _stop_in_order() -> None:
    """SIGTERM ends the process through its `finally` blocks, so that jobs at work go back to the queue: uvicorn, once it has stopped, raises the
    signal again for whoever handled it before."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def build_app(studio: Studio, options: ServeOptions) -> FastAPI:
    """The whole web application: gate, own routes, Gradio."""
    os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_DISABLE_TELEMETRY="1")
    if not any(os.environ.get(name) for name in ("LIPLINE_TRANSLATOR", "LIPLINE_WHISPER")):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing was named that a hub would have to be asked for
    import gradio as gr
    from fastapi import FastAPI

    from studio.ui import look
    from studio.ui.first_screen import FirstScreen
    from studio.ui.health_routes import Measured, Routed
    from studio.ui.routes import add_routes
    from studio.ui.session import Gate, user_of
    from studio.ui.trouble import Spoken

    app = FastAPI(title="Lipline", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, studio)
    mounted = gr.mount_gradio_app(
        app,
        build_blocks(studio),
        path="/",
        auth_dependency=user_of,
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
    _guard_framework(mounted)
    mounted.add_middleware(Routed)
    mounted.add_middleware(Spoken)
    mounted.add_middleware(FirstScreen, scripts=look.scripts(), sheets=look.sheets())
    mounted.add_middleware(Gate, door=studio.door, trust=options.trust, hosts=LOOPBACK)
    mounted.add_middleware(Measured, metrics=studio.metrics)
    return mounted


def _guard_framework(mounted: FastAPI) -> None:
    """The guard goes inside the mount, where only what no route of ours took arrives. Must come before the first request."""
    from gradio.routes import App

    from studio.ui.gradio_guard import GradioGuard

    framework = next(inside for route in mounted.routes if isinstance(inside := getattr(route, "app", None), App))
    framework.add_middleware(GradioGuard)


def build_blocks(studio: Studio) -> Any:
    """The Gradio part: widgets from the layouts, joined to their handlers."""
    import gradio as gr

    from studio.ui.layout import build_page
    from studio.ui.wire import Wiring, wire

    with gr.Blocks(title="Lipline", analytics_enabled=False, fill_width=True, delete_cache=(3600, 24 * 3600)) as blocks:
        wire(build_page(), Wiring(studio), blocks)
    return blocks.queue(default_concurrency_limit=8)


def asks_for_login(studio: Studio, options: ServeOptions) -> bool:
    """Whether people have to say who they are: somebody has a password, or a proxy tells."""
    return bool(options.trust.header) or studio.door.asks_for_login()


def listen(options: ServeOptions) -> socket.socket:
    """Where the page will be served. Raises BadSetting for an address that cannot be used."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # handed on to every connection: an answer in two pieces else waits 40 ms
        return listener
    except OSError as error:
        raise BadSetting(
            f"The page cannot be served at {options.host}, port {options.port}: {error.strerror}. Choose another with --host or --port."
        ) from error
