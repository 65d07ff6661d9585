"""Amounts in a queue that money goes along: how far it reaches, and who stands between two places.

A tree of sums, so that each question takes a few steps however long the queue is. Sums are made anew, never corrected
by differences, so that amounts of any size leave no trace once they are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

_ZERO = Decimal(0)


class Queue:
    """`count` places, numbered from 0, each with an amount that is not below zero."""

    def __init__(self, count: int) -> None:
        self._width = 1 << max(count - 1, 0).bit_length()
        self._sums = [_ZERO] * (2 * self._width)

    def amount(self, place: int) -> Decimal:
        """What stands there."""
        return self._sums[self._width + place]

    def put(self, place: int, amount: Decimal) -> None:
        """Let `amount` stand there."""
        node = self._width + place
        self._sums[node] = amount
        while node > 1:
            node //= 2
            self._sums[node] = self._sums[2 * node] + self._sums[2 * node + 1]

    def reached(self, money: Decimal) -> tuple[int, Decimal]:
        """The first place that `money` cannot pay in full, and what is left for it; past the end where it pays all."""
        if self._sums[1] <= money:
            return self._width, _ZERO
        node = 1
        while node < self._width:
            node *= 2
            if self._sums[node] <= money:
                money -= self._sums[node]
                node += 1
        return node - self._width, money

    def between(self, first: int, last: int) -> Iterator[int]:
        """The places from `first` to `last`, both included, at which something stands."""
        place = self._from(first)
        while place <= min(last, self._width - 1):
            yield place
            place = self._from(place + 1)

    def _from(self, place: int) -> int:
        """The first place from there on at which something stands; past the end where there is none."""
        node = self._width + place
        if place >= self._width or self._sums[node] > 0:
            return place
        while node > 1:
            if node % 2 == 0 and self._sums[node + 1] > 0:
                node += 1
                while node < self._width:
                    node = 2 * node if self._sums[2 * node] > 0 else 2 * node + 1
                return node - self._width
            node //= 2
        return self._width
