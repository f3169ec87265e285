"""The verbs about accounts: an administrator's over everybody, and each person's over their own password. Part of `Studio`.

Enter: names as typed, roles, passwords. Leave: `Account` records, which hold no secret. What takes rights away ends that person's logins.
"""

from __future__ import annotations

from pathlib import Path

from studio.domain.account import Account, account_name, new_account_name
from studio.domain.errors import BadSetting, NotReady
from studio.domain.rights import LOCAL_USER, Role
from studio.front_door import Knock
from studio.lip_verbs import LipVerbs
from studio.store.sessions import hashed
from studio.store.users_file import read_users_file


class AccountVerbs(LipVerbs):
    def account(self) -> Account | None:
        """One's own; None for somebody who never left a trace."""
        return next((one for one in self._shop.accounts.list() if one.name == self.user), None)

    def accounts(self) -> tuple[Account, ...]:
        """Everybody who ever had a part here, by name."""
        return self._shop.accounts.list()

    def add_account(self, name: str, role: Role, password: str | None = None) -> Account:
        """Without a password the person comes in by single sign-on only. Raises BadSetting for a name or password that cannot be."""
        made = self._shop.accounts.add(new_account_name(name), role, password)
        self._shop.audit.write(self.user, "account.add", subject=made.name, role=role.value)
        return made

    def import_accounts(self, path: Path) -> tuple[str, ...]:
        """Take over a users file of an earlier release, as editors; returns the names that were new. Raises BadSetting with the line that is wrong."""
        known = {account.name for account in self._shop.accounts.list() if account.has_password}
        fresh = {name: kept for name, kept in read_users_file(path).items() if name not in known}
        for name, kept in fresh.items():
            self._shop.accounts.add(name, Role.EDITOR, kept)
            self._shop.audit.write(self.user, "account.add", subject=name, role=Role.EDITOR.value)
        return tuple(fresh)

    def give_password(self, name: str, password: str) -> None:
        """An account's new password; its logins end. Raises NotFound, BadSetting."""
        known = account_name(name)
        if known == LOCAL_USER:
            raise BadSetting(f"“{LOCAL_USER}” is whoever works at the machine itself, and has no password; hand its projects over to an account instead.")
        self._shop.accounts.set_password(known, password)
        self._shop.audit.write(self.user, "account.password", subject=known)

    def set_role(self, name: str, role: Role) -> Account:
        """Another role in the studio; logins of the account end. Raises NotFound, BadSetting for the last administrator."""
        changed = self._shop.accounts.set_role(self._somebody(name), role)
        self._shop.audit.write(self.user, "account.role", subject=changed.name, role=role.value)
        return changed

    def disable_account(self, name: str) -> Account:
        """Out at once, and not in again; what they made stays. Raises NotFound, BadSetting for oneself and for the last administrator."""
        known = self._somebody(name)
        if known == self.user:
            raise BadSetting("You cannot switch off your own account; another administrator can.")
        changed = self._shop.accounts.disable(known)
        self._shop.audit.write(self.user, "account.disable", subject=known)
        return changed

    def enable_account(self, name: str) -> Account:
        changed = self._shop.accounts.enable(self._somebody(name))
        self._shop.audit.write(self.user, "account.enable", subject=changed.name)
        return changed

    def give_projects(self, name: str, to: str) -> int:
        """Give all projects and shows of one person to another, who then owns them; returns how many projects. Raises NotFound."""
        count = self._shop.accounts.hand_over(account_name(name), account_name(to))
        self._shop.audit.write(self.user, "account.hand_over", subject=account_name(name), to=account_name(to), projects=count)
        return count

    def change_password(self, now: str, new: str, *, token: str = "", address: str = "") -> None:
        """One's own, for who knows the present one; all other logins end. Raises WrongPassword, TooManyTries, BadSetting."""
        mine = self.account()
        if mine is None or not mine.has_password:
            raise NotReady("Your account has no password here; how you log in is kept elsewhere.")
        self._shop.door.check(Knock(self.user, now, address))
        self._shop.accounts.set_password(self.user, new, but=hashed(token))
        self._shop.audit.write(self.user, "account.password", subject=self.user)

    # within

    def _somebody(self, name: str) -> str:
        known = account_name(name)
        if known == LOCAL_USER:
            raise BadSetting(f"“{LOCAL_USER}” is whoever works at the machine itself; it has no account to change.")
        return known
