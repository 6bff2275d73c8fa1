"""Names that invented people and companies of the demo bear: common ones, in the order of how common they are.

Eleven cultures, six scripts. Names of other scripts come as (native, latin, another romanisation).
"""

from __future__ import annotations

from typing import NamedTuple


class Culture(NamedTuple):
    """How people of one origin are called."""

    women: tuple[str, ...]
    men: tuple[str, ...]
    family: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


LATIN: dict[str, Culture] = {
    "ES": Culture(
        _words(
            "María Carmen Ana Isabel Laura Cristina Marta Lucía Elena Pilar Dolores Teresa Raquel Paula Sara Rosa Julia Irene"
            " Beatriz Silvia Nuria Patricia Rocío Alba Inés Montserrat Encarnación Amparo Begoña Ainhoa María_José Ana_Belén"
        ),
        _words(
            "José Antonio Manuel Francisco Juan David Javier Daniel Carlos Jesús Alejandro Miguel Pablo Pedro Ángel Sergio Luis"
            " Fernando Jorge Alberto Álvaro Adrián Diego Raúl Iván Rubén Óscar Ignacio Jordi Iker José_Luis Juan_Carlos"
        ),
        _words(
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno"
            " Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina"
            " Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos"
            " Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Herrera Márquez Peña Flores Cabrera Campos Vega"
        ),
    ),
    "DE": Culture(
        _words(
            "Anna Maria Ursula Monika Petra Sabine Karin Renate Susanne Andrea Claudia Julia Katharina Stefanie Birgit Heike"
            " Martina Nicole Christine Angelika Gisela Ingrid Brigitte Jana Lena Hannah Sophie Johanna Käthe Jördis Anna-Lena"
        ),
        _words(
            "Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Uwe Werner Horst Frank Dieter Manfred"
            " Gerhard Hans Bernd Thorsten Matthias Helmut Walter Heinz Martin Jörg Rolf Jens Sven Alexander Jan Lukas Karl-Heinz"
        ),
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf"
            " Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier"
            " Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß"
            " Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Böhm Voß Straub"
        ),
    ),
    "FR": Culture(
        _words(
            "Marie Jeanne Françoise Monique Catherine Nathalie Isabelle Sylvie Anne Martine Nicole Valérie Sophie Christine"
            " Sandrine Stéphanie Céline Julie Aurélie Émilie Camille Léa Manon Chloé Élodie Hélène Brigitte Véronique Maëlle Zoé"
        ),
        _words(
            "Jean Pierre Michel André Philippe Alain Bernard Patrick Nicolas Christophe Laurent Frédéric Éric Sébastien Julien"
            " David Olivier Pascal François Thomas Antoine Guillaume Vincent Jérôme Hugo Lucas Théo Mathieu Benoît Jean-Pierre"
        ),
        _words(
            "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefèvre Leroy Roux David"
            " Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Müller Lefebvre Faure André Mercier"
            " Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry"
            " Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard"
        ),
    ),
    "GB": Culture(
        _words(
            "Mary Margaret Susan Elizabeth Sarah Patricia Helen Karen Emma Laura Jane Claire Rebecca Katherine Alison Rachel"
            " Victoria Charlotte Jennifer Louise Nicola Amanda Deborah Olivia Amelia Isla Grace Siobhan Bronwen Fiona Priya Aisha"
        ),
        _words(
            "David John Michael James Robert Paul Peter Andrew Richard William Mark Christopher Stephen Thomas Ian Simon Kevin"
            " Matthew Daniel Anthony Alan Edward George Oliver Harry Jack Charlie Alexander Benjamin Samuel Rhys Callum Imran Raj"
        ),
        _words(
            "Smith Jones Williams Taylor Brown Davies Evans Wilson Thomas Johnson Roberts Robinson Thompson Wright Walker White"
            " Edwards Hughes Green Hall Lewis Harris Clarke Patel Jackson Wood Turner Martin Cooper Hill Ward Morris Moore Clark"
            " Lee King Baker Harrison Morgan Allen James Scott Phillips Watson Davis Parker Price Bennett Young Griffiths"
            " Mitchell Kelly Cook Carter Richardson Bailey Collins Bell Shaw Murphy Miller Cox Khan Marshall O'Brien MacDonald"
        ),
    ),
    "PL": Culture(
        _words(
            "Anna Maria Katarzyna Małgorzata Agnieszka Barbara Ewa Krystyna Elżbieta Magdalena Joanna Zofia Aleksandra Monika"
            " Teresa Danuta Natalia Julia Karolina Marta Beata Dorota Halina Jadwiga Janina Alicja Irena Iwona Grażyna Oliwia"
        ),
        _words(
            "Piotr Krzysztof Andrzej Tomasz Jan Paweł Michał Marcin Stanisław Jakub Adam Marek Łukasz Grzegorz Mateusz Wojciech"
            " Mariusz Dariusz Zbigniew Jerzy Maciej Rafał Robert Józef Kamil Jacek Dawid Tadeusz Ryszard Szymon Kacper Bartosz"
        ),
        _words(
            "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski"
            " Jankowski Mazur Wojciechowski Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król"
            " Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak"
            " Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Duda Zalewski"
        ),
    ),
}
"""The five countries of the demo company."""


