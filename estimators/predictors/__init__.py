"""Networks that predict the next token, behind one protocol."""
