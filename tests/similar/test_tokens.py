"""What of an answer is compared."""

import pytest

from course_lib.similar.tokens import MAX_CHARS, code_tokens, prose_tokens


def words(source: str) -> str:
    return " ".join(token.word for token in code_tokens(source))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("total = x[1:] * 0.5", "n = n [ 0 : ] * 0"),
        ("tf.reduce_mean(x, axis=-1)", "n . reduce_mean ( n , n = - 0 )"),
        ("self.scale = other.scale", "self . n = n . scale"),
        ("for i in range(len(x)): pass", "for n in range ( len ( n ) ) : pass"),
        ("raise ValueError('no')", "raise ValueError ( s )"),
        ("s = \"a\" + 'b'", "n = s + s"),
        ("def f(x):\n    '''What it does.'''\n    # how\n    return x\n", "def n ( n ) : return n"),
        ("x = (1 +\n     2)", "n = ( 0 + 0 )"),
        ("", ""),
    ],
)
def test_what_a_learner_can_choose_is_left_out(source: str, expected: str) -> None:
    assert words(source) == expected


def test_cpp_is_read_as_cpp() -> None:
    source = "%%cpp sample\nvoid sample(const float* a) { // copy\n  a.resize(a[0] ? 1 : 2); }\n"
    assert words(source).endswith("( const float * n ) { n . resize ( n [ 0 ] ? 0 : 0 ) ; }")


@pytest.mark.parametrize("source", ["def f(:\n  'open", "%matplotlib inline\nx = 1", "é = '\N{SNOWMAN}'", "\x00?$"])
def test_code_need_not_be_valid(source: str) -> None:
    for token in code_tokens(source):
        assert 0 <= token.start < token.end <= len(source)


def test_places_are_those_in_the_text() -> None:
    source = "x = 'long' # why\ny = tf.abs(x)"
    assert [source[token.start : token.end] for token in code_tokens(source)] == (
        ["x", "=", "'long'", "y", "=", "tf", ".", "abs", "(", "x", ")"]
    )


def test_prose_is_compared_by_its_words() -> None:
    text = "It **isn't** Zero: 2.5 times\n*more*"
    tokens = prose_tokens(text)
    assert [token.word for token in tokens] == ["it", "isn't", "zero", "2.5", "times", "more"]
    assert [text[token.start : token.end].casefold() for token in tokens] == [token.word for token in tokens]


def test_a_long_text_is_cut() -> None:
    assert code_tokens("x + " * MAX_CHARS)[-1].end <= MAX_CHARS
    assert prose_tokens("word " * MAX_CHARS)[-1].end <= MAX_CHARS
