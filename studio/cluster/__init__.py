"""Work on the machines of a Ray cluster: a seat for each GPU, or some on a machine that has none, and in each a worker like any other."""
