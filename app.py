"""Start the web studio: read the flags, open the studio, serve the page until Ctrl-C."""

from __future__ import annotations

import argparse
from pathlib import Path


def flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Lipline: an interactive dubbing studio.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on; 0 takes any free one")
    parser.add_argument("--home", type=Path, default=None, help="folder of projects (default: LIPLINE_HOME, else your data folder)")
    parser.add_argument("--demo", action=argparse.BooleanOptionalAction, default=True, help="put the demo project in the list")
    return parser.parse_args()


def main() -> None:
    chosen = flags()
    from studio.bootstrap import default_place, open_studio
    from studio.domain.errors import StudioError
    from studio.ui.launch import ServeOptions, serve

    try:
        studio = open_studio(default_place(chosen.home))
        serve(studio, ServeOptions(host=chosen.host, port=chosen.port, with_demo=chosen.demo))
    except StudioError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
