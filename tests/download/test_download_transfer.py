"""What hosts do to a download: the folder is right in the end, or the error says what to do."""

import hashlib
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hostile_host import (
    Host,
    announces,
    answers_range,
    drops,
    forgets_ranges,
    in_chunks,
    redirects,
    says,
    stalls,
    tag,
    until_it_closes,
    well,
    without_end,
)
from small_set import HASTE

from cxrtune.back_off import BackOff
from cxrtune.download.catalogue import load_catalogue
from cxrtune.download.client import new_session
from cxrtune.download.part import PartFile
from cxrtune.download.place import Cancelled, DownloadError
from cxrtune.download.transfer import RetryPolicy, Transfer
from cxrtune.errors import UsageError

NAME = "images_001.tar.gz"
FIRST = 100_000  # bytes that come before something happens


def test_a_good_host_is_asked_once_a_file(data_set, host):
    summary = data_set.fetch()
    assert data_set.is_complete()
    assert summary.images == 12
    assert not summary.unverified
    assert {name: len(asked) for name, asked in host.asked.items()} == dict.fromkeys(host.files, 1)
    assert not data_set.listener.warned
    # A compressed transfer would have other bytes than the file.
    assert all(headers["Accept-Encoding"] == "identity" for asked in host.asked.values() for headers in asked)


@pytest.mark.parametrize("known", ["sha256", "md5", "bytes", "nothing"])
@pytest.mark.parametrize("breaks", [drops, stalls, in_chunks], ids=lambda turn: turn.__name__)
def test_a_broken_answer_is_gone_on_with(data_set, host, breaks, known):
    data_set.known = known
    host.turns[NAME] = [breaks(FIRST)]
    data_set.fetch()
    assert data_set.is_complete()
    first, second = host.asked[NAME]
    assert "Range" not in first
    start = int(second["Range"].removeprefix("bytes=").removesuffix("-"))
    assert FIRST - 65_536 <= start <= FIRST
    assert second["If-Range"] == tag(host.files[NAME])


def test_an_attempt_that_brings_bytes_begins_the_count_anew(data_set, host):
    # Nine breaks with three attempts allowed.
    host.turns[NAME] = [drops(20_000) for _ in range(9)]
    data_set.fetch()
    assert data_set.is_complete()
    assert len(host.asked[NAME]) == 10


def test_a_host_that_never_brings_more_is_given_up_and_what_came_is_kept(data_set, host):
    host.turns[NAME] = [drops(FIRST)]
    host.always[NAME] = drops(0)
    with pytest.raises(DownloadError, match=r"3 times in a row \(100\.0 kB are kept\)") as refused:
        data_set.fetch()
    assert refused.value.path == data_set.folder / NAME
    assert "Run the same command again" in refused.value.remedy
    assert len(host.asked[NAME]) == 4
    # The others are there, and the next start fetches the rest only.
    assert {"table.csv", f"{NAME}.part"} < set(data_set.found())
    del host.always[NAME]
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME)[-1] == f"bytes={FIRST}-"
    assert len(host.asked["images_002.tar.gz"]) == 1


@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_a_host_that_forgets_ranges_is_begun_anew(data_set, host, known):
    data_set.known = known
    host.turns[NAME] = [drops(FIRST), forgets_ranges]
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [None, f"bytes={FIRST}-"]
    assert [text for text in data_set.listener.warned if "100.0 kB are given up" in text]


def test_a_host_that_forgets_ranges_and_always_drops_is_given_up(data_set, host):
    def drops_and_forgets(handler, host, path):
        del handler.headers["Range"]
        drops(FIRST)(handler, host, path)

    host.always[NAME] = drops_and_forgets
    with pytest.raises(DownloadError, match="3 times in a row"):
        data_set.fetch()


