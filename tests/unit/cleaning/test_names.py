from __future__ import annotations

import pytest

from hub.cleaning import gender, nicknames, person_name
from hub.errors import Unclean

P, G, M, F, S = "prefix", "given", "middle", "family", "suffix"


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("John Smith", {G: "John", F: "Smith"}),
        ("Dr. Ludwig van Beethoven", {P: "Dr.", G: "Ludwig", F: "van Beethoven"}),
        ("Smith, John Paul", {G: "John", M: "Paul", F: "Smith"}),
        ("Smith Jr., John", {G: "John", F: "Smith", S: "Jr."}),
        ("John Smith Jr", {G: "John", F: "Smith", S: "Jr."}),
        ("Martin Luther King, Jr.", {G: "Martin", M: "Luther", F: "King", S: "Jr."}),
        ("Mary Ann O'Neil III", {G: "Mary", M: "Ann", F: "O'Neil", S: "III"}),
        ("Berg, Jan van der", {G: "Jan", F: "van der Berg"}),
        ("van der Berg", {F: "van der Berg"}),
        ("Oscar de la Hoya", {G: "Oscar", F: "de la Hoya"}),
        ("José Ortega y Gasset", {G: "José", F: "Ortega y Gasset"}),
        ("Maria da Silva e Souza", {G: "Maria", F: "da Silva e Souza"}),
        ("Mohammed bin Salman", {G: "Mohammed", F: "bin Salman"}),
        ("Mohamed Al Fayed", {G: "Mohamed", F: "Al Fayed"}),
        ("Al Gore", {G: "Al", F: "Gore"}),
        ("Hans von und zu Berg", {G: "Hans", F: "von und zu Berg"}),
        ("St. John, Henry", {G: "Henry", F: "St. John"}),
        ("J. R. R. Tolkien", {G: "J.", M: "R. R.", F: "Tolkien"}),
        ("Frau Dr. med. Anna Schmidt-Weber", {P: "Frau Dr. med.", G: "Anna", F: "Schmidt-Weber"}),
        ("Pan Jan Kowalski", {P: "Pan", G: "Jan", F: "Kowalski"}),
        ("DUPONT Jean", {G: "Jean", F: "DUPONT"}),
        ("Jean Marie DUPONT", {G: "Jean", M: "Marie", F: "DUPONT"}),
        ("JOHN SMITH", {G: "JOHN", F: "SMITH"}),
        ('Robert "Bob" Smith', {G: "Robert", F: "Smith"}),
        ("Anna Weber geb. Klein", {G: "Anna", F: "Weber", "former": "Klein"}),
        ("Мария Ивановна Петрова", {G: "Мария", M: "Ивановна", F: "Петрова"}),
        ("Петрова Мария Ивановна", {G: "Мария", M: "Ивановна", F: "Петрова"}),
        ("王小明", {F: "王", G: "小明"}),
        ("欧阳修", {F: "欧阳", G: "修"}),
        ("田中 太郎", {F: "田中", G: "太郎"}),
        ("김민준", {F: "김", G: "민준"}),
        ("Mr. Smith", {P: "Mr.", F: "Smith"}),
        ("Herr Dr. Müller", {P: "Herr Dr.", F: "Müller"}),
    ],
)
def test_a_name_is_taken_apart_as_its_language_writes_it(full: str, parts: dict[str, str]) -> None:
    assert person_name(full) == {"full": full, **parts}


@pytest.mark.parametrize("full", ["Madonna", "John & Mary Smith", "Ana y Luis", "Ana und Peter Weber", "مريم"])
def test_what_would_be_a_guess_stays_whole(full: str) -> None:
    assert person_name(full) == {"full": full}


@pytest.mark.parametrize(
    ("full", "country", "given", "family"),
    [
        ("María García López", None, "María", "López"),
        ("María García López", "ES", "María", "García López"),
        ("José Luis de la Fuente García", "MX", "José", "de la Fuente García"),
        ("Nagy István", "HU", "István", "Nagy"),
        ("Nguyễn Văn An", "VN", "Văn", "Nguyễn"),
    ],
)
def test_the_country_tells_double_names_and_order(full: str, country: str | None, given: str, family: str) -> None:
    found = person_name(full, country)
    assert (found["given"], found["family"]) == (given, family)


@pytest.mark.parametrize("given", ["", "...", "123", "\x00Ana"])
def test_what_has_no_letters_is_no_name(given: str) -> None:
    with pytest.raises(Unclean):
        person_name(given)


def test_nicknames_work_both_ways_and_in_order() -> None:
    assert "bill" in nicknames("William")
    assert "william" in nicknames("Bill")
    assert list(nicknames("Elizabeth")) == sorted(nicknames("elizabeth"))
    assert nicknames("") == nicknames("Xqz") == ()


@pytest.mark.parametrize(
    ("given", "gender_", "flag"),
    [
        ("Frau", "female", None),
        ("m", "male", None),
        ("Hombre", "male", None),
        ("женский", "female", None),
        ("2", "female", None),
        ("divers", "other", None),
        ("Q", "Q", "gender_unknown"),
    ],
)
def test_gender_is_told_where_it_can_be_and_kept_where_not(given: str, gender_: str, flag: str | None) -> None:
    found = gender(given)
    assert (found, found.flag) == (gender_, flag)
