"""A small data set on a hostile host."""

import pytest
from hostile_host import Host
from small_set import TABLE, DataSet, images, packed


@pytest.fixture
def host():
    host = Host()
    yield host
    host.close()


@pytest.fixture
def data_set(host, tmp_path) -> DataSet:
    made = DataSet(host, tmp_path / "data", tmp_path / "catalogue.yaml")
    host.files["table.csv"] = TABLE
    for number in (1, 2, 3):
        made.members[f"images_{number:03d}"] = images(number)
        host.files[f"images_{number:03d}.tar.gz"] = packed(made.members[f"images_{number:03d}"])
    return made
