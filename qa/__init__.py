"""Tingjian: listens to every call of a contact centre and says, with proof, what went well and what did not."""

__version__ = "0.1.0"
