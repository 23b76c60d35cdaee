import logging

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from components.reference import RequestReference


def test_every_answer_carries_its_reference():
    answer = RequestReference(lambda request: HttpResponse(request.request_id))(RequestFactory().get("/"))
    assert answer.headers["X-Request-ID"] == answer.content.decode()
    assert answer.content.startswith(b"req_")


def test_a_reference_given_later_is_the_one_that_counts():
    def api(request):
        request.request_id = "req_of_the_api"
        return HttpResponse()

    assert RequestReference(api)(RequestFactory().get("/")).headers["X-Request-ID"] == "req_of_the_api"


def test_a_fault_is_in_the_log_under_its_reference(caplog: pytest.LogCaptureFixture):
    request = RequestFactory().get("/hq/")
    request.request_id = "req_01kz3t8w"
    with caplog.at_level(logging.ERROR):
        RequestReference(lambda request: HttpResponse()).process_exception(
            request, ValueError("138 1234 2207")
        )
    assert caplog.messages == ["req_01kz3t8w: ValueError at /hq/"]


def test_what_is_not_there_is_no_fault(caplog: pytest.LogCaptureFixture):
    request = RequestFactory().get("/hq/members/mem_of_another/")
    request.request_id = "req_01kz3t8w"
    RequestReference(lambda request: HttpResponse()).process_exception(request, Http404())
    assert caplog.messages == []
