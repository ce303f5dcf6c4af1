"""The node's memory: a SQLite file in which every instance stands until its results are safe elsewhere."""

from cxrtune.serving.dicom_node.queue.queue import Queue
from cxrtune.serving.dicom_node.queue.rows import Received, Result, Unsent

__all__ = ["Queue", "Received", "Result", "Unsent"]
