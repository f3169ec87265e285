"""The shared box under load: scripted people, kills, hostile files, two servers, a day in minutes. Run by `python -m bench.load`."""
