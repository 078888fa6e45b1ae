"""How runs end in the UI: a sentence as the message of the state, and no traceback of a refusal."""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from prefect import State, task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.states import Completed, Failed

from adapters.languages.catalog import ENGLISH, Language, say
from domain.refusal import Refused, Unavailable, WrongUsage
from domain.sentence import whole
from flows.prefect.form_words import in_form_words
from flows.prefect.retrying import is_transient
from flows.settings import Settings
from flows.troubles import sentence_about

REFUSED: Final = "Refused"
"""The name of the state of a run whose refusals are told by events of their own."""

_REFUSALS: Final = (Refused, Unavailable, WrongUsage)
_Asked = ParamSpec("_Asked")
_Result = TypeVar("_Result")


def _without_empty_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info == (None, None, None):
        record.exc_info = None
    return True


# Prefect logs a task's state with a traceback that is none.
logging.getLogger("prefect.task_runs").addFilter(_without_empty_traceback)


def telling(work: Callable[_Asked, _Result]) -> Callable[_Asked, _Result]:
    """Let a flow end with a sentence: why it was refused or failed, or the text that it returns.

    Whoever called it gets the result, or the refusal raised, as without this. Transient failures
    are raised from a task, which is tried again.
    """

    @wraps(work)
    def ending(*given: _Asked.args, **named: _Asked.kwargs) -> _Result:
        try:
            result = work(*given, **named)
        except _REFUSALS as refusal:
            if is_transient(refusal) and TaskRunContext.get() is not None:
                raise
            name = REFUSED if isinstance(refusal, Refused) and refusal.has_an_alarm else None
            return cast("_Result", Failed(name=name, message=_message_of(refusal), data=refusal))
        except Exception as failure:
            trouble = None if TaskRunContext.get() else sentence_about(failure)
            if trouble is None:
                raise
            return cast("_Result", Failed(message=_said(trouble), data=failure))
        return told(result, result) if isinstance(result, str) else result

    return ending


def step(**options: Any) -> Callable[[Callable[_Asked, _Result]], Callable[_Asked, _Result]]:
    """Let work be a task of a run, which ends with a sentence if it is refused."""

    def as_task(work: Callable[_Asked, _Result]) -> Callable[_Asked, _Result]:
        run = task(cache_policy=NO_CACHE, **options)(telling(work))

        @wraps(work)
        def done(*given: _Asked.args, **named: _Asked.kwargs) -> _Result:
            result = run(*given, **named)
            return cast("_Result", result.result()) if isinstance(result, State) else result

        return done

    return as_task


def told(result: _Result, *said: object) -> _Result:
    """End a flow with its result and what it did, in the language of the setting."""
    return cast("_Result", Completed(message=_all_said(said), data=result))


def refused(*said: object) -> None:
    """End a flow as failed without raising the alarm for failed runs: one fact is told once."""
    return cast("None", Failed(name=REFUSED, message=_all_said(said)))


def failed(*said: object) -> None:
    """End a flow as failed, with what it did before; the alarm for failed runs is raised."""
    return cast("None", Failed(message=whole(_all_said(said))))


def why(refusal: Exception) -> object:
    """Return what a refusal says, as a text that can be said in any language."""
    return refusal.args[0] if refusal.args else str(refusal)


def trouble_of(failure: Exception) -> object | None:
    """Return what a refusal or a failure outside this program says; None for a bug in it."""
    return why(failure) if isinstance(failure, _REFUSALS) else sentence_about(failure)


def _message_of(refusal: Exception) -> str:
    return whole(_said(why(refusal)))


def _all_said(texts: Iterable[object]) -> str:
    return " ".join(map(_said, texts))


def _said(text: object) -> str:
    language = _language()
    return in_form_words(say(text, language), language)


def _language() -> Language:
    try:
        return Settings.read().language
    except WrongUsage:
        return ENGLISH
