from models.recipes.voice_sentences import GRID_SLOTS, GRID_SPELLED, grid_text, sentences


def test_the_same_seed_gives_the_same_distinct_sentences():
    texts = sentences(400, 3)
    assert texts == sentences(400, 3) and len(set(texts)) == 400 and texts != sentences(400, 4)


def test_letters_are_spelled_as_the_speakers_of_grid_say_them():
    assert grid_text(["place", "red", "in", "a", "zero", "now"]) == "place red in eh zero now"
    assert grid_text(["bin", "blue", "by", "z", "two", "soon"]) == "bin blue by zed two soon"


def test_about_a_fifth_are_grid_commands():
    spelled = [{GRID_SPELLED.get(word, word) for word in slot} for slot in GRID_SLOTS]
    def is_command(text: str) -> bool:
        words = text.split()
        return len(words) == 6 and all(word in slot for word, slot in zip(words, spelled, strict=True))
    assert 0.1 < sum(map(is_command, sentences(500, 0))) / 500 < 0.3
