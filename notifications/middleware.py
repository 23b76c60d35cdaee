"""Where the stream stood before a page was read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from events import stream


class StreamHead:
    """`request.stream_head`, for pages that go live: taken before the page's own reads, so that what happens
    between those and the socket's opening comes again, and nothing is missed. 0 for other requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        fragment = "HX-Request" in request.headers or request.path_info.startswith("/api/")
        request.stream_head = stream.head() if request.method == "GET" and not fragment else 0
        return self.get_response(request)
