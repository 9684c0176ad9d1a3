"""``python -m pipeline`` and the ``pipeline`` command: run it, and turn every error into words.

In charge of: exit codes and the last line of defence against tracebacks. Not in charge of: commands
(``cli``).
"""

import os
import sys
import traceback
from pathlib import Path

from pipeline.errors import PipelineError


def main() -> None:
    """Run the command line and exit: 0 done, 1 or 2 refused with words, 70 a fault of ours, 130 Ctrl-C."""
    sys.exit(_guarded())


def _guarded() -> int:
    from pipeline.cli.main import run  # noqa: PLC0415 - an import that fails must end in words, too

    try:
        return run()
    except PipelineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        _tell_fault(error)
        return 70


def _tell_fault(error: Exception) -> None:
    if os.environ.get("PIPELINE_DEBUG"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    # The message itself may hold a patient's data, so only its kind and place are shown.
    print(
        f"error: something failed inside the pipeline ({type(error).__name__} in "
        f"{Path(frame.filename).name}, line {frame.lineno}).\n"
        "  mend:  nothing was half-written; run it again, and if it stays, report this line "
        "(PIPELINE_DEBUG=1 shows more, which may hold patients' data)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
