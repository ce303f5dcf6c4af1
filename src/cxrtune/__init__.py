"""cxrtune: fine-tune a DenseNet-121 on chest radiographs, compare it honestly, and run it.

Research software, no medical device: it never diagnoses.
"""
