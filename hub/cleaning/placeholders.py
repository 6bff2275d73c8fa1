"""What people type when a form wants something and they have nothing, in the languages of the systems met so far."""

from __future__ import annotations

# Compared with their case: Null and Na are family names, NULL and n/a are not.
EXACT = frozenset({"NULL", "null", "NIL", "NaN", "nan", "NONE", "None", "N/A", "n/a", "NN", "N.N."})

_BY_LANGUAGE = {
    "en": "n/a|n.a|n\\a|#n/a|not available|not applicable|not known|not provided|not specified|not given|not set|no "
    "data|no value|"
    "no name|no email|no phone|no address|unknown|unspecified|undefined|undisclosed|unnamed|missing|empty|blank|(null)|(none)|"
    "none given|tbd|tba|tbc|to be confirmed|to be defined|dummy|test|test test|testing|test user|test customer|do not "
    "use|anonymous|"
    "lorem ipsum|foo bar|abc123|12345678|123456789|1234567890|0123456789",
    "de": "unbekannt|k.a|k. a|keine angabe|keine angaben|keine|nicht bekannt|nicht angegeben|nicht vorhanden|entfällt|"
    "ohne angabe|o.a|"
    "leer|testkunde|test kunde|bitte löschen|n. n|n.n",
    "es": "desconocido|desconocida|sin datos|sin dato|sin nombre|sin especificar|sin informar|sin correo|no disponible|no consta|"
    "no aplica|no informado|ninguno|ninguna|n/d|n.d|prueba|cliente prueba",
    "fr": "inconnu|inconnue|non renseigné|non renseigne|non communiqué|non communique|non disponible|non applicable|néant|neant|"
    "aucun|aucune|sans objet|s.o|essai|à compléter",
    "it": "sconosciuto|sconosciuta|non disponibile|non specificato|non pervenuto|non noto|nessuno|prova",
    "pt": "desconhecido|desconhecida|não informado|nao informado|não disponível|nao disponivel|não consta|sem informação|"
    "sem informacao|nenhum|teste",
    "nl": "onbekend|n.v.t|nvt|niet bekend|niet van toepassing|niet opgegeven|geen",
    "pl": "brak|brak danych|nieznany|nieznana|nie dotyczy|nie podano|niedostępny",
    "sv": "okänd|okänt|saknas|uppgift saknas|ej angivet",
    "da": "ukendt|ikke oplyst|ikke angivet",
    "no": "ukjent|ikke oppgitt",
    "fi": "tuntematon|ei tiedossa|ei ole|puuttuu",
    "cs": "neznámý|neznámá|neznámé|neuvedeno|není známo|žádný",
    "hu": "ismeretlen|nincs|nincs adat|nem ismert",
    "ro": "necunoscut|necunoscută|nespecificat|fără|nu se aplică",
    "tr": "bilinmiyor|belirtilmemiş|yok|mevcut değil",
    "ru": "неизвестно|неизвестен|неизвестный|неизвестная|нет данных|нет|не указано|не указан|отсутствует|тест|б/н",
    "uk": "невідомо|невідомий|немає|немає даних|не вказано",
    "bg": "неизвестен|неизвестно|няма|няма данни|не е посочено",
    "el": "άγνωστο|άγνωστος|άγνωστη|δεν υπάρχει|κανένα|δ/υ",
    "zh": "未知|无|無|不详|不詳|暂无|暫無|没有|沒有|未填|未填写|测试|測試|空",
    "ja": "不明|なし|無し|未定|未入力|未登録|該当なし|テスト",
    "ko": "미상|없음|알수없음|알 수 없음|미정|미입력|해당없음|해당 없음|테스트",
    "ar": "غير معروف|غير متوفر|غير محدد|لا يوجد|لا ينطبق|مجهول",
    "he": "לא ידוע|אין|לא זמין|לא רלוונטי",
}

WORDS = frozenset(word.casefold() for words in _BY_LANGUAGE.values() for word in words.split("|"))

# Local parts of addresses nobody reads: True with any domain, False only before a domain of the same kind (none@none.com).
EMAIL_LOCAL_PARTS = {
    **dict.fromkeys(
        (
            "noemail no-email no.email no_email nomail no-mail nocorreo sincorreo sinemail sinmail keinemail keine-email "
            "keinemailvorhanden geenemail pasdemail sansmail sansemail brakmaila brakemail notprovided not.provided "
            "donthaveone"
        ).split(),
        True,
    ),
    **dict.fromkeys(
        "none na n-a no nil null unknown test x xx xxx a aa aaa abc asdf qwerty dummy fake email mail nobody any".split(), False
    ),
}
