"""Where the customers of the demo live: real cities with real postal code ranges, common street names, invented house numbers.

Telephone numbers come from the ranges that regulators keep for fiction (Ofcom, Bundesnetzagentur, ARCEP). Spain and Poland keep
none: theirs are made up within blocks that no directory shows. All are never dialled by the demo.
"""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A city, its region, and what its postal codes look like (``#`` a digit, ``%`` not zero, ``@`` a letter)."""

    name: str
    region: str
    code: str


class Country(NamedTuple):
    """What an address and a phone number look like in one country."""

    language: str
    currency: str
    calling: str
    cities: tuple[City, ...]
    streets: tuple[str, ...]
    phones: tuple[str, ...]
    share: int


def _cities(text: str) -> tuple[City, ...]:
    return tuple(City(*(part.strip() for part in line.split("|"))) for line in text.strip().splitlines())


def _streets(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


COUNTRIES: dict[str, Country] = {
    "ES": Country(
        "es", "EUR", "34",
        _cities("""Madrid|Madrid|280##
                   Barcelona|Cataluña|080##
                   Valencia|Comunidad Valenciana|460##
                   Sevilla|Andalucía|410##
                   Zaragoza|Aragón|500##
                   Málaga|Andalucía|290##
                   Bilbao|País Vasco|480##
                   A Coruña|Galicia|150##
                   Logroño|La Rioja|260##"""),
        _streets(
            "Calle Mayor, Calle Real, Avenida de la Constitución, Calle San Juan, Plaza de España, Calle del Carmen,"
            " Paseo del Prado, Calle Nueva, Avenida de Andalucía, Calle Santa María, Calle Cervantes, Ronda de Atocha,"
            " Calle Goya, Travesía del Sol, Camino Viejo, Calle Miguel Hernández, Calle de la Iglesia, Avenida de Europa,"
            " Plaza Mayor, Calle Velázquez, Calle Lope de Vega, Calle Gran Vía, Calle Rosalía de Castro, Calle Antonio Machado"
        ),
        ("91099", "93099", "95099", "96099", "92099"), 30,
    ),
    "DE": Country(
        "de", "EUR", "49",
        _cities("""Berlin|Berlin|101##
                   Hamburg|Hamburg|202##
                   München|Bayern|803##
                   Köln|Nordrhein-Westfalen|506##
                   Frankfurt am Main|Hessen|603##
                   Stuttgart|Baden-Württemberg|701##
                   Düsseldorf|Nordrhein-Westfalen|402##
                   Leipzig|Sachsen|041##
                   Nürnberg|Bayern|904##"""),
        _streets(
            "Hauptstraße, Schulstraße, Gartenstraße, Bahnhofstraße, Dorfstraße, Bergstraße, Lindenstraße, Waldstraße,"
            " Kirchstraße, Ringstraße, Schillerstraße, Goethestraße, Am Markt, Mühlenweg, Birkenweg, Wiesenweg, Rosenweg,"
            " Friedrichstraße, Königsallee, Beethovenplatz, Mozartstraße, Blumenstraße, Uferstraße, An der Kirche"
        ),
        ("3023125", "6990009", "4066969", "2214710", "8999998"), 25,
    ),
    "FR": Country(
        "fr", "EUR", "33",
        _cities("""Paris|Île-de-France|750##
                   Lyon|Auvergne-Rhône-Alpes|6900#
                   Marseille|Provence-Alpes-Côte d'Azur|1300#
                   Toulouse|Occitanie|31#00
                   Nantes|Pays de la Loire|44#00
                   Bordeaux|Nouvelle-Aquitaine|33#00
                   Strasbourg|Grand Est|67#00
                   Orléans|Centre-Val de Loire|45#00"""),
        _streets(
            "Rue de l'Église, Rue de la Mairie, Grande Rue, Rue du Moulin, Place de la République, Rue des Écoles,"
            " Rue Victor Hugo, Rue de la Gare, Avenue Jean Jaurès, Rue Pasteur, Boulevard Voltaire, Rue du Général de Gaulle,"
            " Impasse des Lilas, Chemin des Vignes, Rue des Jardins, Allée des Tilleuls, Rue Saint-Michel, Quai de la Loire,"
            " Rue Molière, Rue Gambetta"
        ),
        ("19900", "26191", "35301", "46571", "53649"), 18,
    ),
    "GB": Country(
        "en", "GBP", "44",
        _cities("""London|Greater London|SW% %@@
                   Leeds|West Yorkshire|LS% %@@
                   Manchester|Greater Manchester|M% %@@
                   Birmingham|West Midlands|B% %@@
                   Bristol|Bristol|BS% %@@
                   Edinburgh|Scotland|EH% %@@
                   Cardiff|Wales|CF% %@@
                   Sheffield|South Yorkshire|S% %@@"""),
        _streets(
            "High Street, Station Road, Main Street, Park Road, Church Road, Church Street, London Road, Victoria Road,"
            " Green Lane, Manor Road, Church Lane, Park Avenue, The Avenue, The Crescent, Queens Road, New Road, Grange Road,"
            " Kings Road, Kingsway, Windsor Road, Mill Lane, Alexander Road, York Road, St. John's Road, Springfield Close,"
            " Albert Square"
        ),
        ("1134960", "1144960", "1164960", "1174960", "1184960", "1214960", "1314960", "1414960", "1514960", "1614960",
         "2079460"), 15,
    ),
    "PL": Country(
        "pl", "PLN", "48",
        _cities("""Warszawa|Mazowieckie|00-###
                   Kraków|Małopolskie|30-###
                   Łódź|Łódzkie|90-###
                   Wrocław|Dolnośląskie|50-###
                   Poznań|Wielkopolskie|60-###
                   Gdańsk|Pomorskie|80-###
                   Lublin|Lubelskie|20-###"""),
        _streets(
            "ul. Polna, ul. Leśna, ul. Słoneczna, ul. Krótka, ul. Szkolna, ul. Ogrodowa, ul. Lipowa, ul. Brzozowa, ul. Łąkowa,"
            " ul. Kwiatowa, ul. Kościelna, ul. Sosnowa, ul. Zielona, ul. Parkowa, ul. Akacjowa, ul. Mickiewicza,"
            " al. Jana Pawła II, ul. Piłsudskiego, pl. Wolności, ul. Kościuszki, ul. Sienkiewicza, os. Tysiąclecia"
        ),
        ("22099", "12099", "71099", "61099", "58099"), 12,
    ),
}  # fmt: skip

NUMBER_DIGITS = {"ES": 4, "DE": 3, "FR": 4, "GB": 3, "PL": 4}
"""How many digits of a fictional range are free."""

MAIL_HOSTS: dict[str, tuple[str, ...]] = {
    "ES": ("correo.example", "buzon.example", "red.example", "postal.example", "linea.example", "mimail.example"),
    "DE": (
        "webpost.example",
        "briefkasten.example",
        "netzpost.example",
        "postfach.example",
        "leitung.example",
        "mailbox.example",
    ),
    "FR": ("courriel.example", "boite.example", "reseau.example", "poste.example", "ligne.example", "enligne.example"),
    "GB": ("inbox.example", "letterbox.example", "britmail.example", "broadband.example", "postroom.example", "online.example"),
    "PL": ("poczta.example", "skrzynka.example", "siec.example", "listy.example", "lacze.example", "adres.example"),
}
"""Providers of mailboxes. None of them exists."""
