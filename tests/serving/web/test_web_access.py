"""Who may ask, and what a browser is told."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from web_service import Client, refused, served

from cxrtune.serving.web import routes
from cxrtune.serving.web.guard import POLICY
from cxrtune.serving.web.settings import Access, ServiceSettings

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def closed(predictor):
    """A service that wants a token."""
    with served(predictor, ServiceSettings(access=Access(TOKEN)), Authorization=f"Bearer {TOKEN}") as client:
        yield client


@pytest.fixture
def stranger(closed):
    client = Client(closed.port)
    yield client
    client.close()


def test_with_the_token(closed, phantoms):
    assert closed.predict(phantoms[0]).status_code == 200
    assert closed.get("/v1/model", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    "shown",
    [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"],
)
@pytest.mark.parametrize("path", ["/v1/model", "/metrics", "/v1/nothing"])
def test_without_the_token(stranger, shown, path):
    headers = {} if shown is None else {"Authorization": shown}
    answer = stranger.get(path, headers=headers)
    refused(answer, 401, "token_missing_or_wrong")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in answer.text


def test_no_body_is_read_without_the_token(stranger, large):
    refused(stranger.predict(large), 401, "token_missing_or_wrong")


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/healthz", "/readyz", "/openapi.json"])
def test_what_tells_nothing_needs_no_token(stranger, path):
    assert stranger.get(path).status_code == 200


def test_the_token_is_in_no_representation():
    assert TOKEN not in repr(ServiceSettings(access=Access(TOKEN)))


def test_openapi_says_that_a_token_is_wanted(closed, service):
    assert closed.get("/openapi.json").json()["security"] == [{"token": []}]
    assert "security" not in service.get("/openapi.json").json()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_is_refused(service, phantoms, headers):
    refused(service.predict(phantoms[0], headers=headers), 403, "cross_origin")


def test_the_own_page_is_not(service, phantoms):
    headers = {"Origin": f"http://127.0.0.1:{service.port}", "Sec-Fetch-Site": "same-origin"}
    answer = service.predict(phantoms[0], headers=headers)
    assert answer.status_code == 200
    # No other site's page may read an answer.
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_only_known_host_names(predictor):
    access = Access(hosts=frozenset({"127.0.0.1", "reader.example"}))
    with served(predictor, ServiceSettings(access=access)) as client:
        for host in ("reader.example", "READER.example:443", f"127.0.0.1:{client.port}"):
            assert client.get("/v1/model", headers={"Host": host}).status_code == 200
        for host in ("elsewhere.example", "reader.example.evil", "[::1", ""):
            refused(client.get("/v1/model", headers={"Host": host}), 403, "wrong_host")


def test_every_answer_has_the_headers(service, phantoms):
    for answer in (
        service.get("/"),
        service.get("/nothing"),
        service.predict(phantoms[0]),
        service.get("/page/app.js"),
    ):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "server" not in answer.headers


def test_the_policy_lets_nothing_in_from_elsewhere():
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_the_pages_files_come_with_their_types_and_are_not_sent_twice(service):
    for path, kind in (
        ("/", "text/html"),
        ("/page/style.css", "text/css"),
        ("/page/app.js", "text/javascript"),
    ):
        answer = service.get(path)
        assert answer.headers["content-type"].startswith(kind)
        again = service.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert service.ask("HEAD", "/").status_code == 200


def test_the_pages_files_may_be_links_to_elsewhere(monkeypatch, tmp_path):
    """As uv installs them with `--link-mode symlink`."""
    for file in routes.PAGE.iterdir():
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr(routes, "PAGE", tmp_path)
    app = Starlette(routes=routes.page_routes())

    async def got(path):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(path)

    assert asyncio.run(got("/")).text == (tmp_path / "index.html").read_text()
    assert asyncio.run(got("/page/app.js")).text == (tmp_path / "app.js").read_text()
    assert asyncio.run(got("/page/..%2fserver.py")).status_code == 404


def test_the_page_names_no_other_host(service):
    for name in service.get("/").text.split('"'):
        assert not name.startswith(("http:", "https:", "//")), name
