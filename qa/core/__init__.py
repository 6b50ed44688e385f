"""Pure vocabulary: what a transcript, a finding, a check and a scorecard are. Imports nothing of the project."""
