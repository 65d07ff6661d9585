"""How QuickBooks says no: its codes and texts, the gateway's own lower-case shape, throttling as JSON and as XML.

`Refused` is raised wherever a rule of QuickBooks is broken; only `api` turns it into a reply. The ready-made `Response`
values are for scripting faults of the server around the company: gateways answer HTML, or nothing, or a fault with 200.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connectors.simulator.http import Response
from connectors.simulator.quickbooks.wire import Body, json_text

_MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction can't be linked",
    "1040": "Too many batch items",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid Date",
    "2090": "Invalid Number",
    "2130": "Invalid Request ID",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address format",
    "2290": "Invalid Number, negative values are not supported",
    "2300": "Journal Entry is not balanced",
    "2500": "Invalid Reference Id",
    "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6070": "Amount calculation incorrect in the request",
    "6140": "Duplicate Document Number Error",
    "6190": "Invalid Company Status",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6220": "Customer has balance, cannot be made inactive",
    "6240": "Duplicate Name Exists Error",
    "6420": "Email Address is missing",
    "6430": "Invalid account type",
    "6540": "Deposited Transaction cannot be changed",
    "10000": "An application error has occurred while processing your request",
}


class Refused(Exception):
    """QuickBooks refuses a request. `code` is Intuit's own, `status` the HTTP status it comes with."""

    def __init__(self, code: str, detail: str, *, element: str = "", status: int = 400) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status

    def fault(self) -> Body:
        """The value of the reply's `Fault` key."""
        kind = "SERVICE" if self.code == "3001" else "SystemFault" if self.code == "10000" else "ValidationFault"
        error = {"Message": _MESSAGES[self.code], "Detail": self.detail, "code": self.code}
        if self.element:
            error["element"] = self.element
        return {"Error": [error], "type": kind}


def missing(parameter: str) -> Refused:
    """A required property was not sent (2020)."""
    return Refused("2020", f"Required parameter {parameter} is missing in the request", element=parameter)


def not_found(what: str = "") -> Refused:
    """The object was deleted, never existed, or is inactive (610)."""
    lost = what or (
        "Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return Refused("610", f"Object Not Found : {lost}")


def business(detail: str) -> Refused:
    """A rule of the books forbids it (6000)."""
    return Refused("6000", f"Business Validation Error: {detail}")


def gateway_fault(code: str, message: str, detail: str, kind: str, now: datetime) -> Body:
    """The lower-case shape in which the gateway, not the books, answers. Its time is in epoch milliseconds."""
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": kind},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


THROTTLED = Refused("3001", "The request limit was reached.  Try again later", status=429)

_XML_FAULT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<IntuitResponse time="2015-01-01T00:00:00.000-08:00" xmlns="http://schema.intuit.com/finance/v3">'
    '<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429'
    "</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)


def _reply(status: int, text: str, kind: str) -> Response:
    return Response(status, text.encode(), {"Content-Type": kind} if kind else {})


def throttled_json() -> Response:
    """A 429 as JSON."""
    return _reply(429, json_text({"Fault": THROTTLED.fault()}), "application/json")


def throttled_xml() -> Response:
    """A 429 as XML, which comes even to those who asked for JSON."""
    return _reply(429, _XML_FAULT, "application/xml")


def bad_gateway(status: int = 502) -> Response:
    """A gateway's HTML page."""
    return _reply(status, "<html><head><title>Bad Gateway</title></head><body>Bad Gateway</body></html>", "text/html")


def silent_gateway() -> Response:
    """A 504 with nothing in it."""
    return Response(504)


def fault_reply(code: str, detail: str, status: int = 400, **more: Any) -> Response:
    """Any fault of the books as a ready reply; `status` 200 is a thing that happens."""
    document = {"Fault": Refused(code, detail, status=status).fault(), **more}
    return _reply(status, json_text(document), "application/json;charset=utf-8")
