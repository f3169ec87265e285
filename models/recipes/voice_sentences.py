"""English sentences for a draft voice to read: GRID commands, a small grammar of wide phone coverage, and everyday lines.

Enters: counts and a seed. Leaves: distinct texts in plain spelling. To cover other sounds, add words to the lists.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from models.speech.recogniser import as_spoken

GRID_SLOTS = (
    ("bin", "lay", "place", "set"),
    ("blue", "green", "red", "white"),
    ("at", "by", "in", "with"),
    tuple("abcdefghijklmnopqrstuvxyz"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("again", "now", "please", "soon"),
)
_WHO = (
    "the doctor", "my sister", "your brother", "the old man", "a young woman", "the teacher", "our neighbour", "the captain", "his uncle",
    "her mother", "the boy", "that girl", "the judge", "a stranger", "the chef", "the pilot", "everyone", "nobody", "the queen", "the author",
    "the engineer", "the nurse", "a thief", "the farmer", "their cousin", "the driver", "the musician", "the guard", "the witch", "George",
    "Joyce", "Hugh", "Sheila", "Martha", "Beth", "Oscar", "Vivian", "Yusuf", "Walter", "Chuck",
)  # fmt: skip
_DID = (
    "found", "lost", "bought", "sold", "washed", "watched", "heard", "enjoyed", "measured", "threw", "pushed", "pulled", "carried", "loved",
    "hated", "moved", "chose", "brought", "caught", "fixed", "painted", "noticed", "followed", "wanted", "forgot", "remembered", "explored",
    "shook", "borrowed", "hid", "changed", "judged", "touched", "cooked", "dropped", "wrapped", "searched", "left behind", "looked for", "asked about",
)  # fmt: skip
_WHAT = (
    "the garage door", "a yellow umbrella", "the treasure", "a cup of tea", "this beige jacket", "the new machine", "an orange", "five shirts",
    "the usual question", "a thick blanket", "the broken mirror", "some fresh bread", "a silver ring", "the wrong house", "both boxes",
    "the last piece of cheese", "a large pizza", "the weather report", "the quiet village", "a good book", "the blue vision", "many toys",
    "the first prize", "an empty bottle", "the leather chair", "a pure joy", "the noisy birds", "his wooden boat", "the cherry pie",
    "a huge elephant", "the church clock", "a smooth stone", "the thin thread", "an hour of sleep", "the royal palace", "a dozen eggs",
    "the whole truth", "a sharp knife", "their old photographs", "the green valley",
)  # fmt: skip
_WHERE = (
    "in the kitchen", "near the river", "by the window", "after lunch", "before the show", "at the airport", "on Thursday", "in July", "last year",
    "under the bridge", "behind the house", "every morning", "with great pleasure", "without a word", "for the first time", "on the road",
    "around the corner", "at the edge of the forest", "during the storm", "in the middle of the night", "as usual", "through the fog",
    "outside the theatre", "above the clouds", "on a rainy day", "in a hurry", "for a while", "with both hands", "once again", "by mistake",
)  # fmt: skip
_HOW = ("quickly", "slowly", "usually", "really", "almost", "never", "always", "suddenly", "finally", "just", "hardly", "gently")
_ASK = (
    "where are you going", "what do you think about", "why did you choose", "who told you about", "when will you bring", "how much is",
    "have you seen", "can you hear", "do you remember", "would you like to see", "could you show me", "did they enjoy", "are you sure about",
    "may I borrow", "shall we measure", "which of you lost", "is this", "did you put away",
)  # fmt: skip
_OPEN = (
    "I think", "I hope", "I know that", "we heard that", "she said that", "he told me that", "they believe", "it seems that", "you know,", "well,",
    "of course,", "to be honest,", "listen,", "believe me,", "in my view,", "oh no,", "look,", "by the way,",
)  # fmt: skip
_STATE = (
    "it is going to rain", "the train is late", "there is nothing to worry about", "we should leave now", "this is the best choice",
    "you were right", "the shop is closed", "everything has changed", "we have enough time", "the water is too cold", "nobody will ever know",
    "it was a pleasure", "he does not want to talk", "she is a very good friend", "the road goes over the mountain", "they are on their way",
    "I would rather stay here", "my voice is gone", "the boys are out there", "that joke was not funny", "it costs a few pounds",
    "the church is just over there", "you look tired", "both of them are young", "we can try again", "the measure of success is joy",
    "the casual visitor asked for a refund", "the azure sky turned grey", "his fever is down", "they use the usual road",
)  # fmt: skip
_LINES = (
    "good morning", "good night, sleep well", "thank you very much", "you are welcome", "how are you today", "I am fine, thanks", "see you tomorrow",
    "excuse me, please", "what time is it", "I do not know", "come in and sit down", "let us go home", "wait a minute", "that is not true",
    "hurry up, we are late", "be careful with that", "do not touch it", "leave me alone", "what is your name", "where do you live", "nice to meet you",
    "call me back later", "I will be right there", "it does not matter", "never mind", "take your time", "watch your step", "turn off the light",
    "open the door", "close your eyes", "give it to me", "help me with this", "I changed my mind", "you must be joking", "that sounds great",
    "no way", "are you all right", "what happened here", "I am so sorry", "congratulations", "happy birthday to you", "keep the change",
    "mind the gap", "stay where you are", "this way, please", "one more thing", "I have had enough", "who is there", "it is a long story",
    "do you speak English", "I cannot hear you", "say that again", "speak more slowly", "what a beautiful voice", "the show must go on",
    "quiet on the set", "lights, camera, action", "cut, that was perfect", "from the top, please", "once more with feeling", "I love this song",
)  # fmt: skip
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "twenty", "thirty", "a hundred")
_COUNTED = ("apples", "children", "roads", "pictures", "keys", "miles", "hours", "dollars", "voices", "judges", "fishes", "watches", "clothes", "months")


def sentences(count: int, seed: int) -> list[str]:
    """`count` distinct texts in random order: a fifth GRID commands, the rest grammar, questions, statements and everyday lines."""
    chance = random.Random(seed)
    makers: tuple[tuple[Callable[[random.Random], str], float], ...] = (
        (_grid, 0.2), (_told, 0.28), (_asked, 0.16), (_stated, 0.18), (_counted, 0.08), (_joined, 0.1),
    )  # fmt: skip
    texts = dict.fromkeys(_LINES[: count // 4])
    while len(texts) < count:
        maker = chance.choices([maker for maker, _ in makers], [weight for _, weight in makers])[0]
        texts[maker(chance)] = None
    return chance.sample(list(texts), count)


def _grid(chance: random.Random) -> str:
    return as_spoken([chance.choice(slot) for slot in GRID_SLOTS])


def _told(chance: random.Random) -> str:
    how = f" {chance.choice(_HOW)}" if chance.random() < 0.3 else ""
    where = f" {chance.choice(_WHERE)}" if chance.random() < 0.7 else ""
    return f"{chance.choice(_WHO)}{how} {chance.choice(_DID)} {chance.choice(_WHAT)}{where}."


def _asked(chance: random.Random) -> str:
    question = chance.choice(_ASK)
    return f"{question}?" if question.endswith("going") else f"{question} {chance.choice(_WHAT)}?"


def _stated(chance: random.Random) -> str:
    where = f" {chance.choice(_WHERE)}" if chance.random() < 0.3 else ""
    return f"{chance.choice(_OPEN)} {chance.choice(_STATE)}{where}."


def _counted(chance: random.Random) -> str:
    return f"{chance.choice(_WHO)} {chance.choice(_DID)} {chance.choice(_NUMBERS)} {chance.choice(_COUNTED)} {chance.choice(_WHERE)}."


def _joined(chance: random.Random) -> str:
    return f"{chance.choice(_LINES)}, {chance.choice(('and', 'but', 'or', 'so'))} {chance.choice(_STATE)}."
