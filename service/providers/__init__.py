"""The providers: ``adapter.py`` says what an adapter is, and each other file is one."""
