"""An SMS gateway on loopback that keeps what it is given, for tests outside embedded mode."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "Vn7RbKs8Yd3Hf6Jm1Gc5"


class SmsGateway:
    """`url` to post to; `messages` are the (phone, text) accepted. With `broken` it answers 503."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.broken = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def handler_of(gateway: SmsGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            if known and not gateway.broken:
                gateway.messages.append((body["phone"], body["text"]))
            self.send_response(503 if gateway.broken else 204 if known else 401)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet: pytest's output is not its log."""

    return Handler
