"""One file per job kind: fetch values from the stores, call the stage, keep the result. Only these write stage results."""
