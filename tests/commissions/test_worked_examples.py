"""The worked examples, step by step: every transfer, every balance, every line, to the fen."""

import json
from collections import Counter
from pathlib import Path

import pytest

from ledger import balances
from merchants.scoping import acting_for
from tests.commissions import playing

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "worked_examples.json").read_text())
SCENARIOS = {scenario["id"]: scenario for scenario in FIXTURE["scenarios"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_worked_example_is_booked_to_the_fen(name, db):
    scenario = SCENARIOS[name]
    stage = playing.set_stage(scenario["given"])
    for step, expected in zip(scenario["given"]["steps"], scenario["expected"]["after"], strict=True):
        playing.play(stage, step, expected)
        told = Counter(
            (row["book"], row["kind"], row["debit"], row["credit"], row["amount"])
            for row in expected["transfers"]
        )
        assert playing.new_transfers(stage) == told, step["label"]
        assert playing.standing(stage) == {k: v for k, v in expected["balances"].items() if v}, step["label"]
        playing.prove(stage)
    assert playing.lines_now(stage) == playing.lines_expected(scenario["expected"]["lines"])
    for statement in scenario["expected"]["statements"]:
        book = stage.merchants[statement["book"]]
        with acting_for(book):
            closing = balances.of_party(book, stage.parties[statement["party"]])
        assert closing == {k: v for k, v in statement["closing_by_account"].items() if v}


def test_which_steps_the_verbs_do_not_play_yet():
    """Payouts and arriving money are posted from the example; the rest of it is ours."""
    arranged = {
        name: {step["do"] for step in scenario["given"]["steps"]} - playing.THROUGH_VERBS
        for name, scenario in SCENARIOS.items()
    }
    assert {name for name, steps in arranged.items() if not steps} == {"E02", "E03", "E13", "E21"}
    assert set().union(*arranged.values()) == {"payout", "payout_result", "arrive"}
