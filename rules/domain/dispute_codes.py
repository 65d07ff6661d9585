"""Why customers contest invoices: the words a dispute is sorted by, beside what was said in the customer's own words.

The list is short so that people choose alike. It follows the published code lists for adjusting invoices (UN/EDIFACT
4465, ASC X12 element 426), as far as a clerk needs them; an office adds words of its own under `[disputes]`.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "price": "the price is not what was agreed",
    "discount": "an agreed discount is missing or wrong",
    "terms": "the terms of payment are not what was agreed",
    "tax": "the tax is wrong",
    "freight": "freight or a special charge is wrong or was not agreed",
    "short_delivery": "less was delivered than billed",
    "not_delivered": "nothing was delivered, or proof of it is asked for",
    "late_delivery": "it came too late",
    "wrong_goods": "something else was delivered than ordered",
    "damaged": "it came damaged",
    "quality": "goods or service are not as specified",
    "returned": "goods were sent back",
    "duplicate": "it was billed before",
    "not_ours": "the customer says the bill is not theirs",
    "papers_missing": "an order number or a document is missing",
    "paid": "the customer says it is paid",
    "counterclaim": "the customer sets a claim of its own against it",
    "other": "anything else",
}
