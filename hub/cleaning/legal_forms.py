"""Finding a legal form by any of its spellings."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from hub.cleaning.legal_form_table import TABLE
from hub.cleaning.texts import fold

# Only these stand before the name as well as behind it (or instead).
_LEADING = (
    *"ООО ПАО ОАО ЗАО АО НАО ИП ФГУП ГУП МУП НКО АНО ТОВ ПАТ ПрАТ АТ ФОП ПП ОДО ЧУП УП ТОО ЕТ OOO ZAO OAO PAO TOV PT".split(),
    *"UAB SIA OÜ AB Oy AS CTCP TNHH Stichting Stiftung Fundación Coöperatie Ets Établissements SARL SCI EURL SAS VšĮ".split(),
    *"VZW ASBL S.C.".split(),
    "Общество с ограниченной ответственностью",
    "Публичное акционерное общество",
    "Акционерное общество",
    "Закрытое акционерное общество",
    "Открытое акционерное общество",
    "Товариство з обмеженою відповідальністю",
    "Индивидуальный предприниматель",
    "Công ty TNHH",
    "Công ty Cổ phần",
)

# Forms that are also words. They count when they are written as the form is (SpA, S.p.A., or in capitals behind a name that is
# not), or when the organization is known to be of a country that has the form.
_ALSO_WORDS = frozenset(
    "spa too as da ad me mei pr et ei pa pc nl sd kd kk gk lp uc og ay ky bt rt is os ie ee ae ao ik mb".split()
)

# Forms of few letters that mean something else elsewhere: they count only where the country is known to have them.
_ONLY_AT_HOME = frozenset(
    (
        "ba fa ra af vi sr tp lc ccc sam fund coop cooperative soc scr sgr sat sii icc pcc kf ong csl smc aa fsa clf asc "
        "incorporation mmc qsc uks iap sca sci scm slm anl rpio bbl brl iks giu giz kbe hsz ibc ldc elp ilp ctr cga cti kda siz "
        "nsh perum assoc "
    ).split()
)


class LegalForm(NamedTuple):
    country: str
    shown: str
    spelling: str


def form_key(written: str) -> str:
    """Letters and digits only, folded: ``S. à r. l.`` and ``SARL`` meet."""
    return "".join(filter(str.isalnum, fold(written)))


def trailing_form(written: str, before: str, region: str) -> str:
    """The form that stands behind a name, as it is shown; empty where there is none."""
    return _chosen(trailing_forms().get(form_key(written), ()), written, before, region)


def leading_form(written: str, behind: str, region: str) -> str:
    return _chosen(_leading_forms().get(form_key(written), ()), written, behind, region)


def _chosen(forms: tuple[LegalForm, ...], written: str, name: str, region: str) -> str:
    """Of the forms that share their letters: the country's own, the one spelled just so, the first of the table."""
    if not forms:
        return ""
    own = [form for form in forms if form.country == region]
    if not own and "." not in written and form_key(written) in _ONLY_AT_HOME:
        return ""
    just_so = [form for form in forms if written.replace(" ", "") in (form.spelling.replace(" ", ""), form.shown)]
    if not own and not just_so and form_key(written) in _ALSO_WORDS and not _looks_like_a_form(written, name):
        return ""
    return (own or just_so or forms)[0].shown


def _looks_like_a_form(written: str, name: str) -> bool:
    return "." in written or "/" in written or (written.isupper() and not name.isupper())


@cache
def trailing_forms() -> dict[str, tuple[LegalForm, ...]]:
    forms: dict[str, tuple[LegalForm, ...]] = {}
    for line in TABLE.strip().splitlines():
        country, shown, *others = line.split("|")
        for spelling in (shown, *others):
            key = form_key(spelling)
            forms[key] = (*forms.get(key, ()), LegalForm(country, shown, spelling))
    return forms


@cache
def _leading_forms() -> dict[str, tuple[LegalForm, ...]]:
    return {key: trailing_forms()[key] for written in _LEADING if (key := form_key(written)) in trailing_forms()}


@cache
def joined_forms() -> tuple[tuple[str, str], ...]:
    """Forms of scripts that put no space around them, with how they are shown, the longest first."""
    forms = [form for forms in trailing_forms().values() for form in forms if _eastern(form.spelling)]
    found = {form.spelling: form.shown for form in reversed(forms)}
    return tuple(sorted(found.items(), key=lambda form: (-len(form[0]), form[0])))


def _eastern(word: str) -> bool:
    return any("\u3040" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7af" for sign in word)


def countries() -> tuple[str, ...]:
    """Whose forms are known."""
    return tuple(sorted({line.split("|")[0] for line in TABLE.strip().splitlines()} - {"EU"}))
