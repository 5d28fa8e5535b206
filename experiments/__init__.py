"""One question per file, the store of their results, and the command line."""
