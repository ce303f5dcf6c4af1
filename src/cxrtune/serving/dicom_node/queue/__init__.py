"""The node's queue: a SQLite file that keeps every instance until its results have been stored elsewhere."""

from cxrtune.serving.dicom_node.queue.file import Received, Result, Unsent
from cxrtune.serving.dicom_node.queue.queue import Queue

__all__ = ["Queue", "Received", "Result", "Unsent"]
