"""libespeak-ng through ctypes: text in, 16-bit speech and timed phones and words out. Runs only inside the worker process.

Standard library only, so that a worker starts at once. The library is GPL-3 and keeps global state: never import this
in the studio's own process; ask `studio.engines.espeak_pool` instead. API: espeak-ng 1.52, `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: espeak_Synth returns when the text is spoken
_INITIAL_FLAGS = 0x0001 | 0x0002 | 0x8000  # phoneme events, as IPA, never exit() on a missing data folder
_TEXT_FLAGS = 0x0001  # UTF-8; neither SSML nor [[phoneme]] markup
_RATE, _PITCH = 1, 3
_UTF8 = 1  # espeakCHARS_UTF8
_IPA = 0x02  # espeakPHONEMES_IPA; without it the library's own phoneme names
_END_OF_LIST, _WORD, _PHONEME = 0, 1, 7


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("text_length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("audio_samples", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(slots=True)
class Utterance:
    """What the callback gathers. `phones`: (start_samples, IPA symbol, "" for a pause); `words`: (start_samples, first
    character, count of characters); `pcm`: signed 16-bit mono, filled only when asked for."""

    pcm: list[bytes] = field(default_factory=list)
    sample_count: int = 0
    phones: list[tuple[int, str]] = field(default_factory=list)
    words: list[tuple[int, int, int]] = field(default_factory=list)


class EspeakLibrary:
    """One initialised library. Raises OSError where it cannot start."""

    def __init__(self, library_path: str, data_path: str) -> None:
        self._library = ctypes.CDLL(library_path)
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._callback = _Callback(self._collect)
        self._utterance = Utterance()
        self._wants_audio = False
        self._voice = ""
        self.rate_hz = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), _INITIAL_FLAGS))
        if self.rate_hz <= 0:
            raise OSError(f"espeak-ng could not read its data in {data_path}.")
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> list[tuple[str, str, list[tuple[int, str]]]]:
        """(identifier, name, [(priority, language tag)]) of every voice; a lower priority number is a better match."""
        found, table, index = [], self._library.espeak_ListVoices(None), 0
        while table[index]:
            voice = table[index].contents
            found.append((voice.identifier.decode(), voice.name.decode(), _language_tags(voice.languages)))
            index += 1
        return found

    def speak(self, text: str, voice: str, rate_wpm: int, pitch: int, *, want_audio: bool) -> Utterance:
        """Synthesise plain text. `voice` is an identifier, with "+variant" where one is wanted. Raises ValueError."""
        self._choose(voice)
        self._library.espeak_SetParameter(_RATE, rate_wpm, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._utterance, self._wants_audio = Utterance(), want_audio
        data = text.encode("utf-8", "replace") + b"\0"
        status = self._library.espeak_Synth(data, len(data), 0, 1, 0, _TEXT_FLAGS, None, None)
        if status != 0:
            raise ValueError(f"the library refused the text (status {status}).")
        return self._utterance

    def clauses(self, text: str, voice: str, separator: str) -> list[tuple[str, str, str]]:
        """For each clause: its IPA with stress, the library's own names of the same phones, and the text it was read from.

        Words are parted by a space, phones by `separator`. The text read runs one letter into the next clause; that
        of the last ends with NUL. Raises ValueError for an unknown voice.
        """
        self._choose(voice)
        data = text.encode("utf-8", "replace")
        heard, named = self._pass(data, _IPA, separator), self._pass(data, 0, separator)  # whole passes: the library keeps the letter it read too far
        return [(ipa, names, read) for (ipa, read), (names, _) in zip(heard, named, strict=True)]

    def _pass(self, data: bytes, mode: int, separator: str) -> list[tuple[str, str]]:
        """The phones of every clause, and the text it was read from."""
        text = ctypes.create_string_buffer(data)  # ends with NUL
        first, place, found = ctypes.addressof(text), 0, []
        rest, flags = ctypes.c_void_p(first), mode | ord(separator) << 8
        while rest.value is not None:
            phones = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, flags) or b""
            end = len(text) if rest.value is None else rest.value - first
            found.append((phones.decode("utf-8", "ignore"), text.raw[place:end].decode("utf-8", "ignore")))
            place = end
        return found

    def _choose(self, voice: str) -> None:
        if voice != self._voice:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                self._voice = ""
                raise ValueError(f"there is no voice “{voice}”.")
            self._voice = voice

    def _collect(self, pcm: int | None, count: int, events: ctypes.Array) -> int:
        heard = self._utterance
        if pcm and count > 0:
            heard.sample_count += count
            if self._wants_audio:
                heard.pcm.append(ctypes.string_at(pcm, 2 * count))
        index = 0
        while events[index].kind != _END_OF_LIST:
            event = events[index]
            if event.kind == _PHONEME:
                heard.phones.append((event.audio_samples, event.id.string.decode("utf-8", "ignore")))
            elif event.kind == _WORD:
                heard.words.append((event.audio_samples, event.text_position - 1, event.text_length))
            index += 1
        return 0


def _language_tags(address: int) -> list[tuple[int, str]]:
    """The library's list of (priority byte, zero-terminated tag), closed by a zero byte."""
    tags = []
    while priority := ctypes.c_ubyte.from_address(address).value:
        tag = ctypes.string_at(address + 1)
        tags.append((priority, tag.decode()))
        address += len(tag) + 2
    return tags
