"""What the node's tests share."""

import pytest
from node_world import Node, Orthanc, require, small_model


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def orthanc(tmp_path):
    require("Orthanc")
    archive = Orthanc(tmp_path / "orthanc")
    archive.start()
    yield archive
    archive.stop()


@pytest.fixture
def start_node(model, tmp_path):
    """Return a function that starts a node; all of them are stopped at the end."""
    nodes = []

    def start(*arguments: str, **options) -> Node:
        node = Node(model, tmp_path / f"node-{len(nodes)}", arguments, **options)
        nodes.append(node)
        return node.start()

    yield start
    for node in nodes:
        node.stop()


@pytest.fixture
def files(tmp_path):
    """Return a function that writes bytes to files."""

    def write(*contents: bytes):
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        paths = []
        for content in contents:
            path = folder / f"{len(list(folder.iterdir())):04d}.dcm"
            path.write_bytes(content)
            paths.append(path)
        return paths

    return write
