"""The database: models, repositories (every query lives here), migrations."""
