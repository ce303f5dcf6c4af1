"""DICOM files and data sets -> radiographs.

pydicom is imported only when the first DICOM file is read.
"""

from cxrtune.images.dicom.admission import ALLOWANCES, Allowance, allowances_of
from cxrtune.images.dicom.decode import decode_dataset, decode_dicom
from cxrtune.images.formats import is_dicom

__all__ = ["ALLOWANCES", "Allowance", "allowances_of", "decode_dataset", "decode_dicom", "is_dicom"]
