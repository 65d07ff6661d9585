"""The console's pages: where each company stands, what waits for a person, aging, the journal, one account explained.

Plain pages without script, read by any browser and printed as they are. A person's word (approve, refuse) needs a login
and a form of our own; everything else only shows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from connectors import Ref
from rules.domain.facts import Customer, Invoice
from rules.domain.wording import grouped
from syncd import approval
from syncd.assess import assess
from syncd.console import tables
from syncd.console.door import COOKIE, Door, Login
from syncd.console.http import Request, Response, see_other, text
from syncd.errors import NeverRead, Usage
from syncd.explain import explain
from syncd.ledger import Ledger
from syncd.names import Names
from syncd.office import Office
from syncd.standing import view
from syncd.store import journal
from syncd.teller import Teller, without_answered

HTML = "text/html; charset=utf-8"
_JOURNAL_LINES = 200


@dataclass(slots=True)
class Pages:
    """Makes the pages of one office."""

    office: Office
    door: Door
    _templates: Environment = field(init=False)
    _policy: str = field(init=False)

    def __post_init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("syncd.console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters["moment"] = _moment
        self._templates.filters["grouped"] = lambda amount: grouped(str(amount))
        self._templates.filters["segment"] = lambda value: quote(str(value), safe="")
        style = self._templates.get_template("style.css").render()
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._templates.globals["style"] = style
        self._policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )

    def shown(self, request: Request) -> Response:
        """One page; 404 where there is none."""
        login = self.door.login(request, self.office.clock.now())
        match request.parts:
            case ():
                return self._overview(login, request.query.get("said", ""))
            case ("aging", name):
                return self._aging(self.office.ledger(name), login)
            case ("audit",):
                return self._audit(login, request.query.get("customer"))
            case ("account", name, customer):
                return self._account(self.office.ledger(name), customer, login)
            case _:
                return text("there is no such page", 404)

    def login_form(self, *, refused: bool = False) -> Response:
        """The form that asks for the token."""
        status = HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
        return self._page("login.html", None, status=status, title="Log in", refused=refused)

    def log_in(self, request: Request) -> Response:
        """A login for whoever knows the token."""
        if not self.door.is_token(request.form.get("token", "").strip()):
            return self.login_form(refused=True)
        cookie = self.door.cookie(request.form.get("name", ""), self.office.clock.now())
        return see_other("/", {"Set-Cookie": cookie})

    def posted(self, request: Request, act: str) -> Response:
        """A person's word, from a form of ours."""
        login = self.door.login(request, self.office.clock.now())
        if login is None or not self.door.is_own_form(request, login):
            return text("this form is not one of ours, or the login is over; go back, load the page again", 403)
        if act == "logout":
            return see_other("/login", {"Set-Cookie": f"{COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"})
        return self._answer(request, login)

    def _answer(self, request: Request, login: Login) -> Response:
        form = request.form
        ledger = self.office.ledger(form.get("connection", ""))
        number = form.get("action", "")
        intent = ledger.intents.action(int(number)) if number.isdecimal() else None
        if intent is None or intent.state != "held":
            return see_other(f"/?said={quote(f'{ledger.name} {number} does not wait any more')}")
        if form.get("say") == "approve":
            answered = approval.approve(ledger, intent, login.name)
        elif form.get("say") == "refuse":
            answered = approval.reject(ledger, intent, login.name, form.get("why", "").strip()[:500])
        else:
            raise Usage("say approve or refuse")
        return see_other(f"/?said={quote(f'{ledger.name} {number}: {answered.outcome}')}")

    def _overview(self, login: Login | None, said: str) -> Response:
        views = [view(ledger, self.office.config) for ledger in self.office.ledgers]
        waiting = [row for ledger in self.office.ledgers for row in self._waiting(ledger)]
        return self._page("overview.html", login, title="Overview", views=views, waiting=waiting, said=said)

    def _waiting(self, ledger: Ledger) -> list[Mapping[str, Any]]:
        rows = []
        for intent in ledger.intents.actions(("held",)):
            customer = ledger.mirror.fact(Ref("customer", intent.customer))
            name = customer.name if isinstance(customer, Customer) else intent.customer
            rows.append(tables.waiting(ledger.name, intent, name, self._numbers(ledger, intent.decision)))
        return rows

    def _numbers(self, ledger: Ledger, decision: Any) -> list[str]:
        refs = tables.invoices_of(decision)
        facts = [(ref, ledger.mirror.fact(Ref("invoice", ref))) for ref in refs]
        return [fact.number if isinstance(fact, Invoice) and fact.number else ref for ref, fact in facts]

    def _aging(self, ledger: Ledger, login: Login | None) -> Response:
        try:
            book = ledger.book()
        except NeverRead as error:
            return text(str(error), 404)
        found = assess(book, self.office.policies, book.as_of)
        names = {customer.ref: customer.name for customer in book.customers}
        return self._page(
            "aging.html",
            login,
            title=f"Aging of {book.company.name}",
            connection=ledger.name,
            as_of=book.as_of,
            tables=tables.agings(found["customers"], names),
        )

    def _audit(self, login: Login | None, customer: str | None) -> Response:
        entries = journal.read(self.office.store, customer=customer or None, limit=_JOURNAL_LINES)
        told = list(Teller(self.office.ledgers).told(without_answered(entries)))[::-1]
        about = next((line.customer for line in told), customer)
        return self._page(
            "audit.html", login, title="Journal", told=told, customer=customer and about, most=_JOURNAL_LINES
        )

    def _account(self, ledger: Ledger, customer: str, login: Login | None) -> Response:
        found = explain(ledger, self.office.policies, customer)
        if found is None:
            return text(f'{ledger.name} has no customer or invoice "{customer}"', 404)
        account = found.account
        return self._page(
            "account.html",
            login,
            title=account.customer.name,
            found=found,
            names=Names.of(account.family, account.invoices),
            words=tables,
            connection=ledger.name,
        )

    def _page(self, template: str, login: Login | None, *, status: int = 200, **values: Any) -> Response:
        body = self._templates.get_template(template).render(
            login=login, mode=self.office.config.mode, now=self.office.clock.now(), **values
        )
        return Response(status, body.encode(), HTML, {"Content-Security-Policy": self._policy})


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"
