"""The one process of embedded mode, where it differs from the processes of a server."""

from config.one_process import server_config


async def test_nobody_on_this_machine_can_claim_another_address():
    seen = []

    async def application(scope, receive, send) -> None:
        seen.append((scope["client"], scope["scheme"]))

    config = server_config(application)
    config.load()
    claims = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": ("127.0.0.1", 5), "scheme": "http", "headers": claims, "asgi": {}}
    await config.loaded_app(scope, None, None)
    assert seen == [(("127.0.0.1", 5), "http")]
