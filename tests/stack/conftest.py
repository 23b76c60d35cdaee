import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.stack.shape import DatabaseServer, Stack


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    folder = Path(tempfile.mkdtemp(prefix="tiandi-stack-"))
    folder.chmod(0o711)  # as root the database server is `nobody`, who must get to its own folder in it
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        database_server = DatabaseServer(folder)
        cleanup.callback(database_server.stop)
        yield database_server


@pytest.fixture(scope="session")
def stack(database_server: DatabaseServer) -> Iterator[Stack]:
    server = database_server.server
    stack = Stack(
        database_server.folder,
        app_url=server.app_url,
        owner_url=server.owner_url,
        database_server=database_server,
    )
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
