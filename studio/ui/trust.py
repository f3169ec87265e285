"""Which proxies are believed, and in what: whom a request comes from, whether it came by https, and, where single sign-on is on, who it is.

Enter: the peer's address and the headers of a request. Leaves: a `Caller`. From any other peer such headers are worth nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from studio.domain.errors import BadSetting
from studio.domain.rights import Role

log = logging.getLogger(__name__)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TELL_EVERY_S = 60.0
MAX_PEERS_TOLD = 1024
FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "forwarded")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Caller:
    """`name` None: no proxy that is believed has said who this is. `host`: the name the studio was asked under."""

    address: str
    is_https: bool
    host: str
    name: str | None = None
    is_by_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """`header` "": no single sign-on. `role`: of accounts made on a first visit."""

    networks: tuple[Network, ...] = ()
    header: str = ""
    role: Role = Role.EDITOR
    _told: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def read(cls, networks: str, header: str = "", role: str = Role.EDITOR.value) -> Trust:
        """From the flags of `serve`. Raises BadSetting for an address that is none, and for a header that anybody could send."""
        parsed = tuple(_network(item) for item in networks.split(",") if item.strip())
        if header and not parsed:
            raise BadSetting("--trust-header needs --trust-from with the addresses of your proxy; else anybody could say who they are.")
        if header and not all(char.isalnum() or char == "-" for char in header):
            raise BadSetting(f"“{header}” is no name of a header; the usual one is X-Remote-User.")
        if role not in list(Role):
            raise BadSetting(f"--trust-role is one of {', '.join(Role)}, not “{role}”.")
        return cls(parsed, header.lower(), Role(role))

    def believes(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(parsed in network for network in self.networks if network.version == parsed.version)

    def caller(self, peer: str, scheme: str, headers: Mapping[str, str]) -> Caller:
        """Who is really asking, where the peer is a proxy that is believed."""
        host, is_https = headers.get("host", ""), scheme == "https"
        if not self.believes(peer):
            if self.header and self.header in headers:
                self._tell(peer)
            return Caller(peer, is_https, host)
        chain = [item.strip() for item in headers.get("x-forwarded-for", "").split(",") if item.strip()]
        address = next((item for item in reversed(chain) if not self.believes(item)), chain[0] if chain else peer)
        proto = headers.get("x-forwarded-proto", "").rsplit(",", 1)[-1].strip()
        asked = headers.get("x-forwarded-host", "").rsplit(",", 1)[-1].strip()
        return Caller(address, is_https if not proto else proto == "https", asked or host, self._name(headers), True)

    def _name(self, headers: Mapping[str, str]) -> str | None:
        value = headers.get(self.header) if self.header else None
        if value is None:
            return None
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            return value

    def hidden(self, is_by_proxy: bool) -> frozenset[str]:
        """Headers that nothing further in may see: it would believe them without knowing whom they are from."""
        return frozenset({*(() if is_by_proxy else FORWARDED), *((self.header,) if self.header else ())})

    def _tell(self, peer: str) -> None:
        now_s = time.monotonic()
        if now_s - self._told.get(peer, -TELL_EVERY_S) < TELL_EVERY_S:
            return
        if len(self._told) >= MAX_PEERS_TOLD:
            self._told.clear()
        self._told[peer] = now_s
        log.warning("the header %s from %s was ignored: this address is not in --trust-from", self.header, peer)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadSetting(f"“{text.strip()}” in --trust-from is no address; write 127.0.0.1 or 10.0.0.0/8, with commas between several.") from error


def header_values(raw: Iterable[tuple[bytes, bytes]], name: str) -> list[str]:
    """Every value of a header, for one that must not come twice."""
    return [value.decode("latin-1") for key, value in raw if key.decode("latin-1").lower() == name]
