"""How the demo clip is made: a story in lines, two drawn people, a harbour, and sound. Run with `python -m scripts.make_demo`."""
