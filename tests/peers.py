"""Other people's programs that tests talk to where they are there: named in the environment, else in .peers.

``make peers`` installs them. Each is a list of one or none, to parametrize tests with.
"""

import os
import shutil
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / ".peers" / "node_modules"


def _found(variable: str, path: str, *needs: str) -> list[Path]:
    named = Path(os.environ.get(variable, _FOLDER / path))
    return [named] if named.is_file() and all(shutil.which(each) for each in needs) else []


#: The Nu HTML validator.
VNU = _found("PIPELINE_TEST_VNU", "vnu-jar/build/dist/vnu.jar", "java")
#: An SMTP server with a web page that shows what came.
MAILDEV = _found("PIPELINE_TEST_MAILDEV", ".bin/maildev", "node")
