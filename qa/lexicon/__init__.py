"""Terms as data: schema, loader, matcher, homophones and the grammar of context."""
