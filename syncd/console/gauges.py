"""What a monitoring system may read, in Prometheus' own text. Numbers only: no customer, no name, no amount."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from syncd.office import Office
from syncd.plan import State
from syncd.standing import View, view
from syncd.store.findings import EVERYWHERE, RELOAD, Findings
from syncd.store.intent_rows import STATES

KIND = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[tuple[str, ...], float | None]
_Figure = Callable[[View], float | None]


def exposition(office: Office) -> bytes:
    """Every figure of every connection now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(office))
    return generate_latest(registry)


@dataclass(frozen=True, eq=False)  # the registry keeps collectors by identity
class _Figures(Collector):
    office: Office

    def collect(self) -> Iterable[Metric]:
        views = [view(ledger, self.office.config) for ledger in self.office.ledgers]
        yield from _of_reading(views)
        yield from _of_writing(views)
        yield _gauge(
            "rules_last_reload_successful", "1 where the rules last asked for are in force.", [((), self._well)]
        )

    @property
    def _well(self) -> float:
        found = Findings(self.office.store, EVERYWHERE).get(RELOAD)
        return float(found is None or bool(found.document["well"]))


def _of_reading(views: list[View]) -> Iterator[Metric]:
    yield _each("pull_age_seconds", "Seconds since the last good pull.", views, lambda one: one.pull_age_s)
    yield _each("ready", "1 where the connection can do its work.", views, lambda one: one.why_not_ready is None)
    yield _each("needs_consent", "1 where a person must run syncd connect.", views, lambda one: not one.consent.given)
    yield _each(
        "consent_expiry_timestamp_seconds",
        "When the consent ends unless it is used, as a Unix time.",
        views,
        lambda one: one.consent.ends_at.timestamp() if one.consent.ends_at else None,
    )
    yield _each(
        "clock_ahead_seconds", "How far the provider's clock is ahead of ours.", views, lambda o: o.clock_ahead_s
    )
    yield _each("quarantined_records", "Records that could not be read.", views, lambda one: one.quarantined)
    yield _gauge(
        "calls_left",
        "Calls the provider says are left in its window.",
        [
            sample
            for one in views
            for sample in (((one.name, "day"), one.day_left), ((one.name, "minute"), one.minute_left))
        ],
        ("connection", "window"),
    )


def _of_writing(views: list[View]) -> Iterator[Metric]:
    states: tuple[State, ...] = STATES
    yield _gauge(
        "actions",
        "Actions by the state they are in.",
        [((one.name, state), float(one.actions.get(state, 0))) for one in views for state in states],
        ("connection", "state"),
    )
    yield _each(
        "oldest_unclear_age_seconds",
        "Seconds since the oldest write without a clear answer was first sent; 0 where there is none.",
        views,
        lambda one: (one.now - one.oldest_unclear_at).total_seconds() if one.oldest_unclear_at else 0,
    )
    yield _each("brake", "1 where a person must look and release.", views, lambda one: one.brake_why is not None)
    yield _each(
        "drifted_balances", "Balances that differed from the books when last compared.", views, lambda o: o.drift
    )
    yield _each(
        "compared_timestamp_seconds",
        "When the books were last compared, as a Unix time.",
        views,
        lambda one: one.compared_at.timestamp() if one.compared_at else None,
    )


def _each(name: str, help_: str, views: list[View], figure: _Figure) -> Metric:
    return _gauge(name, help_, [((one.name,), figure(one)) for one in views], ("connection",))


def _gauge(name: str, help_: str, samples: list[Sample], labels: tuple[str, ...] = ()) -> Metric:
    family = GaugeMetricFamily(f"syncd_{name}", help_, labels=labels)
    for values, figure in samples:
        if figure is not None:
            family.add_metric(values, float(figure))
    return family
