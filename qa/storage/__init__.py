"""Where audio and artefacts lie."""
