"""What is measured on representations, one family a module."""
