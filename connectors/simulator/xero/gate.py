"""The way in: counts every request, asks for token, tenant and scope, keeps the limits, then finds the handler.

The order is Xero's: authorisation, rate limit, idempotency, and only then the work.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from urllib.parse import unquote, urlencode

from connectors.simulator.http import Request, Response
from connectors.simulator.xero import (
    aged,
    contacts,
    credit_notes,
    groups,
    histories,
    invoices,
    payments,
    replies,
    settings,
    wire,
    xml,
)
from connectors.simulator.xero.books import Books
from connectors.simulator.xero.call import App, Call
from connectors.simulator.xero.idempotency import IdempotencyCache
from connectors.simulator.xero.identity import Grant, Identity
from connectors.simulator.xero.limits import Limits
from connectors.simulator.xero.organisation import guid

API = "/api.xro/2.0/"
LONGEST_QUERY = 2048
LONGEST_BODY = 3_500_000
Handler = Callable[..., Response]

_ID = r"([^/]+)"
_CREDITS = "(CreditNotes|Overpayments|Prepayments)"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "Invoices", invoices.list_),
    ("PUT", "Invoices", invoices.create),
    ("POST", "Invoices", invoices.upsert),
    ("GET", f"Invoices/{_ID}", invoices.get),
    ("POST", f"Invoices/{_ID}", invoices.update),
    ("POST", f"Invoices/{_ID}/Email", invoices.email),
    ("GET", f"Invoices/{_ID}/OnlineInvoice", invoices.online),
    ("GET", f"(Invoices|Contacts|CreditNotes|Overpayments|Prepayments|Payments)/{_ID}/History", histories.read),
    ("PUT", f"(Invoices|Contacts|CreditNotes|Overpayments|Prepayments|Payments)/{_ID}/History", histories.add),
    ("GET", "Contacts", contacts.list_),
    ("PUT", "Contacts", contacts.create),
    ("POST", "Contacts", contacts.upsert),
    ("GET", f"Contacts/{_ID}", contacts.get),
    ("POST", f"Contacts/{_ID}", contacts.update),
    ("GET", "ContactGroups", groups.list_),
    ("PUT", "ContactGroups", groups.create),
    ("GET", f"ContactGroups/{_ID}", groups.get),
    ("POST", f"ContactGroups/{_ID}", groups.update),
    ("PUT", f"ContactGroups/{_ID}/Contacts", groups.add),
    ("DELETE", f"ContactGroups/{_ID}/Contacts", groups.remove_all),
    ("DELETE", f"ContactGroups/{_ID}/Contacts/{_ID}", groups.remove),
    ("GET", _CREDITS, credit_notes.list_),
    ("PUT", "CreditNotes", credit_notes.create),
    ("POST", "CreditNotes", credit_notes.upsert),
    ("GET", f"{_CREDITS}/{_ID}", credit_notes.get),
    ("POST", f"CreditNotes/{_ID}", credit_notes.update),
    ("PUT", f"{_CREDITS}/{_ID}/Allocations", credit_notes.allocate),
    ("DELETE", f"{_CREDITS}/{_ID}/Allocations/{_ID}", credit_notes.deallocate),
    ("GET", "Payments", payments.list_),
    ("PUT", "Payments", payments.create),
    ("POST", "Payments", payments.create),
    ("GET", f"Payments/{_ID}", payments.get),
    ("POST", f"Payments/{_ID}", payments.delete),
    ("GET", "Organisation", settings.organisation),
    ("GET", "Organisation/Actions", settings.actions),
    ("GET", "Accounts", settings.accounts),
    ("GET", f"Accounts/{_ID}", settings.account),
    ("GET", "BrandingThemes", settings.branding_themes),
    ("GET", "InvoiceReminders/Settings", settings.reminders),
    ("GET", "Reports/AgedReceivablesByContact", aged.report),
)
_COMPILED = tuple((method, re.compile(f"{pattern}/?"), handler) for method, pattern, handler in _ROUTES)
_SCOPES = {
    "Invoices": ("accounting.invoices", "accounting.transactions"),
    "CreditNotes": ("accounting.invoices", "accounting.transactions"),
    "Payments": ("accounting.payments", "accounting.transactions"),
    "Overpayments": ("accounting.payments", "accounting.transactions"),
    "Prepayments": ("accounting.payments", "accounting.transactions"),
    "Contacts": ("accounting.contacts",),
    "ContactGroups": ("accounting.contacts",),
    "Reports": ("accounting.reports", "accounting.reports.aged"),
}


class Gate:
    """All requests of all apps to one organisation pass here. One lock; hooks of the switches run outside it."""

    def __init__(
        self, identity: Identity, limits: Limits, books: Callable[[], Books], cache: IdempotencyCache | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.calls: dict[date, Counter[str]] = {}
        self.cache = cache or IdempotencyCache()
        self._identity, self._limits, self._books = identity, limits, books
        self._correlation = 0

    def application(self, request: Request) -> Response:
        """Answer one request."""
        switches = self._books().switches
        if switches.before_request is not None:
            switches.before_request(request)
        response = self._limited(request) if request.path.startswith(API) else self._locked(self._person, request)
        if switches.after_reply is not None:
            switches.after_reply(request)
        return response

    def _limited(self, request: Request) -> Response:
        if not self._limits.start():
            with self.lock:
                self._count("read" if request.method == "GET" else "write")
                return self._with_headers(self._limits.too_many_at_once())
        try:
            return self._locked(self._api, request)
        finally:
            self._limits.finish()

    def _locked(self, act: Callable[[Request], Response], request: Request) -> Response:
        with self.lock:
            try:
                return act(request)
            except replies.Refused as refusal:
                return refusal.response

    def _person(self, request: Request) -> Response:
        self._count("auth")
        path, identity = request.path.rstrip("/"), self._identity
        posts = {"/connect/token": identity.token, "/connect/revocation": identity.revocation}
        if request.method == "GET" and path == "/identity/connect/authorize":
            return identity.authorize(request)
        if request.method == "POST" and path in posts:
            return posts[path](request)
        if request.method == "GET" and path.lower() == "/connections":
            return identity.connections(request)
        if request.method == "DELETE" and path.lower().startswith("/connections/"):
            return identity.disconnect(request, path.rpartition("/")[2])
        return replies.NOT_FOUND

    def _api(self, request: Request) -> Response:
        self._count("read" if request.method == "GET" else "write")
        grant = self._identity.caller(request)
        self._refuse_stranger(request, grant)
        refusal = self._limits.check(self._books().now() // 1000)
        if refusal is not None:
            return self._with_headers(refusal)
        try:
            response = self._checked(request, grant)
        except replies.Refused as refused:
            response = refused.response
        if not xml.asked_for_json(request.headers.get("accept", "")):
            response = xml.in_xml(response)
        return self._with_headers(response)

    def _refuse_stranger(self, request: Request, grant: Grant) -> None:
        tenant = request.headers.get("xero-tenant-id")
        own = self._books().organisation.tenant
        mine = grant.machine if tenant is None else tenant.lower() == own.lower()
        if not mine or not self._identity.connected:
            raise replies.problem(403, "AuthenticationUnsuccessful")

    def _checked(self, request: Request, grant: Grant) -> Response:
        if len(urlencode(request.query)) > LONGEST_QUERY:
            return Response(414)
        if len(request.body) > LONGEST_BODY:
            return Response(413)
        resource = request.path.removeprefix(API).partition("/")[0]
        _refuse_scope(resource, request.method, grant)
        app = App(self._identity.client_id, "Simulated app")
        return self.cache.answer(request, app.client_id, self._books().now(), lambda: self._routed(Call(request, app)))

    def _routed(self, call: Call) -> Response:
        path = call.request.path.removeprefix(API)
        known = False
        for method, pattern, handler in _COMPILED:
            if found := pattern.fullmatch(path):
                known = True
                if method == call.request.method:
                    return self._handled(handler, call, [unquote(part) for part in found.groups()])
        return Response(405) if known else replies.NOT_FOUND

    def _handled(self, handler: Handler, call: Call, parts: list[str]) -> Response:
        try:
            return handler(self._books(), call, *parts)
        except replies.Refused as refusal:
            return refusal.response

    def _count(self, purpose: str) -> None:
        day = wire.moment_of(self._books().now()).date()
        self.calls.setdefault(day, Counter())[purpose] += 1

    def _with_headers(self, response: Response) -> Response:
        self._correlation += 1
        books = self._books()
        headers = {
            **response.headers,
            **self._limits.headers(books.now() // 1000),
            "Xero-Correlation-Id": guid(books.organisation.tenant, "correlation", self._correlation),
        }
        return Response(response.status, response.body, headers)


def _refuse_scope(resource: str, method: str, grant: Grant) -> None:
    wanted = _SCOPES.get(resource, ("accounting.settings",))
    enough = {f"{scope}.read" for scope in wanted} if method == "GET" else set()
    if not (enough | set(wanted)) & set(grant.scope.split()):
        raise replies.problem(401, "AuthorizationUnsuccessful", {"WWW-Authenticate": "insufficient_scope"})
