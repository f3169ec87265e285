"""The stages of a dub, one file each: values in, values out, no hidden state. `studio/pipeline.py` puts them in order."""
