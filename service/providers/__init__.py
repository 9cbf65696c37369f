"""One file a provider; ``adapter.py`` defines what an adapter is."""
