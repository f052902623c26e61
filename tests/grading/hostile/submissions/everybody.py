"""The whole class."""

from tests.grading.hostile.submissions.damaged import DAMAGED
from tests.grading.hostile.submissions.endings import ENDS
from tests.grading.hostile.submissions.file_formats import FORMATS, NO_FILES
from tests.grading.hostile.submissions.hidden_source import READ
from tests.grading.hostile.submissions.honest import HONEST
from tests.grading.hostile.submissions.hooks import HOOKS
from tests.grading.hostile.submissions.messages import MESSAGES
from tests.grading.hostile.submissions.names import NAMES, SHOWN
from tests.grading.hostile.submissions.outside import ATTACKS, FILES_OUTSIDE
from tests.grading.hostile.submissions.resources import TOO_MUCH
from tests.grading.hostile.submissions.return_values import RETURNS

CLASS = {
    name: case
    for group in (
        HONEST,
        ENDS,
        TOO_MUCH,
        ATTACKS,
        FILES_OUTSIDE,
        HOOKS,
        READ,
        RETURNS,
        MESSAGES,
        DAMAGED,
        FORMATS,
        NO_FILES,
        NAMES,
        SHOWN,
    )
    for name, case in group.items()
}
