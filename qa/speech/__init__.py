"""Speech adapters: the recogniser with its guards, speaker diarisation, and who of them is the agent."""
