"""The error pages say what happened, what is safe and what next, and need nothing that may be broken."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation

from components import errors

WAYS = {
    400: lambda request: errors.bad_request(request, SuspiciousOperation("internal words")),
    403: lambda request: errors.forbidden(request, PermissionDenied("Only the finance role may do this.")),
    404: lambda request: errors.not_found(request, Http404("No Member matches the given query.")),
    500: errors.server_error,
}


@pytest.fixture
def request_of_lin():
    request = RequestFactory().get("/hq/members/?q=lin")
    request.request_id = "req_01kz3t8w"
    return request


@pytest.mark.parametrize("status", WAYS)
def test_an_error_page_has_its_status_and_the_requests_reference(status, request_of_lin):
    response = WAYS[status](request_of_lin)
    assert response.status_code == status
    assert "req_01kz3t8w" in response.content.decode()


@pytest.mark.parametrize("status", [400, 404])
def test_an_error_page_tells_nothing_from_inside(status, request_of_lin):
    text = WAYS[status](request_of_lin).content.decode()
    assert "internal words" not in text
    assert "Member matches" not in text


def test_a_refusal_names_the_role_it_needs(request_of_lin):
    assert "Only the finance role may do this." in WAYS[403](request_of_lin).content.decode()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Nothing was changed."), ("zh-hans", "没有任何改动。")]
)
def test_an_error_page_says_in_the_readers_language_what_is_safe(language, words, request_of_lin):
    with translation.override(language):
        assert words in WAYS[404](request_of_lin).content.decode()


def test_the_page_of_a_broken_server_asks_nothing_of_session_or_database(request_of_lin):
    with translation.override("en"):
        text = errors.server_error(request_of_lin).content.decode()
    assert "Nothing is half done" in text
    assert 'href="/hq/members/?q=lin"' in text
    assert "csrfmiddlewaretoken" not in text


def test_an_old_form_can_be_opened_again(request_of_lin):
    response = errors.csrf_failure(request_of_lin, reason="CSRF cookie not set.")
    assert response.status_code == 403
    assert 'href="/hq/members/?q=lin"' in response.content.decode()
    assert "CSRF cookie" not in response.content.decode()
