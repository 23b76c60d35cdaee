"""How the payments of a sale are laid over its lines.

Pure: integers, no database. Amounts in minor units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from merchants.money import allot


@dataclass(frozen=True)
class Laid:
    """The part of tender `index` that paid line `line`."""

    index: int
    line: int
    amount: int


class DoesNotFit(ValueError):
    """Tender `index` is more than what its lines still lacked, `lacked`, when its turn came."""

    def __init__(self, index: int, lacked: int) -> None:
        super().__init__(f"tender {index} is more than the {lacked} that its lines lack")
        self.index = index
        self.lacked = lacked


def lay(tenders: Sequence[tuple[int, Sequence[int]]], paid: Mapping[int, int]) -> list[Laid]:
    """Lay tenders, each `(amount, line numbers)` with none for all, over what was paid for each line.

    Those restricted to lines first, then in the order given; each over what its lines still lack. DoesNotFit if
    a tender is more than that, ValueError if all together are less than what was paid.
    """
    lacks, laid = dict(paid), []
    for index in sorted(range(len(tenders)), key=lambda i: not tenders[i][1]):
        amount, restricted = tenders[index]
        named = set(restricted) or lacks.keys()
        lines = [number for number in lacks if number in named]
        lacked = sum(lacks[number] for number in lines)
        if amount > lacked:
            raise DoesNotFit(index, lacked)
        for number, part in zip(lines, allot(amount, [lacks[number] for number in lines]), strict=True):
            lacks[number] -= part
            if part:
                laid.append(Laid(index, number, part))
    if any(lacks.values()):
        raise ValueError("the tenders do not come to what was paid")
    return laid
