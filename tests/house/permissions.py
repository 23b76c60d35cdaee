"""Which permission opens which page, and whose row it shows: what the matrix walks. Faces add theirs here.

    "dashboard:member": Page("members.read", of=lambda world: {"ref": world.…}, outside=lambda world: {…}),

Every named route below /hq/ and /w/ stands here; a test fails for one that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.people import World


@dataclass(frozen=True)
class Page:
    """`permission` that opens it, None for everybody with a seat at the merchant.

    `of` builds, inside Hehe's scope, the arguments of a row of Hehe at the Jing'an store.
    `outside` builds those of a row of Hehe outside the Jing'an store, which its manager must not find.
    `method` and `data` for what is posted: `data` may be wrong, the matrix asks only who may try.
    """

    permission: str | None
    of: Callable[[World], dict[str, Any]] | None = None
    outside: Callable[[World], dict[str, Any]] | None = None
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)


PAGES: dict[str, Page] = {}
