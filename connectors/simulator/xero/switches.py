"""What a test may switch: the parts of Xero that are not documented, not certain, or go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.simulator.http import Request


@dataclass(slots=True)
class Switches:
    r"""Behaviour on demand. The defaults are what is documented; where nothing is, the harder case for a client.

    part_paid_edits_bump: DueDate, SentToContact and the like on a part-paid document move UpdatedDateUTC.
    group_change_bumps_contact: joining or leaving a group moves the contact's UpdatedDateUTC.
    email_marks_sent, email_bumps: what `POST /Invoices/{id}/Email` does beside sending.
    merge_bumps_invoices: invoices that move to the surviving contact say so.
    since_is_inclusive: If-Modified-Since also brings what changed in that very second.
    strict_groups: adding a member twice is 400, removing one who is not there 404.
    void_frees_number: a number of a voided or deleted invoice may be used again.
    local_dates: dates go out as local midnight with an offset instead of UTC midnight.
    escape_slashes: dates go out as ``\/Date(…)\/``.
    clock_skew_s: the server's clock is this far ahead.
    high_volume_rows: more rows than this behind an unoptimised filter or order are refused.
    read_lag_s: lists do not show yet what was created less than this ago.
    unknown_status_on, null_dates_on: ids of invoices that go out with a status nobody documented, or without dates.
    consent_denied: the person at the consent page says no.
    before_request, after_reply: called around each request, outside any lock; a place to change the books mid-scan.
    """

    part_paid_edits_bump: bool = False
    group_change_bumps_contact: bool = False
    email_marks_sent: bool = True
    email_bumps: bool = True
    merge_bumps_invoices: bool = False
    since_is_inclusive: bool = True
    strict_groups: bool = False
    void_frees_number: bool = False
    local_dates: bool = False
    escape_slashes: bool = False
    clock_skew_s: int = 0
    high_volume_rows: int = 100_000
    read_lag_s: int = 0
    unknown_status_on: set[str] = field(default_factory=set)
    null_dates_on: set[str] = field(default_factory=set)
    consent_denied: bool = False
    before_request: Callable[[Request], None] | None = None
    after_reply: Callable[[Request], None] | None = None
