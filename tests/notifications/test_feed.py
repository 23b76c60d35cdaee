from events import stream
from events.record import record
from tests.notifications.conftest import TILL
from tests.streaming import number


def test_the_feed_goes_on_where_it_left_off_and_says_whether_there_is_more(world, client):
    client.force_login(world.gu)
    number()
    begin = stream.head()
    for sale in range(5):
        for merchant in (world.qinglan, world.mubai):
            record(
                "order.paid", merchant_id=merchant.pk, subject=f"ord_{sale}", payload={}, concerns=[], by=TILL
            )
    number()
    subjects, after, more = [], begin, True
    while more:
        page = client.get("/feed", {"after": after, "limit": 2}).json()
        subjects += [event["subject"] for event in page["events"]]
        after, more = page["last"], page["more"]
    assert subjects == ["ord_0", "ord_1", "ord_2", "ord_3", "ord_4"]
    assert after == begin + 10, "also past what others' events took up, so they are not read again"


def test_an_event_is_shown_as_its_merchant_may_see_it(world, client, tell):
    client.force_login(world.gu)
    tell(world.qinglan, "order.paid", world.xuhui.ref)
    event = client.get("/feed").json()["events"][-1]
    assert event.pop("seq") == stream.head()
    assert event.pop("at").endswith("Z")
    assert event == {
        "kind": "order.paid",
        "merchant": world.qinglan.ref,
        "subject": "ord_1",
        "payload": {"paid": 1},
        "concerns": [world.xuhui.ref],
    }


def test_a_stranger_is_told_to_sign_in_and_nothing_else(world, client, tell):
    tell(world.qinglan, "order.paid")
    answer = client.get("/feed")
    assert (answer.status_code, answer.json()) == (401, {"code": "signed_out"})


def test_numbers_that_are_none_are_refused_and_wild_ones_tamed(world, client):
    client.force_login(world.gu)
    assert client.get("/feed", {"after": "yesterday"}).status_code == 400
    for wild in ({"after": "-5"}, {"after": "9" * 30}, {"limit": "0"}, {"limit": "100000"}):
        assert client.get("/feed", wild).status_code == 200


def test_a_page_costs_as_many_queries_however_many_events_it_shows(
    world, client, tell, django_assert_max_num_queries
):
    client.force_login(world.gu)
    for _ in range(20):
        tell(world.qinglan, "order.paid")
    with django_assert_max_num_queries(8):
        assert len(client.get("/feed").json()["events"]) > 20
