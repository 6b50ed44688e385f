"""The ordered stages of one analysis and the runner that resumes them from the stage cache."""
