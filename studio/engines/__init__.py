"""One adapter per file, each keeping a protocol of `protocols.py`; heavy imports only inside `load()`."""
