"""The only folder that talks to ffmpeg and PyAV: probing, decoding, measuring, encoding. Paths in, files and arrays out."""
