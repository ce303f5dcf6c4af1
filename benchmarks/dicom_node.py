"""The node under three senders, killed and its archive stopped on the way: is every result there once?

    python benchmarks/dicom_node.py --out DIR [--instances 500] [--kills 5] [--stops 2]

Orthanc (Debian: orthanc, dcmtk) is the archive. The model is a network of 64 px that was never trained, the
images are phantoms as CR and DX. The senders are DCMTK's storescu; what is not acknowledged they send again,
so that instances come more than once. The node is killed by SIGKILL when a further share is done.
"""

import argparse
import io
import json
import random
import resource
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "serving" / "dicom_node")]

from node_world import FINDINGS, SERIES, THRESHOLDS, Node, Orthanc, radiograph, run, small_model  # noqa: E402
from pydicom import dcmread  # noqa: E402

BATCH = 5  # files a sender sends in one association
AHEAD = 20  # instances that wait in the node while senders hold back, so that kills meet senders at work
PAUSE = 1.0  # seconds before a sender tries again
DOWN = 6.0  # seconds that the archive is away
AT_WORK = threading.Event()


def write_images(folder: Path, count: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = []
    for number in range(count):
        path = folder / f"{number:05d}.dcm"
        study = f"{SERIES}.9.{number // 2}"  # two images a study
        path.write_bytes(radiograph(number, StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1"))
        paths.append(path)
    return paths


def send(node: Node, files: list[Path], tried: Counter) -> None:
    """Send until all is acknowledged, as a modality does."""
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        while waiting(node) > AHEAD:
            time.sleep(0.1)
        while True:
            tried.update(batch)
            AT_WORK.set()
            with suppress(AssertionError):
                run("storescu", "-aet", "SENDER", "-aec", node.title, "127.0.0.1", node.port, *batch)
                break
            time.sleep(PAUSE)


def waiting(node: Node) -> int:
    with suppress(Exception):
        return node.counts()["received"] + node.counts()["scored"]
    return 0


def done(node: Node) -> int:
    with suppress(Exception):
        return node.counts()["done"]
    return 0


def disturb(node: Node, archive: Orthanc, count: int, kills: int, stops: int, chance: random.Random) -> None:
    """Kill the node and stop the archive at shares of the work."""
    events = [((index + 1) / (kills + 1), "kill") for index in range(kills)]
    events += [((index + 0.5) / stops, "stop") for index in range(stops)]
    for share, event in sorted(events):
        while done(node) < share * count * 0.95:
            time.sleep(0.05)
        if event == "kill":
            # In the middle of somebody's sending, if anybody still does.
            AT_WORK.clear()
            AT_WORK.wait(5)
            time.sleep(chance.uniform(0, 0.3))
            node.kill()
            node.start()
        else:
            archive.stop()
            time.sleep(DOWN)
            archive.start()


def soak(folder: Path, count: int, kills: int, stops: int) -> dict:
    """Run it, and return what was found in the archive."""
    files = write_images(folder / "images", count)
    archive = Orthanc(folder / "orthanc").start()
    node = Node(small_model(folder / "model"), folder / "node", ("--results-to", archive.peer)).start()
    tried: Counter = Counter()
    started = time.monotonic()
    senders = [threading.Thread(target=send, args=(node, files[share::3], tried)) for share in range(3)]
    try:
        for sender in senders:
            sender.start()
        disturb(node, archive, count, kills, stops, random.Random(7))
        for sender in senders:
            sender.join()
        acknowledged = time.monotonic() - started
        while sum(node.counts()[state] for state in ("received", "scored")):
            time.sleep(0.1)
        seconds = time.monotonic() - started
        return {
            "instances": count,
            "kills": kills,
            "stops": stops,
            "sent_more_than_once": sum(times > 1 for times in tried.values()),
            **in_archive(archive, count),
            "aside": node.counts()["aside"],
            "acknowledged_seconds": round(acknowledged, 1),
            "seconds": round(seconds, 1),
            "peak_mb_of_children": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        }
    finally:
        node.stop()
        archive.stop()


def in_archive(archive: Orthanc, count: int) -> dict:
    """Count results by the radiograph that they say they are of."""
    reports = Counter(source_of_report(data) for data in archive.files("SR"))
    captures = Counter(source_of_capture(data) for data in archive.files("OT"))
    wanted = {f"{SERIES}.{number}" for number in range(count)}
    each = sum(THRESHOLDS[finding] == 0 for finding in FINDINGS)
    return {
        "reports": sum(reports.values()),
        "missing": len(wanted - set(reports)),
        "double": sum(times > 1 for times in reports.values()),
        "strange": len(set(reports) - wanted),
        "captures": sum(captures.values()),
        "captures_missing_or_double": sum(captures[source] != each for source in wanted),
    }


def source_of_report(data: bytes) -> str:
    series = (
        dcmread(io.BytesIO(data)).CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    )
    return str(series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)


def source_of_capture(data: bytes) -> str:
    dataset = dcmread(io.BytesIO(data), stop_before_pixels=True)
    return str(dataset.SourceImageSequence[0].ReferencedSOPInstanceUID)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="a new folder to work in")
    parser.add_argument("--instances", type=int, default=500)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--stops", type=int, default=2)
    options = parser.parse_args()
    found = soak(options.out, options.instances, options.kills, options.stops)
    print(json.dumps(found, indent=2))
    wrong = ("missing", "double", "strange", "captures_missing_or_double", "aside")
    sys.exit(any(found[name] for name in wrong) or found["reports"] != options.instances)


if __name__ == "__main__":
    main()
