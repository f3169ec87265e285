"""Speech from text, prompt and face: the flow-matching net, its spectra, vocoders and speaker encoders."""
