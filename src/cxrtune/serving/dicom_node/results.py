"""One received instance -> what goes back to the archive."""

from __future__ import annotations

from dataclasses import dataclass

from cxrtune.inference.prediction import Prediction
from cxrtune.recipe import PreprocessSpec
from cxrtune.serving.dicom_node.capture import heatmap_capture
from cxrtune.serving.dicom_node.instance import to_result
from cxrtune.serving.dicom_node.queue import Result
from cxrtune.serving.dicom_node.report import structured_report
from cxrtune.serving.dicom_node.source import SourceInstance


@dataclass(frozen=True)
class ResultMaker:
    """Makes the data sets of a model's predictions.

    Attributes:
        spec: How a radiograph becomes the network's input.
        refuse: Give no numbers and no heatmaps of pictures that the quality checks flag.
    """

    spec: PreprocessSpec
    refuse: bool = False

    def results(self, source: SourceInstance, prediction: Prediction, received: float) -> list[Result]:
        """Return the report, and a heatmap for each finding that is called present; the same for the same.

        Args:
            source: The radiograph.
            prediction: What the model says of it.
            received: When it came, in seconds since 1970.
        """
        made = [structured_report(source, prediction, received, refuse=self.refuse)]
        if prediction.quality.fit or not self.refuse:
            made += [
                heatmap_capture(source, prediction, finding, number, self.spec, received)
                for number, finding in enumerate(prediction.findings)
                if finding.present
            ]
        return [to_result(dataset) for dataset in made]
