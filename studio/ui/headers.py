"""What every answer tells the browser about itself: what a page may load and where it may send, and what a file may never do.

Enter: a path and what a route says itself. Leaves: headers; a route that states one of them keeps its own, but nothing may be kept by a cache that
anybody else is served from, unless it is the same for everybody. The page framework needs scripts and styles in its page and
`eval` for its event handlers, so only the page itself has those; nothing it shows is written as HTML, and nothing may leave this address.
"""

from __future__ import annotations

PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob: data:; worker-src 'self' blob:; manifest-src 'self'; "
    "object-src 'none'; frame-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
OWN_PAGE = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
CACHE = b"cache-control"
FILE = "default-src 'none'; sandbox"
_FILES = ("/media/", "/uploads", "/desk/", "/me/", "/voices/")
SAME_FOR_ALL = ("/look/", "/assets/", "/static/", "/svelte/", "/theme.css", "/gradio_api/theme.css", "/favicon.ico")
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"SAMEORIGIN",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def policy_of(path: str) -> str:
    """The content security policy of what answers at `path`."""
    if path.startswith(_FILES):
        return FILE
    return OWN_PAGE if path == "/login" else PAGE


def dressed(path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer at `path`, made whole."""
    told = {b"content-security-policy": policy_of(path).encode(), **_ALWAYS}
    if not path.startswith(SAME_FOR_ALL):
        told[CACHE] = b"private, no-store"
        headers = [(name, value) for name, value in headers if name.lower() != CACHE or b"private" in value or b"no-store" in value]
    present = {name.lower() for name, _ in headers}
    return [*headers, *(one for one in told.items() if one[0] not in present)]
