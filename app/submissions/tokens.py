"""Tokens: who may submit or write, for which region and what lies below it. Only hashes are kept.

A token is ``zwfw_<id>_<secret>``. The secret has 256 bits of chance, so one plain hash of it cannot be guessed back.
"""

import contextlib
import datetime
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.ontology.codes import region_chain

FILE = "tokens.json"
SUBMIT, WRITE, OPERATE = "submit", "write", "operate"
"""What a token may be for: submitting files, writing by the SPARQL protocols where the service lets one, or seeing and
stopping what runs."""
SCOPES = (SUBMIT, WRITE, OPERATE)
_LOCK = "tokens.lock"
_TOKEN = re.compile(r"zwfw_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """A token as it is kept: all but its secret."""

    id: str
    name: str
    """Whose it is; what is done with it is done by them."""
    region: str
    created: str
    digest: str
    scopes: list[str] = field(default_factory=lambda: [SUBMIT])
    """What it is for."""
    expires: str | None = None
    """The last day it counts."""
    revoked: str | None = None
    """The moment it was taken back."""

    def covers(self, code: str) -> bool:
        """Whether it counts for a region: its own, or one below."""
        return self.region in (code, *region_chain(code))

    def counts_on(self, day: datetime.date) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (
            self.expires is None or day <= datetime.date.fromisoformat(self.expires)
        )


class Tokens:
    """The tokens of a release root, in ``tokens.json``, which nobody but its owner may read."""

    def __init__(self, root: Path) -> None:
        self._path, self._lock = root / FILE, root / _LOCK

    def all(self) -> list[Token]:
        """All tokens, revoked ones, too, in the order they were made."""
        try:
            kept = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return []
        return [Token(**one) for one in kept]

    def create(
        self,
        name: str,
        region: str,
        expires: datetime.date | None = None,
        scopes: Iterable[str] = (SUBMIT,),
    ) -> str:
        """Make a token; what is returned is shown once and kept nowhere."""
        secret = secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(4),
            name=name,
            region=region,
            created=_now(),
            digest=_digest(secret),
            scopes=sorted(scopes),
            expires=expires.isoformat() if expires else None,
        )
        with self._changing() as kept:
            kept.append(token)
        return f"zwfw_{token.id}_{secret}"

    def revoke(self, identity: str) -> Token | None:
        """Take a token back; it stays listed. Nothing where there is none of that id."""
        with self._changing() as kept:
            for at, token in enumerate(kept):
                if token.id == identity:
                    kept[at] = Token(**{**asdict(token), "revoked": token.revoked or _now()})
                    return kept[at]
        return None

    def find(self, said: str, on: datetime.date) -> Token | None:
        """The token whose text was ``said``, if it counts on a day. Unknown ids take as long as wrong secrets."""
        match = _TOKEN.fullmatch(said)
        identity, secret = match.groups() if match else ("", "")
        token = next((one for one in self.all() if one.id == identity), None)
        right = hmac.compare_digest(_digest(secret), token.digest if token else _NOTHING)
        return token if token and right and token.counts_on(on) else None

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """The tokens, to be changed; written out at the end. One at a time."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self.all()
            yield kept
            fresh = self._path.with_name(f".{FILE}.new")
            fresh.unlink(missing_ok=True)
            with os.fdopen(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump([asdict(one) for one in kept], file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat()
