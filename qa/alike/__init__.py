"""Whether a sentence is worded like those that are known to be offences: a second reader beside the patterns."""
