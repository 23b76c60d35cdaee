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
    assert playing.payouts_now(stage) == playing.payouts_expected(scenario["expected"])
    recovered = scenario["expected"].get("recoveries", [])
    assert playing.recoveries_now(stage) == [
        (row["payout"], row["receivable"], row["amount"]) for row in recovered
    ]
    for statement in scenario["expected"]["statements"]:
        book = stage.merchants[statement["book"]]
        with acting_for(book):
            closing = balances.of_party(book, stage.parties[statement["party"]])
        assert closing == {k: v for k, v in statement["closing_by_account"].items() if v}


def test_every_step_is_played_by_the_verbs():
    for name, scenario in SCENARIOS.items():
        assert {step["do"] for step in scenario["given"]["steps"]} <= playing.THROUGH_VERBS, name
