"""Encodings: what the file says is believed, what it does not say is found from its letters."""

from __future__ import annotations

import pytest

from studio.formats.encoding import decode

SENTENCES = {
    "French": (
        "windows-1252",
        "Où étiez-vous hier soir ? J'ai appelé à la maison, ça n'a pas répondu. Très étrange, c'était déjà arrivé l'été dernier.",
    ),
    "German": (
        "windows-1252",
        "Natürlich können wir später über die Straße gehen. Größer wäre schöner, für mich müsste es nur früher öffnen.",
    ),
    "Spanish": ("windows-1252", "¿Qué pasó mañana? El niño comió después de la canción. ¡Está aquí! Sí, también mi corazón latió."),
    "Portuguese": ("windows-1252", "Não sei o que você quer dizer. A situação é difícil, então vamos à estação amanhã com o avô e a avó."),
    "Italian": ("windows-1252", "Perché non è venuto? Così non può andare, già lo sapevo. La verità è che la città è più bella lunedì."),
    "Danish": ("windows-1252", "Hvor er børnene? De er på vej hjem nu. Jeg håber, at I får en god rejse, og vi ses i næste måned på øen."),
    "Swedish": ("windows-1252", "Jag är här nu, men då måste vi gå hem. Är det så att förändringen är för svår att förstå? Några år till."),
    "Czech": ("windows-1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Kde jste byl včera večer? Řekněte mi, že to není možné, děkuji."),
    "Polish": (
        "windows-1250",
        "Gdzie byłeś wczoraj? Nie mogę w to uwierzyć, że się udało. Proszę, chodź tutaj, muszę ci coś pokazać, będzie źle.",
    ),
    "Hungarian": (
        "windows-1250",
        "Hol voltál tegnap este? Nem tudom elhinni, hogy sikerült. Gyere ide, mutatok valamit, az őszi erdő gyönyörű és hűvös.",
    ),
    "Croatian": (
        "windows-1250",
        "Gdje si bio jučer? Ne mogu vjerovati da će biti tako. Dođi ovamo, želim ti nešto pokazati, možda još više čuješ.",
    ),
    "Romanian": (
        "windows-1250",
        "Unde ai fost ieri seară? Nu pot să cred că a reuşit. Vino aici, să-ţi arăt ceva, înainte să plecăm în oraş.",
    ),
    "Turkish": (
        "windows-1254",
        "Dün akşam neredeydin? Başardığına inanamıyorum. Buraya gel, sana bir şey göstereceğim, çok güzel olacağız.",
    ),
    "Lithuanian": (
        "windows-1257",
        "Kur tu buvai vakar vakare? Negaliu patikėti, kad pavyko. Ateik čia, aš tau ką nors parodysiu, žinoma, šiąnakt grįžę.",
    ),
    "Russian": ("windows-1251", "Где ты был вчера вечером? Не могу поверить, что это получилось. Иди сюда, я тебе кое-что покажу."),
    "Russian, KOI8": ("koi8-r", "Где ты был вчера вечером? Не могу поверить, что это получилось. Иди сюда, я тебе кое-что покажу."),
    "Russian, DOS": ("cp866", "Где ты был вчера вечером? Не могу поверить, что это получилось. Иди сюда, я тебе кое-что покажу."),
    "Ukrainian": (
        "windows-1251",
        "Де ти був учора ввечері? Не можу повірити, що це вийшло. Іди сюди, я тобі щось покажу, їй-богу, є ще час.",
    ),
    "Bulgarian": ("windows-1251", "Къде беше снощи? Не мога да повярвам, че се получи. Ела тук, ще ти покажа нещо, което не си виждал."),
    "Greek": ("windows-1253", "Πού ήσουν χθες το βράδυ; Δεν μπορώ να το πιστέψω ότι πέτυχε. Έλα εδώ, θα σου δείξω κάτι."),
    "Hebrew": ("windows-1255", "איפה היית אתמול בערב? אני לא מאמין שזה הצליח. בוא הנה, אני אראה לך משהו."),
    "Arabic": ("windows-1256", "أين كنت مساء أمس؟ لا أصدق أن الأمر نجح. تعال إلى هنا، سأريك شيئا."),
    "Thai": ("cp874", "เมื่อวานตอนเย็นคุณอยู่ที่ไหน ฉันไม่อยากจะเชื่อว่ามันสำเร็จ มานี่สิ ฉันจะให้ดูอะไรบางอย่าง"),
    "Japanese": ("shift_jis", "昨日の夜はどこにいたの？うまくいったなんて信じられない。こっちへ来て、見せたいものがある。"),
    "Japanese, EUC": ("euc-jp", "昨日の夜はどこにいたの？うまくいったなんて信じられない。こっちへ来て、見せたいものがある。"),
    "Korean": ("euc-kr", "어제 저녁에 어디 있었어? 잘 됐다니 믿을 수가 없어. 이리 와 봐, 보여 줄 게 있어."),
    "Chinese, mainland": ("gb18030", "你昨天晚上去哪儿了？我真不敢相信居然成功了。过来，我给你看样东西，大家都在等你。"),
    "Chinese, Taiwan": ("big5", "你昨天晚上去哪裡了？我真不敢相信居然成功了。過來，我給你看樣東西，大家都在等你。"),
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_legacy_encoding_is_found_from_the_letters(language: str) -> None:
    codec, sentence = SENTENCES[language]
    text = f"1\n00:00:01,000 --> 00:00:03,000\n{sentence}\n"
    found = decode(text.encode(codec))
    assert found.text == text, f"read as {found.encoding}"
    assert found.is_guess


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("has_mark", [True, False])
def test_wide_encodings_are_read_with_or_without_a_mark(codec: str, has_mark: bool) -> None:
    text = "1\n00:00:01,000 --> 00:00:03,000\n你好，世界\n"
    found = decode((("\ufeff" if has_mark else "") + text).encode(codec))
    assert (found.text, found.encoding, found.is_guess) == (text, codec, not has_mark)


def test_utf_8_is_no_guess() -> None:
    assert decode("Grüße".encode()) == decode(b"\xef\xbb\xbf" + "Grüße".encode())
    assert not decode("Grüße".encode()).is_guess


def test_a_few_damaged_bytes_do_not_turn_utf_8_into_another_encoding() -> None:
    found = decode("Привет, друзья, как дела?".encode() + b"\xff\xff" + " Хорошо".encode())
    assert (found.encoding, found.damaged) == ("utf-8", 1)
    assert found.text.startswith("Привет") and found.text.endswith("Хорошо")


def test_an_encoding_declared_by_xml_is_believed_when_it_fits() -> None:
    found = decode('<?xml version="1.0" encoding="ISO-8859-1"?><tt>Grüße</tt>'.encode("latin-1"))
    assert found.encoding == "iso-8859-1" and "Grüße" in found.text


def test_any_bytes_are_decoded_to_something() -> None:
    assert decode(bytes(range(256))).text
