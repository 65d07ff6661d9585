"""One simulated QuickBooks Online company: its books behind Intuit's HTTP, and the door behind the counter.

Faults on the line (resets, hangs, rubbish) are the server's (`connectors.simulator.http`), ready-made replies are in
`faults`. Switches here: `skew`, `limits`, `throttle`, `api.throttles_in_xml`, `api.remembers_for`,
`sign_in.refuses_consent`, `sign_in.rotates_always`, and `on_request`, called before each request with the request, for
what happens between two pages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from connectors.simulator.http import Request, Response
from connectors.simulator.quickbooks.api import Api
from connectors.simulator.quickbooks.books import Books, Ticker
from connectors.simulator.quickbooks.door import Door
from connectors.simulator.quickbooks.faults import Refused
from connectors.simulator.quickbooks.limits import Limits, Throttle
from connectors.simulator.quickbooks.oauth import SignIn
from connectors.simulator.quickbooks.seed import open_books

_DISCOVERY = ("/.well-known/openid_configuration", "/.well-known/openid_sandbox_configuration")
_SANDBOX_MAILS = 40


class QuickBooksCompany(Door):
    """A company with its clock. Serve `application`; talk to the rest directly. Thread-safe behind one lock.

    `rate_limited=False` switches the budget (10 a second, 500 a minute, on the company's own clock) off: a simulated
    clock that stands still would never let an eleventh request in. `sandbox` caps e-mails at 40 a day.
    """

    kind = "quickbooks"

    def __init__(
        self,
        clock: Ticker,
        *,
        account: str = "4620816365018850",
        name: str = "Harbor Supply Co",
        currency: str = "USD",
        timezone: str = "America/New_York",
        country: str = "US",
        client_id: str = "demo-client",
        client_secret: str = "demo-secret",  # noqa: S107 - a made-up one, for a made-up company
        rate_limited: bool = True,
        sandbox: bool = False,
        multi_currency: bool = False,
    ) -> None:
        super().__init__(Books(clock, timezone, currency, multi_currency=multi_currency))
        open_books(self.books, name, country)
        self.account = account
        self.name = name
        self.currency = currency
        self.timezone = timezone
        self.on_request: Callable[[Request], None] | None = None
        self.limits = Limits(mails_per_day=_SANDBOX_MAILS if sandbox else None)
        self.throttle = Throttle(self.limits, on=rate_limited)
        self.sign_in = SignIn(account, client_id, client_secret)
        self.api = Api(account, self.books, self.sign_in, self.limits, self.throttle)

    @property
    def skew(self) -> timedelta:
        """How far the provider's clock is ahead of the one handed in."""
        return self.books.skew

    @skew.setter
    def skew(self, ahead: timedelta) -> None:
        self.books.skew = ahead

    def application(self, request: Request) -> Response:
        """OAuth and API of this one company."""
        with self._lock:
            if self.on_request is not None:
                self.on_request(request)
            self.books.actor = "api"
            try:
                return self._dispatched(request)
            finally:
                self.books.actor = "person"

    def issue_tokens(self) -> dict[str, Any]:
        """What the token endpoint would answer after a consent, with the realm it is good for."""
        with self._lock:
            return {**self.sign_in.consent(self.books.now()), "realm_id": self.account}

    def expire_access_tokens(self) -> None:
        """Every access token given out so far is too old."""
        with self._lock:
            self.sign_in.expire_access()

    def revoke_consent(self) -> None:
        """The administrator disconnects the application: refresh tokens answer invalid_grant from now on."""
        with self._lock:
            self.sign_in.revoke_all()

    def suspend(self, code: str = "6190", detail: str = "Subscription period has ended or canceled.") -> None:
        """From now on the company refuses everything with this code (403), as when the subscription has lapsed."""
        self.api.closed_with = Refused(code, detail, status=403)

    def resume(self) -> None:
        """The subscription was paid."""
        self.api.closed_with = None

    def calls_by_day(self) -> dict[date, dict[str, int]]:
        """Requests answered, by UTC day and by purpose."""
        with self._lock:
            return self.api.counters.by_day()

    def _dispatched(self, request: Request) -> Response:
        now = self.books.now()
        if request.path.startswith("/v3/company/"):
            return self.api.answer(request)
        if request.path == "/connect/oauth2":
            return self.sign_in.authorize(request, now)
        self.api.counters.count(now, "auth")
        if request.path.rstrip("/") in _DISCOVERY:
            return self.sign_in.discovery(request)
        if request.path == "/oauth2/v1/tokens/bearer" and request.method == "POST":
            return self.sign_in.token(request, now)
        if request.path == "/v2/oauth2/tokens/revoke" and request.method == "POST":
            return self.sign_in.revoke(request)
        return Response(404)
