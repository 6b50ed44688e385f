"""Text in normal form: scripts, widths, segmentation, numerals, syllable classes. Pure functions."""
