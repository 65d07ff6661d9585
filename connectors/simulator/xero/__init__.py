"""One Xero organisation behind HTTP, written from Xero's documented facts alone.

`XeroCompany` is all that others need: `application` for `connectors.simulator.http.Server`, and the company's own door.
What may be switched stands in `switches` (behaviour), `limits` (rate limits), `organisation` (lock dates, class, e-mail
allowance) and `identity` (tokens, connections); what a line may do to an answer, in `Server.faults`.
"""

from connectors.simulator.xero.company import XeroCompany
from connectors.simulator.xero.idempotency import IdempotencyCache
from connectors.simulator.xero.limits import Limits
from connectors.simulator.xero.switches import Switches

__all__ = ["IdempotencyCache", "Limits", "Switches", "XeroCompany"]
