"""What one client may ask for in a minute, so that one cannot take the service from all.

Only what costs is counted, once a request: evaluating something, searching, going through a report, taking in what is sent.
Other pages, downloads, and answers and 304s that are given without any of it are free. The `limits` library would do, at the
price of a thread started for each count.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict

from flask import Flask, current_app, g, request

from app.web.language import say
from app.web.problem import Problem

CLIENTS = 10_000
"""Clients remembered, some hundred bytes each; of more, the one that has not asked for longest is forgotten."""

IPV6_NETWORK = 64
"""Bits of an IPv6 address that are somebody's: one household has all the addresses of such a network."""


class Allowance:
    """A token bucket a client: ``rate`` a minute, which may be used at once or spread; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, and when that was

    def take(self, client: str, now: float) -> float:
        """Use one; the seconds to wait where there is none, else 0. ``now`` is on a monotonic clock."""
        if not self.rate:
            return 0.0
        with self._lock:
            left, before = self._left.pop(client, (float(self.rate), now))
            left = min(float(self.rate), left + (now - before) * self.rate / 60)
            is_enough = left >= 1
            self._left[client] = (left - is_enough, now)
            if len(self._left) > CLIENTS:
                self._left.popitem(last=False)
        return 0.0 if is_enough else (1 - left) * 60 / self.rate


def client() -> str:
    """Who asks: an IPv4 address, or the network of an IPv6 address."""
    said = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    if isinstance(address, ipaddress.IPv4Address):
        return said
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))


def attach(app: Flask, rate: int) -> None:
    """Give the clients of ``app`` their allowance."""
    app.extensions["allowance"] = Allowance(rate)


def spend() -> None:
    """Count this request, which does something costly, to its client; once, however much it does. Raises ``Problem`` where the
    client's minute is used up."""
    if "is_counted" in g:
        return
    allowance: Allowance = current_app.extensions["allowance"]
    if seconds := allowance.take(client(), time.monotonic()):
        wait = math.ceil(seconds)
        detail = say(
            "每个地址每分钟最多 {rate} 次；请在 {seconds} 秒后再试。", rate=allowance.rate, seconds=wait
        )
        raise Problem("too-many", detail, headers={"Retry-After": str(wait)})
    g.is_counted = True