@pytest.mark.parametrize(("known", "same_length"), [("sha256", True), ("nothing", True), ("nothing", False)])
def test_a_file_that_changes_between_attempts_is_begun_anew(data_set, host, known, same_length):
    data_set.known = known
    old = host.files[NAME]
    other = bytes(reversed(old)) if same_length else old[: len(old) // 2] + bytes(7)
    other = b"\x1f\x8b" + other[2:]

    def of_before(handler, host, path):
        host.files[path] = other
        drops(FIRST)(handler, host, path)
        host.files[path] = old

    data_set.write_catalogue()
    host.turns[NAME] = [of_before]
    data_set.fetch(rewrite=False)
    assert data_set.is_complete()
    # The host was asked for the rest of the old version, and answered with the whole new one.
    assert host.asked[NAME][1]["If-Range"] == tag(other)


def test_the_rest_of_another_version_is_not_appended(data_set, host):
    """A host that ignores If-Range, and would mix two versions."""
    data_set.known = "nothing"
    old = host.files[NAME]
    longer = old + bytes(5)

    def of_before(handler, host, path):
        host.files[path] = longer
        drops(FIRST)(handler, host, path)
        host.files[path] = old

    def ignores_if_range(handler, host, path):
        del handler.headers["If-Range"]
        well(handler, host, path)

    host.turns[NAME] = [of_before, ignores_if_range]
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [None, f"bytes={FIRST}-", None]


@pytest.mark.parametrize(
    "text",
    ["bytes 0-9/10", "bytes 99999-200000/300000", "bytes 100000-99999/300000", "bytes 5-", "pages 1-2/3", ""],
)
def test_a_wrong_range_is_refused(data_set, host, text):
    host.turns[NAME] = [drops(FIRST)]
    host.always[NAME] = answers_range(text)
    with pytest.raises(DownloadError, match=rf"another range \(asked for bytes {FIRST}-, got"):
        data_set.fetch()
    assert len(data_set.found()[f"{NAME}.part"]) == FIRST
    del host.always[NAME]
    data_set.fetch()
    assert data_set.is_complete()


def test_a_range_that_nothing_is_left_of_is_the_end(data_set, host):
    """All came, but the process died before the file had its name; and the host has no validators."""
    data_set.known = "nothing"
    host.has_validators = False
    _leave_part(data_set, host.files[NAME])
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [f"bytes={len(host.files[NAME])}-"]


def test_a_range_beyond_the_end_is_begun_anew(data_set, host):
    data_set.known = "nothing"
    host.has_validators = False
    _leave_part(data_set, host.files[NAME] + b"too much")
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [f"bytes={len(host.files[NAME]) + 8}-", None]


def test_a_whole_part_with_a_known_checksum_asks_nobody(data_set, host):
    _leave_part(data_set, host.files[NAME])
    data_set.fetch()
    assert data_set.is_complete()
    assert not host.asked[NAME]


def test_a_part_of_nobody_knows_what_is_begun_anew(data_set, host):
    data_set.folder.mkdir()
    (data_set.folder / f"{NAME}.part").write_bytes(b"\x1f\x8bwhatever")
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME) == [None]


def _leave_part(data_set, content: bytes) -> None:
    data_set.folder.mkdir()
    (data_set.folder / f"{NAME}.part").write_bytes(content)
    link = f"{data_set.host.address}/{NAME}"
    note = {"link": link, "validator": None, "total": None}
    (data_set.folder / f"{NAME}.part.json").write_text(json.dumps(note))


@pytest.mark.parametrize("known", ["sha256", "bytes"])
@pytest.mark.parametrize("length", [50_000, 999_999_999])
def test_a_length_that_is_not_the_published_one_is_refused_before_a_byte_is_kept(
    data_set, host, known, length
):
    data_set.known = known
    host.always[NAME] = announces(length)
    with pytest.raises(DownloadError, match=f"has {length:,} bytes there, and .* are published"):
        data_set.fetch()
    assert f"{NAME}.part" not in data_set.found()


def test_a_length_that_is_too_long_is_no_end(data_set, host):
    data_set.known = "nothing"
    size = len(host.files[NAME])
    host.turns[NAME] = [announces(size + 1000)]
    data_set.fetch()
    assert data_set.is_complete()


def test_a_length_that_is_too_short_is_found_when_the_archive_is_unpacked(data_set, host):
    data_set.known = "nothing"
    host.turns[NAME] = [announces(FIRST)]
    data_set.fetch()
    assert data_set.is_complete()
    assert any("is damaged; it is fetched once more" in text for text in data_set.listener.warned)