class Written(NamedTuple):
    """One name in its own script and twice in Latin letters."""

    native: str
    latin: str
    variant: str


class NativeCulture(NamedTuple):
    """How people of one origin are called, whose own script is not Latin."""

    women: tuple[Written, ...]
    men: tuple[Written, ...]
    family: tuple[Written, ...]
    family_first: bool = False


def _written(text: str) -> tuple[Written, ...]:
    return tuple(Written(*entry.split("|")) for entry in text.split())


NATIVE: dict[str, NativeCulture] = {
    "GR": NativeCulture(
        _written("Μαρία|Maria|Maria Ελένη|Eleni|Elene Αικατερίνη|Aikaterini|Katerina Γεωργία|Georgia|Yeoryia Σοφία|Sofia|Sophia"),
        _written(
            "Γεώργιος|Georgios|Giorgos Δημήτριος|Dimitrios|Dimitris Ιωάννης|Ioannis|Yiannis Νικόλαος|Nikolaos|Nikos"
            " Κωνσταντίνος|Konstantinos|Constantinos"
        ),
        _written(
            "Παπαδόπουλος|Papadopoulos|Papadopulos Βλάχος|Vlachos|Vlahos Αγγελόπουλος|Angelopoulos|Aggelopoulos"
            " Νικολαΐδης|Nikolaidis|Nicolaides Γεωργίου|Georgiou|Yeoryiou Οικονόμου|Oikonomou|Economou"
            " Χατζής|Chatzis|Hatzis Μακρής|Makris|Macris"
        ),
    ),
    "BG": NativeCulture(
        _written("Мария|Mariya|Maria Иванка|Ivanka|Ivanka Елена|Elena|Elena Яна|Yana|Jana Десислава|Desislava|Desislava"),
        _written(
            "Георги|Georgi|Georgi Иван|Ivan|Ivan Димитър|Dimitar|Dimitur Николай|Nikolay|Nikolai Александър|Aleksandar|Alexander"
        ),
        _written(
            "Иванов|Ivanov|Ivanoff Георгиев|Georgiev|Gheorghiev Димитров|Dimitrov|Dimitroff Желязков|Zhelyazkov|Jeliazkov"
            " Стоянов|Stoyanov|Stoianov Христов|Hristov|Khristov Цветков|Tsvetkov|Cvetkov Юрданов|Yurdanov|Jurdanov"
        ),
    ),
    "UA": NativeCulture(
        _written("Олена|Olena|Elena Наталія|Nataliia|Natalia Оксана|Oksana|Oxana Юлія|Yuliia|Julia Ганна|Hanna|Anna"),
        _written("Олександр|Oleksandr|Alexander Сергій|Serhii|Sergiy Андрій|Andrii|Andriy Юрій|Yurii|Yuriy Микола|Mykola|Nikola"),
        _written(
            "Шевченко|Shevchenko|Schewtschenko Коваленко|Kovalenko|Kowalenko Бондаренко|Bondarenko|Bondarenko"
            " Ткаченко|Tkachenko|Tkatschenko Кравчук|Kravchuk|Krawtschuk Мельник|Melnyk|Melnik Щербак|Shcherbak|Scherbak"
        ),
    ),
    "AR": NativeCulture(
        _written("فاطمة|Fatima|Fatma خديجة|Khadija|Khadijah مريم|Maryam|Mariam ليلى|Layla|Leila نور|Nour|Noor"),
        _written("محمد|Mohammed|Muhammad أحمد|Ahmed|Ahmad يوسف|Youssef|Yusuf حسن|Hassan|Hasan إبراهيم|Ibrahim|Ebrahim"),
        _written(
            "بنعلي|Benali|Ben_Ali الحسيني|El_Husseini|Al-Husayni حداد|Haddad|Hadad منصور|Mansour|Mansur"
            " الخطيب|El_Khatib|Al-Khatib خليل|Khalil|Halil شريف|Sharif|Cherif"
        ),
    ),
    "CN": NativeCulture(
        _written("丽华|Lihua|Li-Hua 秀英|Xiuying|Hsiu-Ying 敏|Min|Min 静|Jing|Ching 雪梅|Xuemei|Hsueh-Mei"),
        _written("伟|Wei|Wei 建国|Jianguo|Chien-Kuo 志强|Zhiqiang|Chih-Chiang 磊|Lei|Lei 明|Ming|Ming"),
        _written("王|Wang|Wong 李|Li|Lee 张|Zhang|Chang 刘|Liu|Lau 陈|Chen|Chan 杨|Yang|Yeung 赵|Zhao|Chao 周|Zhou|Chow"),
        family_first=True,
    ),
    "JP": NativeCulture(
        _written("陽子|Yoko|Youko 裕子|Yuko|Yuuko 恵子|Keiko|Keiko さくら|Sakura|Sakura 美咲|Misaki|Misaki"),
        _written("健一|Kenichi|Ken'ichi 翔太|Shota|Shouta 大輔|Daisuke|Daisuke 裕太|Yuta|Yuuta 誠|Makoto|Makoto"),
        _written("佐藤|Sato|Satoh 鈴木|Suzuki|Suzuki 高橋|Takahashi|Takahashi 田中|Tanaka|Tanaka 伊藤|Ito|Itoh 大野|Ono|Ohno"),
        family_first=True,
    ),
}
"""Customers who came from elsewhere and live in one of the five countries."""

