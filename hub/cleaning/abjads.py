"""Arabic and Hebrew in Latin letters. Their scripts write consonants and long vowels; short vowels are not guessed.

The most common names are written as people write them (``محمد`` -> Muhammad), all others letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_ARABIC = dict(
    zip(
        "بتثجحخدذرزسشصضطظغفقكلمنهپچژگڤکھہ",
        "b t th j h kh d dh r z s sh s d t z gh f q k l m n h p ch zh g v k h h".split(),
        strict=True,
    )
)
_HEBREW = dict(zip("בגדהזחטכלמנספצקרשתךםןףץ", "b g d h z h t k l m n s p ts k r sh t kh m n f ts".split(), strict=True))
_LONG_A = frozenset("اآأىةא")  # alef and what stands for it; ayin below sounds only where no vowel stands before it
_AYIN = frozenset("عע")
_WAW = frozenset("وؤו")
_YOD = frozenset("يئیי")
_MARKS = re.compile("[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")  # points, vowel marks, the stretching line
_RUN = re.compile("[\u05d0-\u05ea\u0621-\u064a\u067e\u0686\u0698\u06a4\u06a9\u06af\u06be\u06c1\u06cc]+")

_ARABIC_NAMES = """
محمد Muhammad|أحمد Ahmad|احمد Ahmad|محمود Mahmud|علي Ali|حسن Hasan|حسين Husayn|عمر Umar|عثمان Uthman
خالد Khalid|يوسف Yusuf|إبراهيم Ibrahim|ابراهيم Ibrahim|عبدالله Abdullah|الله Allah|عبد Abd
الرحمن al-Rahman|عبدالرحمن Abdulrahman|العزيز al-Aziz|عبدالعزيز Abdulaziz|مصطفى Mustafa|سعيد Said|سعد Saad
سالم Salim|سليم Salim|سلمان Salman|سليمان Sulayman|فهد Fahd|فيصل Faysal|فؤاد Fuad|كريم Karim|كمال Kamal
جمال Jamal|جمعة Juma|جاسم Jasim|ناصر Nasir|نادر Nadir|نبيل Nabil|نور Nur|هاشم Hashim|هشام Hisham
وليد Walid|ياسر Yasir|ياسين Yasin|زيد Zayd|زياد Ziyad|طارق Tariq|طلال Talal|صالح Salih|صلاح Salah
شريف Sharif|رشيد Rashid|راشد Rashid|رضا Rida|رامي Rami|حمد Hamad|حمزة Hamza|حامد Hamid|حميد Hamid|بدر Badr
بلال Bilal|بشار Bashar|أنس Anas|أنور Anwar|أيمن Ayman|أسامة Usama|أمين Amin|أمير Amir|إسماعيل Ismail
إدريس Idris|عادل Adil|عامر Amir|عماد Imad|عيسى Isa|موسى Musa|يحيى Yahya|يعقوب Yaqub|داود Dawud|هارون Harun
زكريا Zakariya|مريم Maryam|فاطمة Fatima|عائشة Aisha|خديجة Khadija|زينب Zaynab|سارة Sara|ليلى Layla
نورة Nura|هند Hind|هدى Huda|منى Muna|سلمى Salma|رنا Rana|ريم Rim|دينا Dina|رانيا Rania|أمل Amal|إيمان Iman
آمنة Amina|سميرة Samira|كريمة Karima|نادية Nadia|بن bin|ابن ibn|بنت bint|أبو Abu|ابو Abu|أم Umm|آل Al
الدين al-Din
"""
_HEBREW_NAMES = """
דוד David|משה Moshe|יוסף Yosef|אברהם Avraham|יצחק Yitzhak|יעקב Yaakov|שלמה Shlomo|שמואל Shmuel|אהרן Aharon
אליהו Eliyahu|דניאל Daniel|מיכאל Michael|גבריאל Gavriel|רפאל Rafael|יהודה Yehuda|בנימין Binyamin
שמעון Shimon|ראובן Reuven|לוי Levi|כהן Cohen|מזרחי Mizrahi|פרץ Peretz|ביטון Biton|דהן Dahan|אזולאי Azoulay
פרידמן Friedman|אברהמי Avrahami|שרה Sarah|רבקה Rivka|רחל Rachel|לאה Leah|מרים Miriam|אסתר Esther
חנה Hannah|רות Ruth|נעמי Naomi|תמר Tamar|יעל Yael|נועה Noa|מיכל Michal|שירה Shira|אורי Uri|איתן Eitan
אריאל Ariel|אלון Alon|גיל Gil|גיא Guy|עמית Amit|עומר Omer|תומר Tomer|רון Ron|רונן Ronen|נדב Nadav|עידו Ido
יונתן Yonatan|נתן Natan|אלעזר Elazar|חיים Haim|מאיר Meir|מנחם Menachem|מרדכי Mordechai|צבי Zvi|זאב Zeev
ישראל Israel|ירושלים Jerusalem|יהושע Yehoshua|אפרים Efraim|עזרא Ezra|ברוך Baruch|בן Ben|בת Bat
"""


@cache
def _names() -> dict[str, str]:
    lines = f"{_ARABIC_NAMES.strip()}\n{_HEBREW_NAMES.strip()}".replace("\n", "|").split("|")
    return dict(line.split(" ", 1) for line in lines)


def romanized(text: str) -> str:
    """The text with its Arabic and Hebrew words in Latin letters; the rest stays as it is."""
    return _RUN.sub(lambda run: _word(run[0]), _MARKS.sub("", unicodedata.normalize("NFC", text)))


def _word(word: str) -> str:
    if name := _names().get(word):
        return name
    if word.startswith("ال") and len(word) > 4:
        return f"al-{_names().get(word[2:]) or _spelled(word[2:]).capitalize()}"
    return _spelled(word).capitalize()


def _spelled(word: str) -> str:
    written = ""
    for index, sign in enumerate(word):
        behind = word[index + 1 : index + 2]
        written += _letter(sign, written, behind, first=index == 0)
    return written


def _letter(sign: str, before: str, behind: str, *, first: bool) -> str:
    """One letter: consonants as they are, waw and yod by their place, alef as a, ayin where a syllable needs its vowel."""
    vowel_before = before[-1:] in ("a", "i", "u", "o")
    if sign in _LONG_A:
        return "" if before.endswith("a") else "a"
    if sign == "إ":
        return "i"
    if sign in _AYIN:
        return "" if vowel_before else "a"
    if sign in _WAW:
        return _waw(sign, behind, first=first, vowel_before=vowel_before)
    if sign in _YOD:
        return "y" if first or (behind in _LONG_A and vowel_before) else "i"
    if sign == "ה" and not behind and not first:
        return "" if vowel_before else "a"
    return _ARABIC.get(sign) or _HEBREW.get(sign, "")


def _waw(sign: str, behind: str, *, first: bool, vowel_before: bool) -> str:
    hebrew = sign == "ו"
    if first or (behind and behind in _LONG_A):
        return "v" if hebrew else "w"
    if vowel_before:
        return "v" if hebrew else "w"
    return "o" if hebrew else "u"
