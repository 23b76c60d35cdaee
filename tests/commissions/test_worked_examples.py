"""The worked examples, step by step: every transfer, every balance, every line, to the fen."""

import json
from collections import Counter
from pathlib import Path

import pytest

from insights.statements import KINDS
from tests.commissions import playing, reading_back, staging

FIXTURES = [
    json.loads((Path(__file__).parent / "fixtures" / name).read_text())
    for name in ("worked_examples.json", "appeal_examples.json", "tender_examples.json")
]
SCENARIOS = {scenario["id"]: scenario for fixture in FIXTURES for scenario in fixture["scenarios"]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_worked_example_is_booked_to_the_fen(name, db):
    scenario = SCENARIOS[name]
    stage = staging.set_stage(scenario["given"])
    for step, expected in zip(scenario["given"]["steps"], scenario["expected"]["after"], strict=True):
        playing.play(stage, step)
        told = Counter(
            (row["book"], row["kind"], row["debit"], row["credit"], row["amount"])
            for row in expected["transfers"]
        )
        assert reading_back.new_transfers(stage) == told, step["label"]
        assert reading_back.standing(stage) == {k: v for k, v in expected["balances"].items() if v}, step[
            "label"
        ]
        reading_back.prove(stage)
    assert reading_back.lines_now(stage) == reading_back.lines_expected(scenario["expected"]["lines"])
    assert reading_back.payouts_now(stage) == reading_back.payouts_expected(scenario["expected"])
    recovered = scenario["expected"].get("recoveries", [])
    assert reading_back.recoveries_now(stage) == [
        (row["payout"], row["receivable"], row["amount"]) for row in recovered
    ]
    for told in scenario["expected"]["statements"]:
        found = reading_back.statement(stage, told["book"], told["party"])
        assert found == {name: told[name] for name in found}, told["party"]
        assert set(found["by_kind"]) <= set(KINDS), "a statement says it in words"
