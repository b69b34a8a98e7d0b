"""Streams of answers, wherever they are made."""

from collections.abc import Iterator
from contextvars import copy_context
from typing import TypeVar

Answer = TypeVar("Answer")


def in_own_context(answers: Iterator[Answer]) -> Iterator[Answer]:
    """
    Yield what ``answers`` yields, each made in one context of its own.

    What a generator enters is otherwise seen by its reader, and cannot be left when another thread closes it.
    """
    here = copy_context()
    try:
        while (answer := here.run(next, answers, None)) is not None:
            yield answer
    finally:
        here.run(answers.close)  # type: ignore[attr-defined]
