"""The node's memory: a SQLite file in which every instance stands until its results are safe elsewhere."""

from cxrtune.serving.dicom_node.queue.file import Received, Result, Unsent
from cxrtune.serving.dicom_node.queue.queue import Queue

__all__ = ["Queue", "Received", "Result", "Unsent"]
