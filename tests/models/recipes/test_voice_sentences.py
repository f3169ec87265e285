from models.recipes.voice_sentences import GRID_SLOTS, sentences
from models.speech.recogniser import GRID_SPELLED


def test_the_same_seed_gives_the_same_distinct_sentences():
    texts = sentences(400, 3)
    assert texts == sentences(400, 3) and len(set(texts)) == 400 and texts != sentences(400, 4)


def test_about_a_fifth_are_grid_commands():
    spelled = [{GRID_SPELLED.get(word, word) for word in slot} for slot in GRID_SLOTS]
    def is_command(text: str) -> bool:
        words = text.split()
        return len(words) == 6 and all(word in slot for word, slot in zip(words, spelled, strict=True))
    assert 0.1 < sum(map(is_command, sentences(500, 0))) / 500 < 0.3
