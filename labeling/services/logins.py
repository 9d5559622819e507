"""Log-ins: counted in the database before a password is looked at, let in, refused, held back."""

import logging
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common.actor import system
from common.problems import ProblemError
from labeling.access import acting
from labeling.models import LoginCounter, User
from labeling.services import events
from labeling.throttling import LONGEST_MEMORY, RULES, neighbourhood

logger = logging.getLogger(__name__)
LOGIN = system("log-in")


class HeldBackError(ProblemError):
    """Too many attempts; the next is looked at after `seconds`. The same is said of names that nobody has."""

    problem_status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts. Wait {_in_words(seconds)}, then try again.")
        self.headers = {"Retry-After": str(seconds)}


class Attempt:
    """A log-in that may be tried now, already counted: whoever sends many at once finds all but the first few held."""

    def __init__(self, name: str, address: str, browser: str | None) -> None:
        """Raises `HeldBackError`. `browser` is the id of one that this account was logged in from before."""
        self.name, self.address = name, address
        # Who is known is counted alone: neither strangers nor the rest of the office hold them back.
        stranger = {"account": plain(name), "address": neighbourhood(address)}
        self.counters = _count({"browser": f"{browser}:{plain(name)}"} if browser else stranger, address)

    @transaction.atomic
    def refused(self) -> None:
        """Wrong name, wrong password or a deactivated account: all three leave the same trace in the same time."""
        user = User.objects.filter(username=self.name).first()
        account = self.counters[0]
        after = {"address": self.address, "failures": int(account.level)}
        events.record(LOGIN, "user.login_refused", user or account, after=after)
        # What nobody is called may be somebody's password, typed into the wrong field.
        logger.warning("log-in refused: account=%s address=%s", user or "unknown", self.address)

    def forget(self) -> None:
        """Nothing was learnt from it: it does not count."""
        forget_attempts(self.counters)

    def succeeded(self) -> None:
        """The account starts anew; its address does not, or anybody with an account could go on guessing."""
        self.forget()
        LoginCounter.objects.filter(pk=self.counters[0].pk).delete()


def hold_back_resets(email: str, address: str) -> LoginCounter:
    """Count a wish for a mail; raises `HeldBackError`."""
    return _count({"reset": plain(email), "reset_address": neighbourhood(address)}, address)[0]


def count_stranger(address: str) -> LoginCounter:
    """Count an attempt that names no account, together with the log-ins from there; raises `HeldBackError`."""
    return _count({"address": neighbourhood(address)}, address)[0]


def forget_attempts(counters: Iterable[LoginCounter]) -> None:
    """The last attempt that these counted does not count."""
    rows = LoginCounter.objects.filter(pk__in=[row.pk for row in counters])
    rows.update(level=Greatest(F("level") - 1, 0.0), blocked_until=None)


def plain(name: str) -> str:
    """A name as it is counted: spellings of one name share a counter."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def digest_of(kind: str, value: str) -> str:
    """What is kept of a name or an address."""
    return salted_hmac("labeling.logins", f"{kind}:{value}", algorithm="sha256").hexdigest()


def _count(values: Mapping[str, str], address: str) -> list[LoginCounter]:
    """Raise each counter, in the order of `values`, unless one of them still holds back."""
    now = timezone.now()
    kinds = {digest_of(kind, value): kind for kind, value in values.items()}
    with transaction.atomic():
        new = [LoginCounter(kind=kinds[digest], digest=digest, changed_at=now) for digest in sorted(kinds)]
        LoginCounter.objects.bulk_create(new, ignore_conflicts=True)
        found = LoginCounter.objects.select_for_update().filter(digest__in=kinds).order_by("digest")
        rows = {row.digest: row for row in found}
        until = max((row.blocked_until for row in rows.values() if row.blocked_until), default=now)
        if until <= now:
            for row in rows.values():
                rule = RULES[row.kind]
                row.level = rule.sunk(row.level, (now - row.changed_at).total_seconds()) + 1
                wait = rule.wait(row.level)
                row.changed_at, row.blocked_until = now, now + timedelta(seconds=wait) if wait else None
            LoginCounter.objects.bulk_update(rows.values(), ["level", "changed_at", "blocked_until"])
    if until > now:
        seconds = ceil((until - now).total_seconds())
        logger.warning("held back: address=%s counters=%s seconds=%s", address, ",".join(values), seconds)
        raise HeldBackError(seconds)
    return [rows[digest] for digest in kinds]


@transaction.atomic
def logged_in(user: User, session_key: str, address: str) -> None:
    """Somebody is in."""
    events.record(acting(user), "user.logged_in", user, after={"address": address, "session": short(session_key)})
    logger.info("log-in: user=%s address=%s session=%s", user, address, short(session_key))


@transaction.atomic
def logged_out(user: User, session_key: str) -> None:
    """Somebody left."""
    events.record(acting(user), "user.logged_out", user, after={"session": short(session_key)})
    logger.info("log-out: user=%s session=%s", user, short(session_key))


def short(session_key: str) -> str:
    """What may be told of a session: enough to know it again, nothing to take it over with."""
    return digest_of("session", session_key)[:12]


def forget_old_counters() -> int:
    """Remove what holds nobody back any more."""
    past = timezone.now() - timedelta(seconds=LONGEST_MEMORY)
    removed: tuple[int, dict[str, Any]] = LoginCounter.objects.filter(changed_at__lt=past).delete()
    return removed[0]


def _in_words(seconds: int) -> str:
    if seconds < 90:
        return "a second" if seconds == 1 else f"{seconds} seconds"
    return f"{(seconds + 59) // 60} minutes"
