"""Tables of radiographs: who, which view, which findings, which part of the split."""
