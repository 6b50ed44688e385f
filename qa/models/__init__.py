"""The model store: manifest, sources, hash checks."""
