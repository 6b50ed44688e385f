"""Measures results against recordings and texts with ground truth."""
