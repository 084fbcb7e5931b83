import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.names import normalise, query_tokens, search_keys, tokens

# Characters of many readings, of syllables that run together, rare and four bytes long.
characters = st.sampled_from(
    "张小明单田芳尉迟恭李安可能方干西欧阳阿依木乐吕布女律𬭎𬱖㛃䶮仇查翟覃长孙恩额"
)
names = st.text(characters, min_size=1, max_size=8)
queries = st.text(st.sampled_from("zhangxiomseklnvu'  "), max_size=12)


def finds(query, name):
    return set(query_tokens(query)) <= set(tokens(name))


@given(names, st.data())
def test_any_part_of_a_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))

    assert finds(name[start:end], name)


@given(names, st.integers(1, 30))
def test_typing_the_pinyin_finds_it_at_every_letter(name, letters):
    spoken = search_keys(name).pinyin.replace(" ", "")

    assert finds(spoken[:letters], name)


@given(names)
def test_initials_find_it(name):
    assert finds(search_keys(name).initials, name)


@given(names)
def test_surname_in_full_and_the_rest_by_initials(name):
    first, *rest = search_keys(name).pinyin.split(" ")

    assert finds(first + "".join(word[0] for word in rest[:3]), name)


@pytest.mark.parametrize(
    "name, said",
    [
        ("单田芳", "shan tian fang"),
        ("仇英", "qiu ying"),
        ("尉迟恭", "yu chi gong"),
        ("曾国", "zeng guo"),
        ("吕布", "lv bu"),
        ("王𬭎", "wang hong"),
        ("Nguyen Thi Lan", "nguyen thi lan"),
    ],
)
def test_surnames_are_read_as_surnames(name, said):
    assert search_keys(name).pinyin == said


@pytest.mark.parametrize(
    "query, name",
    [
        ("zhaim", "翟明"),
        ("dim", "翟明"),
        ("wei", "尉迟恭"),
        ("lubu", "吕布"),
        ("tanl", "覃乐"),
        ("qiny", "覃乐"),
        ("nguy", "Nguyen Thi Lan"),
        ("张xm", "张小明"),
    ],
)
def test_every_reading_is_found(query, name):
    assert finds(query, name)


@pytest.mark.parametrize("query", ["小张", "zhao", "zmx", "李小", "明小"])
def test_another_name_is_not(query):
    assert not finds(query, "张小明")


def test_a_query_of_signs_asks_for_nothing():
    assert query_tokens(" 1·2 ") == []


def test_an_ordinary_name_has_few_pieces():
    assert len(tokens("张小明")) == 20


@pytest.mark.parametrize(
    "written, stored",
    [
        ("张 三", "张三"),
        ("　李\u200b四\u00a0", "李四"),
        ("卓玛．央金", "卓玛·央金"),
        ("古丽米热・ 依明江", "古丽米热·依明江"),
        ("扎西.次仁", "扎西·次仁"),
        ("Nguyen  Thi\tLan", "Nguyen Thi Lan"),
        ("王𬭎", "王𬭎"),
    ],
)
def test_one_spelling(written, stored):
    assert normalise(written) == stored


@given(st.text())
def test_the_spelling_is_stable(text):
    once = normalise(text)

    assert normalise(once) == once


@given(queries)
def test_any_query_can_be_asked(query):
    assert all(query_tokens(query))
