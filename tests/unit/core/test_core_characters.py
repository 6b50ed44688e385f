from qa.core.characters import whole


def test_a_half_of_a_surrogate_pair_becomes_the_replacement_character_and_offsets_stay() -> None:
    assert whole("保\ud800本\udfff") == "保\ufffd本\ufffd"
    assert whole("保\ud83d\ude00本") == "保\ufffd\ufffd本"
    assert whole("😀保本") == "😀保本"


def test_texts_are_made_whole_however_deep_they_stand() -> None:
    given = {"a\ud800": ["x", {"b": ("\udcff", 1, None, True)}]}
    assert whole(given) == {"a\ufffd": ["x", {"b": ["\ufffd", 1, None, True]}]}
