"""Measuring translation: how well the words are chosen, and whether they can be said in the time there is (papers §1.2, §1.3).

A table of line pairs and some systems in; one JSON, one markdown table and one page of figures out. `tables` reads, `systems` translates,
`durations` times, `metrics` counts, `report` and `figure` tell. Behind `python -m studio eval translation`.
"""
