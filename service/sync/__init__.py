"""One attempt at one provider: fetch its list, read it, apply it."""
