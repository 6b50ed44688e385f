"""The operators of conditions, one module per family; `qa.rules.evaluate` puts them together."""
