"""Evidence that leaves the building: files of a frozen snapshot, their manifest and its verifier."""
