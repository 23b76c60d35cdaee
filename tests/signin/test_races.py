"""Two tabs at the same moment. Each promise is first broken with its guard taken away."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from members import phone_codes
from members.models import PhoneCode
from merchants.errors import DomainError

MEI = "+8613700000001"
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call, times: int = 2) -> list[str]:
    """What each of so many threads got: "done" or the code of the refusal."""
    outcomes: list[str] = []

    def run():
        try:
            call()
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=run) for _thread in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def meet_before(monkeypatch, module, name: str, *, wait: float = 0.5) -> None:
    """Both threads reach this call before either goes on; one that a lock holds is waited for briefly. Where no lock
    holds anybody, `wait` is as long as a busy machine may keep one of them."""
    barrier, original = Barrier(2), getattr(module, name)

    def together(*args, **kwargs):
        with suppress(BrokenBarrierError):  # the other one waits at the lock, as it should
            barrier.wait(timeout=wait)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, together)


def without_row_lock(monkeypatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **options: rows.all())


def test_without_the_row_lock_two_tabs_use_one_code_twice(monkeypatch, code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    code = code_sent_to(MEI)
    without_row_lock(monkeypatch)
    meet_before(monkeypatch, phone_codes.hmac, "compare_digest", wait=10)
    assert at_once(lambda: phone_codes.check(phone=MEI, purpose="join", code=code)) == ["done", "done"]


def test_of_two_tabs_with_the_right_code_one_passes(monkeypatch, code_sent_to):
    phone_codes.send(phone=MEI, purpose="join")
    code = code_sent_to(MEI)
    meet_before(monkeypatch, phone_codes.hmac, "compare_digest")
    assert at_once(lambda: phone_codes.check(phone=MEI, purpose="join", code=code)) == [
        "code.expired",
        "done",
    ]


def test_twenty_wrong_tries_at_once_are_five_tries():
    phone_codes.send(phone=MEI, purpose="join")
    outcomes = at_once(lambda: phone_codes.check(phone=MEI, purpose="join", code="none"), times=20)
    assert outcomes.count("code.wrong") == 4
    assert PhoneCode.objects.get().tries == 5


def test_without_the_lock_two_tabs_are_sent_two_codes(monkeypatch):
    monkeypatch.setattr(phone_codes, "_one_at_a_time", lambda phone_hash: None)
    meet_before(monkeypatch, PhoneCode.objects, "create", wait=10)  # each has looked for the other's by then
    assert at_once(lambda: phone_codes.send(phone=MEI, purpose="join")) == ["done", "done"]


def test_two_tabs_asking_at_once_are_sent_one_code(monkeypatch):
    meet_before(monkeypatch, phone_codes.timezone, "now")
    assert at_once(lambda: phone_codes.send(phone=MEI, purpose="join")) == ["code.too_soon", "done"]


def test_a_wrong_try_counts_although_the_caller_fails():
    """A caller's transaction would undo the try with its own work, so inside one it is refused outright."""
    phone_codes.send(phone=MEI, purpose="join")
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        phone_codes.check(phone=MEI, purpose="join", code="none")
    with pytest.raises(DomainError):
        phone_codes.check(phone=MEI, purpose="join", code="none")
    assert PhoneCode.objects.get().tries == 1