TRADES: dict[str, tuple[str, ...]] = {
    "ES": _words("Bodegas Talleres Transportes Construcciones Panadería Farmacia Suministros Conservas Muebles Viveros"),
    "DE": _words("Bäckerei Autohaus Metallbau Spedition Druckerei Gärtnerei Elektro Möbelhaus Weingut Apotheke Brauerei"),
    "FR": _words("Boulangerie Transports Menuiserie Garage Imprimerie Pharmacie Fromagerie Maçonnerie Librairie Charpente"),
    "GB": _words("Bakery Motors Joinery Haulage Printers Nurseries Pharmacy Brewery Plumbing Textiles Engineering"),
    "PL": _words("Piekarnia Transport Stolarnia Drukarnia Apteka Hurtownia Warsztat Meble Ogrody Księgarnia Budownictwo"),
}
BRANDS = _words(
    "Aurora Solaris Montblau Riverton Kestrel Halcyon Vertex Lumina Castellan Ferrum Silvana Norda Orbita Pelagia Quercus Rosal"
    " Tramontana Umbra Viridis Zephyr Albor Brisa Cumbre Delta Estrella Faro Granada Horizonte Iris Jade Kobalt Linden Marea Onda"
)
LEGAL_FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ES": (("S.L.", "SL", "Sociedad Limitada"), ("S.A.", "SA", "Sociedad Anónima")),
    "DE": (("GmbH", "G.m.b.H.", "Gesellschaft mit beschränkter Haftung"), ("KG", "K.G."), ("AG",)),
    "FR": (("SARL", "S.A.R.L."), ("SAS", "S.A.S."), ("SA", "S.A.")),
    "GB": (("Ltd", "Limited", "Ltd."), ("PLC", "plc"), ("LLP",)),
    "PL": (("Sp. z o.o.", "sp. z o. o.", "Spółka z o.o."), ("S.A.", "SA")),
}
"""One legal form and the other ways in which people write it."""

NICKNAMES: dict[str, str] = {
    "María José": "Marijose", "Francisco": "Paco", "José": "Pepe", "Manuel": "Manolo", "Dolores": "Lola", "Ignacio": "Nacho",
    "Encarnación": "Encarni", "Montserrat": "Montse", "Katharina": "Kathi", "Stefanie": "Steffi", "Alexander": "Alex",
    "Michael": "Mike", "Johanna": "Hanna", "Christophe": "Chris", "Frédéric": "Fred", "Nathalie": "Nath", "Elizabeth": "Liz",
    "Margaret": "Maggie", "Robert": "Bob", "William": "Bill", "Richard": "Dick", "James": "Jim", "Susan": "Sue",
    "Christopher": "Chris", "Katherine": "Kate", "Thomas": "Tom", "David": "Dave", "Małgorzata": "Gosia", "Katarzyna": "Kasia",
    "Aleksandra": "Ola", "Krzysztof": "Krzysiek", "Stanisław": "Staszek", "Agnieszka": "Aga", "Benjamin": "Ben",
}  # fmt: skip
