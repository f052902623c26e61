"""Which answers of a class resemble each other, without what the course itself says; nothing leaves the machine.

- `tokens`: code and prose as the words that are compared
- `winnowing`: fingerprints of a text
- `documents`: an answer as it is compared
- `known`: what the course itself says, which is not compared
- `handed_in`: the answers of a class
- `pairs`: how alike two students' answers are
- `passages`: where two answers are alike
- `report`: the page, and the same for programs
"""
