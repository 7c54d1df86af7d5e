"""The revisions, append only."""
