"""Work behind the pages. A task names its merchant in `merchant_id` and runs inside that merchant's scope."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init
from django_scopes import scope

from config import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class ScopedTask(Task):
    """Enters the scope of the merchant given as `merchant_id`; a task without one reads no owned row."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with merchant_scope(kwargs.get("merchant_id")):
            return super().__call__(*args, **kwargs)


def merchant_scope(merchant_id: int | None) -> AbstractContextManager[object]:
    return nullcontext() if merchant_id is None else scope(merchant=merchant_id)


app = Celery("tiandi", task_cls=ScopedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def settle_memory(**_signal: Any) -> None:
    memory.settle()
