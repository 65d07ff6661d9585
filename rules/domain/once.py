"""A property worked out at the first look and kept: `functools.cached_property` without its lock.

Up to Python 3.11 that one takes a lock at every first look, and an account is looked at in a dozen ways. What is worked
out here comes from frozen facts alone: two threads that looked at the same moment would find the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - used as a decorator, as `property` is
    """The value of a method without arguments, from the instance's own dictionary after the first look."""

    def __init__(self, work_out: Callable[[Any], T]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> once[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> T | once[T]:
        if instance is None:
            return self
        found = instance.__dict__[self._name] = self._work_out(instance)
        return found
