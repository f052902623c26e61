"""Advice for the usual mistakes in C++, found by the messages of g++ and clang."""

import re

# Each paragraph has patterns for a compiler's message, and the advice for it. The first paragraph that fits is used.
_TABLE = r"""
stray '
extended character
unexpected character
non-ASCII character
is not valid in an identifier
    A character here does not belong to C++. Quotes, dashes and spaces that were copied from a page often look right
    but are not.

assignment of function '
non-object type 'double ?\(
'double ?\((int, )?double\)'
    y0, y1, yn, j0, j1 and jn are functions of <cmath>: to have a variable of that name, declare it with its type.

^expected ('[^']+'(,| or) )*';'
    A statement ends with a semicolon, and so do the first two parts of for (int i = 0; i < n; ++i). Note that //
    begins a comment; int / int already divides without a remainder.

invalid preprocessing directive
    A comment begins with // in C++; # is for the preprocessor.

^'(True|False|None|pass|def|elif|in|is|range|len|print|np|abs|lambda)' (was not declared|does not name a type)
use of undeclared identifier '(True|False|None|pass|elif|in|is|range|len|print|np)'
unknown type name '(def|elif|pass)'
    That is Python. C++ has true, false, nullptr, else if, std::abs, std::printf and for (int i = 0; i < n; ++i).

'(min|max|clamp|floor|ceil|round|lerp|fill|copy|swap)' was not declared
use of undeclared identifier '(min|max|clamp|lerp|fill|copy|swap)'
    It belongs to the standard library: put std:: before it.

was not declared in this scope
use of undeclared identifier
has not been declared
does not name a type
unknown type name
    Declare a name, with its type, before you use it: int i = 0; A name that is declared inside { } is unknown after
    the }. Check the spelling, too.

no matching function for call to '(std::)?(min|max|clamp)\b
    std::min, std::max and std::clamp take values of one type. Write 0.0f next to a float, 0 next to an int, or convert
    one of them: float(n).

read-only
cannot assign to (variable|return value|non-static)
discards qualifiers
invalid conversion from 'const .*\*'
of type '[^']*\*' with an [lr]value of type 'const .*\*'
    What is const can only be read. The kernel writes to its output and to its own variables.

invalid types '.*\[(const )?(float|double)\]'
array subscript is not an integer
    An index must be an integer: int(x), which cuts off the fraction.

invalid types '.*' for array subscript
subscripted value is not an array
    Only a pointer or an array has entries, and an array with several axes is flat here:
    map[(y * width + x) * channels + c].

invalid type argument of unary '\*'
indirection requires pointer operand
    C++ has no **: write x * x or std::pow(x, n).

to binary 'operator[%^]'
invalid operands to binary expression \('(const )?(float|double)'
    % and ^ are for integers, and ^ is not a power. For floats, write std::fmod(x, n), and x * x or std::pow(x, n).

return-statement with a value
should not return a value
    The function returns nothing: it writes its results to the output.

redeclaration of
redefinition of
conflicting declaration
shadows a parameter
    This name is declared already. To give a variable another value, leave out its type.

ambiguating new declaration
differ only in their return type
    Keep the first line of the function as it was given.

expected '\('
    if, while and for need parentheses around what follows: if (a < b), for (int i = 0; i < n; ++i).

expected '[})]
expected declaration
expected unqualified-id
expected '\{'
extraneous closing brace
function.definition is not allowed
    Look for a bracket that is missing, or one too many, here or above: each ( and { needs its ) and }.

is not a member of 'std'
no member named '.*' in namespace 'std'
    The course includes <algorithm>, <array>, <cmath>, <cstddef>, <cstdint>, <cstdio>, <cstring>, <limits> and
    <numeric>. For more, write an #include above the function, such as #include <vector>.

lvalue required
expression is not assignable
    Only a variable or an entry of an array can be assigned to. To compare, write ==.

cannot convert '.*\*'
cannot initialize a variable of type '.*' with an [lr]value of type '.*\*'
invalid conversion from '.*\*'
incompatible type '.*\*'
invalid operands (of types|to binary expression \()'.*\*'
    A pointer is not a number: map[i] is an entry, map + i is where it lies.
"""


def _read(table: str) -> list[tuple[re.Pattern[str], str]]:
    """Read the table: patterns, and the advice for each."""
    rules = []
    for paragraph in table.strip().split("\n\n"):
        lines = paragraph.split("\n")
        patterns = [line for line in lines if not line.startswith(" ")]
        said = " ".join(line.strip() for line in lines if line.startswith(" "))
        rules.append((re.compile("|".join(patterns)), said))
    return rules


_RULES = _read(_TABLE)


def advise(words: str) -> str:
    """Return advice about an error.

    Parameters
    ----------
    words : str
        The compiler's message, in English.

    Returns
    -------
    str
        A sentence or two; empty if there is no advice.
    """
    return next((said for pattern, said in _RULES if pattern.search(words)), "")
