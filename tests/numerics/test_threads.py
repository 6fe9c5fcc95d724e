"""One BLAS thread inside, as many as before outside, whoever comes and goes first."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lmmkit.numerics import threads
from lmmkit.numerics.threads import WORTH_THREADS, threads_for


class Library:
    """What threadpoolctl hands out for each BLAS."""

    def __init__(self, number: int | None) -> None:
        self.number = number

    def get_num_threads(self) -> int | None:
        return self.number

    def set_num_threads(self, number: int) -> None:
        self.number = number


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> list[Library]:
    """Two libraries that may use threads, and one that does not know how many it uses."""
    made = [Library(4), Library(1), Library(None)]
    one_thread = threads._OneThread(made)
    monkeypatch.setattr(threads, "_one_thread", lambda: one_thread)
    return made


def numbers(libraries: list[Library]) -> list[int | None]:
    return [library.number for library in libraries]


def test_one_thread_inside_and_as_before_outside(libraries):
    with threads_for(3):
        assert numbers(libraries) == [1, 1, None]
        with threads_for(3):
            assert numbers(libraries) == [1, 1, None]
        assert numbers(libraries) == [1, 1, None]
    assert numbers(libraries) == [4, 1, None]


def test_as_before_after_an_error(libraries):
    with pytest.raises(ZeroDivisionError), threads_for(3):
        _ = 1 / 0
    assert numbers(libraries) == [4, 1, None]


def test_wide_matrices_keep_their_threads(libraries):
    with threads_for(WORTH_THREADS + 1):
        assert numbers(libraries) == [4, 1, None]


def test_the_first_to_enter_may_be_the_first_to_leave(libraries):
    """Each thread would otherwise restore what it found: the second found 1."""
    entered, leave = threading.Event(), threading.Event()

    def second() -> None:
        with threads_for(3):
            entered.set()
            leave.wait(10)

    with threads_for(3):
        other = threading.Thread(target=second)
        other.start()
        assert entered.wait(10)
    assert numbers(libraries) == [1, 1, None]  # the second is still inside
    leave.set()
    other.join()
    assert numbers(libraries) == [4, 1, None]


def test_the_limit_of_the_process_comes_back_after_many_threads():
    info = pytest.importorskip("threadpoolctl").threadpool_info

    def limits() -> list[int]:
        return [library["num_threads"] for library in info()]

    def work(_: int) -> None:
        for _ in range(50):
            with threads_for(3):
                pass

    before = limits()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert limits() == before
