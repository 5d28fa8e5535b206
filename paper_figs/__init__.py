"""One script per experiment; each reads a stored table and draws its figures."""
