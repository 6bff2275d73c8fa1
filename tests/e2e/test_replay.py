"""What was set aside for a mistake of ours is translated once more when the mistake is mended."""

from pathlib import Path

from tests.e2e.company import ANA, EVA, JON, MAPPING, clear, found_company

STRICT = MAPPING.replace("kind: \"'person'\"", "kind: {lookup: kind, of: note}").replace("ignore: [note]", "ignore: []")
HEADER = "id,first,last,born,mail,note\n"


def codes(*known: str) -> str:
    return "name: kind\nowner: sales\nversion: 1\ncodes: {" + ", ".join(f"{code}: person" for code in known) + "}\n"


def test_a_code_that_was_added_brings_back_what_waited_for_it(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.write("mappings/crm/customer.yaml", STRICT)
    company.write("mappings/crm/codes/kind.yaml", codes("P"))
    rows = [ANA.strip() + ",P\n", JON.strip() + ",Q\n", EVA.strip() + ",Q\n"]
    company.write("drop/people.csv", HEADER + "".join(rows))
    company("ingest")
    assert company.keys() == {"crm:1"}

    clear(company("rejects", "replay", "--all"), 1, "set aside again")
    assert [one["code"] for one in company.rejects()] == ["unmapped_code", "unmapped_code"]

    company.write("mappings/crm/codes/kind.yaml", codes("P", "Q"))
    clear(company("rejects", "replay", "--all"), 0)

    assert company.keys() == {"crm:1", "crm:2", "crm:7"}
    assert company.rejects() == []
    assert company.leakage() == 0
    assert company("rebuild").code == 0


def test_what_is_replayed_overtakes_nothing_younger(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people("2,Jonas,Weber,31/31/1975,jonas.weber@example.org\n")
    company("ingest")
    assert [one["code"] for one in company.rejects()] == ["date_invalid"]
    company.people("2,Jonas,Weber-Smith,1975-11-30,jonas.weber@example.org\n")
    company("ingest")

    company.write("mappings/crm/customer.yaml", MAPPING.replace("type: date}", "type: date, on_error: flag}"))
    clear(company("rejects", "replay", "--all"), 0)

    golden = company("golden", "show", "crm:2", "--json").json
    assert golden["name"]["family"] == "Weber-Smith"
    assert company.leakage() == 0


def test_nothing_to_replay_is_said(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(ANA)
    company("ingest")

    clear(company("rejects", "replay", "--all"), 0, "Nothing that could be translated was set aside.")
