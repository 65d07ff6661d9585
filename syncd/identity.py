"""Whether the company that answers is the one whose books we hold. Asked at first contact and then once a local day.

A consent, a proxy or a wrong address can lead to another company whose answers look well; its records must not get into
our copy. What the provider says of itself is kept, and refused where a later answer has nothing in common with it. An
answer that tells less than is known changes nothing.
"""

from __future__ import annotations

from connectors import Connector, Identity
from connectors.errors import WrongCompany
from syncd.clock import CompanyTime
from syncd.store.findings import Findings

KIND = "identity"


def require_same_company(connector: Connector, findings: Findings, time: CompanyTime) -> None:
    """Ask, where it was not asked today.

    Raises:
        WrongCompany: another company answers than the one whose books we hold.
        ConnectorError: the provider could not be asked.
    """
    kept = findings.get(KIND)
    if kept is not None and time.day_of(kept.at) == time.today():
        return
    known = Identity(kept.document["name"], tuple(kept.document["marks"])) if kept else Identity()
    found = connector.identity()
    if known.marks and found.marks and not set(known.marks) & set(found.marks):
        raise WrongCompany(
            f"{found.name} ({found.marks[0]}) answers, but these are the books of {known.name} ({known.marks[0]}): "
            "nothing was read. Another company needs a connection of its own; where this one is meant, look at api_url "
            "and run `syncd connect`"
        )
    marks = known.marks if set(found.marks) <= set(known.marks) else found.marks
    findings.put(KIND, {"name": found.name or known.name, "marks": list(marks)}, time.now())
