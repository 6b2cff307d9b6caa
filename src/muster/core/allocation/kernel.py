"""Functions over arrays that are compiled where numba is installed, and run as they are where not.

A kernel is plain Python over numpy arrays and the answer is the same either way, bit by bit: no
reordered sums, no global randomness, ties broken by index. Nothing here imports numba before
`warm` is called, so a robot that only bids pays neither its memory nor its start-up.

A kernel may call other kernels by their names. numba's cache on disk notices when a function's own
source has changed, but not when a function that it calls has; so each compiled kernel is filed
under a digest of its code and of all code that it reaches.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FunctionType
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec('P')
T = TypeVar('T')


class _Switch:
    """Which of its two forms every kernel runs in."""

    is_compiled = False


_form: ContextVar[bool | None] = ContextVar('form', default=None)
"""What one thread has chosen for itself for a while: compiled, or not."""


class Kernel(Generic[P, T]):
    """A function with a compiled twin."""

    def __init__(self, plain: Callable[P, T], is_inlined: bool = False) -> None:
        self.plain = plain
        # Without numba's reference counts, which cost more than the arithmetic that they would
        # guard; so a kernel cannot allocate, and its callers hand it all the arrays it needs.
        self._options = {'nogil': True, 'forceinline': is_inlined, '_nrt': False}
        self._twin: Callable[P, T] | None = None
        self.__doc__ = plain.__doc__
        self.__name__ = plain.__name__
        self.__module__ = plain.__module__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        if is_compiled():
            return self.compiled(*args, **kwargs)
        return self.plain(*args, **kwargs)

    @property
    def compiled(self) -> Callable[P, T]:
        """The compiled twin, made when it is first asked for; numba must be installed."""
        if self._twin is None:
            self._twin = self._compile()
        return self._twin

    @property
    def digest(self) -> int:
        """Of this kernel's code and all that it calls."""
        digest = _digest(_code(self.plain), zlib.crc32(repr(self._options).encode()))
        known = self.plain.__globals__
        for name in _code(self.plain).co_names:
            one = known.get(name)
            if isinstance(one, Kernel):
                digest = zlib.crc32(str(one.digest).encode(), digest)
            elif isinstance(one, int | float | tuple):
                digest = zlib.crc32(repr(one).encode(), digest)
        return digest

    def _callees(self) -> dict[str, Kernel[..., Any]]:
        known = self.plain.__globals__
        names = _code(self.plain).co_names
        return {name: known[name] for name in names if isinstance(known.get(name), Kernel)}

    def _compile(self) -> Callable[P, T]:
        import numba

        reachable = dict(self.plain.__globals__)
        reachable.update({name: one.compiled for name, one in self._callees().items()})
        twin = FunctionType(_code(self.plain), reachable, self.__name__)
        twin.__module__ = self.__module__
        twin.__qualname__ = f'{self.__name__}_{self.digest:08x}'
        try:
            made: Callable[P, T] = numba.njit(cache=True, **self._options)(twin)
        except RuntimeError:  # No directory for the cache can be written: compile each time.
            made = numba.njit(**self._options)(twin)
        return made


def kernel(function: Callable[P, T]) -> Kernel[P, T]:
    """Declare a kernel."""
    return Kernel(function)


def inlined(function: Callable[P, T]) -> Kernel[P, T]:
    """Declare a small kernel that becomes part of those that call it.

    A call in compiled code copies every array's description, which takes longer than one step of
    a path.
    """
    return Kernel(function, is_inlined=True)


def can_compile() -> bool:
    """numba is installed and works."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def use_compiled(is_compiled: bool) -> None:
    """Choose the form in which all kernels run from now on."""
    _Switch.is_compiled = is_compiled


def is_compiled() -> bool:
    """Kernels run compiled."""
    form = _form.get()
    return _Switch.is_compiled if form is None else form


@contextmanager
def running(*, compiled: bool) -> Iterator[None]:
    """Run kernels in one form for a while, on this thread."""
    before = _form.set(compiled)
    try:
        yield
    finally:
        _form.reset(before)


def _code(function: Callable[..., Any]) -> CodeType:
    code: CodeType = function.__code__
    return code


def _digest(code: CodeType, digest: int) -> int:
    digest = zlib.crc32(code.co_code, digest)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            digest = _digest(constant, digest)
        else:
            digest = zlib.crc32(repr(constant).encode(), digest)
    return zlib.crc32(repr(code.co_names).encode(), digest)