def test_a_length_that_is_always_too_short_is_an_error(data_set, host):
    data_set.known = "nothing"
    host.always[NAME] = announces(FIRST)
    with pytest.raises(DownloadError, match="cut short or damaged"):
        data_set.fetch()
    assert not [name for name in data_set.found() if name.startswith((".", "images_001/"))]


@pytest.mark.parametrize("turn", [in_chunks(), until_it_closes])
@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_a_host_may_announce_no_length(data_set, host, turn, known):
    data_set.known = known
    host.turns[NAME] = [turn]
    data_set.fetch()
    assert data_set.is_complete()


def test_a_host_that_never_ends_does_not_fill_the_disk(data_set, host):
    host.always[NAME] = without_end
    with pytest.raises(DownloadError, match="it gives more than the"):
        data_set.fetch()
    assert f"{NAME}.part" not in data_set.found()


@pytest.mark.parametrize("status", [202, 429, 500, 502, 503, 504])
def test_a_busy_host_is_asked_again(data_set, host, status):
    host.turns[NAME] = [says(status), says(status)]
    data_set.fetch()
    assert data_set.is_complete()
    host.always["table.csv"] = says(status)
    (data_set.folder / "table.csv").unlink()
    with pytest.raises(DownloadError, match=f"it answers {status}"):
        data_set.fetch()


