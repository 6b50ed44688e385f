"""Sound in and out of files: probe, decode, channels, peaks."""
