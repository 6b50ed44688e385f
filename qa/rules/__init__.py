"""Rules, flows and scorecards: schema, conditions, engine, score. Pure functions over a transcript."""