class Waits(threading.Event):
    """Notes how long it was to be waited for, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = []

    def wait(self, timeout=None):
        self.seconds.append(timeout)
        return False


def transfer_of_the_table(data_set, stop, retries):
    """A transfer without what is around it."""
    data_set.folder.mkdir()
    entry = load_catalogue("small", data_set.write_catalogue()).files[0]
    part = PartFile(data_set.folder / entry.name)
    listener = data_set.listener
    return Transfer(
        entry,
        entry.links,
        part,
        retries=retries,
        stop=stop,
        moved=print,
        noted=listener.say,
        reporter=listener,
    )


def test_what_a_host_asks_to_wait_is_waited_and_else_ever_longer(data_set, host):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=200), usegmt=True)
    asked = [120, later, 0, "soon", -5]
    host.turns["table.csv"] = [says(503, Retry_After=value) for value in asked] + [says(503)] * 3
    stop = Waits()
    retries = RetryPolicy(attempts=9, back_off=BackOff(0.5, 20, chance=0.5))
    with new_session() as session:
        transfer_of_the_table(data_set, stop, retries).run(session)
    assert stop.seconds[0] == 120
    assert data_set.listener.said[:2] == ["table.csv: it answers 503 Service Unavailable; again in 120 s", ""]
    assert 190 < stop.seconds[1] <= 200
    # Doubled, and between half and all of it by chance: 2, 4, 8, 16, 20, 20.
    for seconds, whole in zip(stop.seconds[2:], (2, 4, 8, 16, 20, 20), strict=True):
        assert whole / 2 <= seconds <= whole


def test_somebody_who_wants_to_stop_does_not_wait(data_set, host):
    host.always["table.csv"] = says(503, Retry_After=500)
    stop = threading.Event()
    stop.set()
    with new_session() as session, pytest.raises(Cancelled):
        transfer_of_the_table(data_set, stop, HASTE).run(session)


@pytest.mark.parametrize("name", ["attempts", "timeout_seconds", "longest_asked_seconds"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_waits_and_attempts_are_positive(name, value):
    with pytest.raises(UsageError, match=name):
        RetryPolicy(**{name: value})


def test_a_host_that_wants_hours_is_told_of(data_set, host):
    host.always[NAME] = says(503, Retry_After=7200)
    with pytest.raises(DownloadError, match="asks to be left alone for 7,200 seconds") as refused:
        data_set.fetch()
    assert "again" in refused.value.remedy


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_dead_link_is_told_at_once_with_what_to_do(data_set, host, status):
    host.always[NAME] = says(status)
    with pytest.raises(
        DownloadError, match=f"cannot be fetched from {host.address}/{NAME}: it answers"
    ) as bad:
        data_set.fetch()
    assert str(status) in bad.value.message
    assert "`catalogue=FILE`" in bad.value.remedy
    assert "`mirror=URL`" in bad.value.remedy
    assert len(host.asked[NAME]) == 1


@pytest.mark.parametrize("after_a_break", [False, True])
def test_a_web_page_in_place_of_a_file_is_no_file(data_set, host, after_a_break):
    page = says(200, b"<!doctype html><title>Box</title>" * 10, Content_Type="text/html; charset=utf-8")
    host.turns[NAME] = [drops(FIRST)] if after_a_break else []
    host.always[NAME] = page
    host.always["table.csv"] = page
    with pytest.raises(DownloadError, match=r"not in their place: images_001\.tar\.gz, table\.csv"):
        data_set.fetch()
    told = [text for text in data_set.listener.warned if "web page instead of the file" in text]
    assert [text.split(": ")[0] for text in told] == [f"{NAME}, table.csv"]
    assert len(data_set.found().get(f"{NAME}.part", b"")) == (FIRST if after_a_break else 0)


def test_a_web_page_that_says_it_is_an_archive_is_none(data_set, host):
    data_set.known = "nothing"
    host.always[NAME] = says(200, b"<!doctype html>", Content_Type="application/gzip")
    with pytest.raises(DownloadError, match=r"no \.tar\.gz archive"):
        data_set.fetch()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_to_other_hosts_too_with_the_range(data_set, host, status):
    other = Host()
    try:
        other.files = dict(host.files)
        other.turns[NAME] = [drops(FIRST)]
        host.always[NAME] = redirects(f"{other.address}/{NAME}", status)
        host.turns["table.csv"] = [redirects("/elsewhere/table.csv", status)]
        host.always["elsewhere/table.csv"] = says(200, host.files["table.csv"])
        data_set.fetch()
        assert data_set.is_complete()
        assert other.ranges(NAME) == [None, f"bytes={FIRST}-"]
    finally:
        other.close()


def test_redirects_in_a_circle_end(data_set, host):
    host.always[NAME] = redirects(f"/again/{NAME}")
    host.always[f"again/{NAME}"] = redirects(f"/{NAME}")
    with pytest.raises(DownloadError, match="redirects more than 5 times"):
        data_set.fetch()
    assert len(host.asked[NAME]) + len(host.asked[f"again/{NAME}"]) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "", "http://[::1"])
def test_redirects_to_nowhere_are_refused(data_set, host, target):
    host.always[NAME] = redirects(target)
    with pytest.raises(DownloadError, match=r"redirects to nowhere|cannot be meant"):
        data_set.fetch()


def test_a_wrong_checksum_is_fetched_once_more(data_set, host):
    data_set.write_catalogue()
    good = host.files[NAME]

    def changes_a_byte(handler, host, path):
        host.files[path] = good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]
        well(handler, host, path)
        host.files[path] = good

    host.turns[NAME] = [changes_a_byte]
    data_set.fetch(rewrite=False)
    assert data_set.is_complete()
    assert any("came wrong (SHA-256" in text for text in data_set.listener.warned)
    host.always[NAME] = changes_a_byte
    data_set.folder = data_set.folder.with_name("other")
    with pytest.raises(DownloadError, match=r"came wrong twice from .*: SHA-256 \w{12}\.\.\., published"):
        data_set.fetch(rewrite=False)
    assert not [name for name in data_set.found() if "images_001" in name]


def test_bytes_that_were_spoilt_on_disk_are_found_by_the_checksum(data_set, host):
    host.turns[NAME] = [drops(FIRST)]
    host.always[NAME] = drops(0)
    with pytest.raises(DownloadError):
        data_set.fetch()
    part = data_set.folder / f"{NAME}.part"
    part.write_bytes(b"\x1f\x8b" + bytes(part.stat().st_size - 2))
    del host.always[NAME]
    data_set.fetch()
    assert data_set.is_complete()
    assert host.ranges(NAME)[-2:] == [f"bytes={FIRST}-", None]


def test_a_second_link_is_tried_where_the_first_one_fails(data_set, host):
    host.always["dead"] = says(404)
    data_set.write_catalogue(images_001=[f"{host.address}/dead", f"{host.address}/{NAME}"])
    data_set.fetch(rewrite=False)
    assert data_set.is_complete()
    assert any(f"trying {host.address}/{NAME}" in text for text in data_set.listener.warned)


@pytest.mark.parametrize("known", ["sha256", "nothing"])
def test_a_mirror_goes_on_with_the_bytes_of_another_host_only_where_the_sum_is_known(data_set, host, known):
    data_set.known = known
    host.turns[NAME] = [drops(FIRST)]
    host.always[NAME] = drops(0)
    with pytest.raises(DownloadError):
        data_set.fetch()
    mirror = Host()
    try:
        mirror.files = {f"nih/{name}": content for name, content in host.files.items()}
        data_set.fetch(mirror=f"{mirror.address}/nih/")
        assert data_set.is_complete()
        assert mirror.ranges(f"nih/{NAME}") == [f"bytes={FIRST}-" if known == "sha256" else None]
        assert not mirror.asked["nih/table.csv"]  # it was there
    finally:
        mirror.close()
    record = json.loads((data_set.folder / "download.json").read_text())["files"][NAME]
    assert record["link"] == f"{mirror.address}/nih/{NAME}"
    assert record["sha256"] == hashlib.sha256(host.files[NAME]).hexdigest()


def test_a_mirrors_password_is_used_and_never_shown(data_set, host):
    data_set.write_catalogue()
    with_password = host.address.replace("http://", "http://me:secret@")
    host.turns[NAME] = [drops(FIRST)]
    host.always[NAME] = says(404)
    with pytest.raises(DownloadError) as refused:
        data_set.fetch(mirror=with_password, rewrite=False)
    assert host.asked["table.csv"][0]["Authorization"].startswith("Basic ")
    told = [str(refused.value), *data_set.listener.said, *data_set.listener.warned]
    told += [path.read_text() for path in data_set.folder.glob("*.json")]
    assert len(told) > 6
    assert not [text for text in told if "secret" in text]


def test_a_host_that_cannot_be_reached_is_an_error_with_its_cause(data_set, host):
    data_set.write_catalogue(table=["http://127.0.0.1:1/table.csv"])
    with pytest.raises(DownloadError, match=r"cannot be reached \(connection refused\), 3 times in a row"):
        data_set.fetch(rewrite=False)


def test_a_proxy_is_used(data_set, host, monkeypatch):
    """The host stands in for the proxy: it answers for a host that does not exist."""
    monkeypatch.setenv("http_proxy", host.address)
    monkeypatch.delenv("no_proxy", raising=False)
    data_set.fetch(mirror="http://nowhere.invalid")
    assert data_set.is_complete()
    assert host.asked[NAME][0]["Host"] == "nowhere.invalid"


@pytest.fixture
def secure_host(tmp_path, monkeypatch):
    """A host with https, and its certificate."""
    certificate, key = _certificate()
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    secure = Host(context)
    yield secure, tmp_path / "certificate.pem"
    secure.close()


def test_https_is_never_left_for_http(data_set, host, secure_host, monkeypatch):
    secure, certificate = secure_host
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    secure.files = dict(host.files)
    data_set.fetch(mirror=secure.address)
    assert data_set.is_complete()
    (data_set.folder / "table.csv").unlink()
    secure.always["table.csv"] = redirects(f"{host.address}/table.csv")
    with pytest.raises(DownloadError, match=r"redirects from https to http, to 127\.0\.0\.1"):
        data_set.fetch(mirror=secure.address)
    assert not host.asked["table.csv"]


def test_a_certificate_that_nobody_vouches_for_is_refused(data_set, secure_host):
    secure, _ = secure_host
    with pytest.raises(DownloadError, match=r"4 of 4"):
        data_set.fetch(mirror=secure.address)
    (told,) = data_set.listener.warned
    assert "images_003.tar.gz, table.csv: its certificate is not trusted (self" in told
    assert "REQUESTS_CA_BUNDLE" in told


def _certificate() -> tuple[bytes, bytes]:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
