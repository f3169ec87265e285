"""Who comes into the studio: logins by password, people that a trusted proxy names, and who a request speaks for.

Enter: names, passwords, tokens, addresses. Leaves: an account's name, or a refusal in a sentence. Every page server has one of these over
the same tables; what it just read it believes for a few seconds, so that most requests read nothing, and a disabled account is out as soon.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.domain.account import account_name, new_account_name
from studio.domain.errors import BadSetting, UserError
from studio.domain.rights import Role
from studio.domain.settings import LoginSettings
from studio.store.audit import AuditStore
from studio.store.sessions import LoginAttempts, SessionStore, Tried, hashed
from studio.store.users import AccountStore

MAX_BELIEVED = 10_000
_IPV6_PREFIX = 64  # what one household or office is given


class WrongPassword(UserError):
    def __init__(self) -> None:
        super().__init__("Name and password do not belong together. Try again.")


class TooManyTries(UserError):
    """`wait_s`: whole seconds until another try is taken."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        pause = "a second" if wait_s == 1 else f"{wait_s} seconds" if wait_s < 120 else f"{math.ceil(wait_s / 60)} minutes"
        super().__init__(f"There were many tries with a wrong password. Wait {pause}, then try again.")

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return type(self), (self.wait_s,)


@dataclass(frozen=True, slots=True)
class Knock:
    """One try to come in. `browser`: the mark an earlier login left there, "" for none."""

    name: str
    password: str
    address: str
    browser: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """`token` opens the login; `browser` says later that this name has logged in here before, and opens nothing."""

    user: str
    token: str
    browser: str


@dataclass(frozen=True, slots=True)
class DoorStores:
    accounts: AccountStore
    sessions: SessionStore
    attempts: LoginAttempts
    audit: AuditStore


class FrontDoor:
    """`secret` signs the marks left in browsers; the same for all servers."""

    def __init__(self, stores: DoorStores, secret: Callable[[], bytes], settings: LoginSettings | None = None) -> None:
        self._stores, self._secret = stores, secret
        self._settings = LoginSettings() if settings is None else settings
        self._believed: dict[str, tuple[str | None, float]] = {}
        self._has_logins, self._asked_at_s = False, -math.inf

    @property
    def login_lasts_s(self) -> int:
        return self._settings.longest_s

    def asks_for_login(self) -> bool:
        """Whether anybody has a password; once so, for good."""
        if not self._has_logins and time.monotonic() - self._asked_at_s > self._settings.trusted_s:
            self._has_logins, self._asked_at_s = self._stores.accounts.has_logins(), time.monotonic()
        return self._has_logins

    def enter(self, knock: Knock) -> Entered:
        """Raises WrongPassword, or TooManyTries without having looked at the password."""
        name = self.check(knock)
        self._stores.audit.write(name, "login.enter")
        return Entered(name, self._stores.sessions.open(name, knock.address), self._mark(name))

    def check(self, knock: Knock) -> str:
        """The name as it is kept, where the password is its own. Raises like `enter`."""
        name = _kept_name(knock.name)
        person, address = self._counted(name, knock), Tried(f"address:{_household(knock.address)}", self._settings.free_tries_address)
        wait_s = self._stores.attempts.begin((person, address), time.time())
        if wait_s > 0:
            raise TooManyTries(math.ceil(wait_s))
        if not self._stores.accounts.verify(name, knock.password):
            known = any(account.name == name for account in self._stores.accounts.list())
            self._stores.audit.write(name if known else "", "login.refused")  # a name that is none may be a password in the wrong field
            raise WrongPassword
        self._stores.attempts.succeeded((person,), (address,))
        return name

    def user(self, token: str) -> str | None:
        """Who a login token belongs to, None for nobody. Asks the database at most every few seconds for each."""
        return self._recent(f"token:{hashed(token)}", lambda: self._stores.sessions.user(token)) if token else None

    def is_fresh(self, token: str) -> bool:
        """Whether `asks_for_login` and `user` would answer without asking the database."""
        if not self._has_logins and time.monotonic() - self._asked_at_s > self._settings.trusted_s:
            return False
        return not token or self._believed.get(f"token:{hashed(token)}", ("", 0.0))[1] > time.monotonic()

    def leave(self, token: str) -> None:
        name = self._stores.sessions.user(token)
        self._stores.sessions.close(token)
        if name is not None:
            self._stores.audit.write(name, "login.leave")
        self._believed.pop(f"token:{hashed(token)}", None)

    def welcome(self, name: str, role: Role) -> str | None:
        """The account of somebody a trusted proxy named, made on the first visit with `role`; None where it is disabled or no name at all."""

        def looked_up() -> str | None:
            account = self._stores.accounts.welcome(new_account_name(name), role)
            return account.name if account.disabled_at is None else None

        try:
            return self._recent(f"name:{name}", looked_up)
        except BadSetting:
            return None

    def _recent(self, key: str, ask: Callable[[], str | None]) -> str | None:
        now_s = time.monotonic()
        kept = self._believed.get(key)
        if kept is not None and kept[1] > now_s:
            return kept[0]
        found = ask()
        if len(self._believed) >= MAX_BELIEVED:
            self._believed = {key: one for key, one in tuple(self._believed.items()) if one[1] > now_s}
        if found is not None:
            self._believed[key] = (found, now_s + self._settings.trusted_s)
        else:
            self._believed.pop(key, None)
        return found

    def _counted(self, name: str, knock: Knock) -> Tried:
        """A browser this name has logged in with before is counted on its own, so that strangers who guess cannot keep its owner out."""
        nonce, _, _ = knock.browser.partition(".")
        if nonce and hmac.compare_digest(knock.browser.encode(), self._mark(name, nonce).encode()):
            return Tried(f"browser:{nonce}:{name}", self._settings.free_tries_known)
        return Tried(f"name:{name}", self._settings.free_tries)

    def _mark(self, name: str, nonce: str | None = None) -> str:
        own = secrets.token_hex(8) if nonce is None else nonce
        return f"{own}.{hmac.new(self._secret(), f'{own}:{name}'.encode(), hashlib.sha256).hexdigest()}"


def _kept_name(typed: str) -> str:
    """What cannot be a name is nobody's, and is tried like one."""
    try:
        return account_name(typed)
    except BadSetting:
        return ""


def _household(address: str) -> str:
    """An IPv4 address as it is; of an IPv6 address the part that belongs to one connection."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
