# Sourced by the scripts that run in the virtual machine: liveshow where a process takes minutes to start and is silent for long, so that
# the limits that tell a machine at work from one that hangs do not hold. Set before: PYTHON; UNPROVEN, if the prover, which is a sixth of
# all the work, is not to take part.
liveshow() {
    touch /tmp/began
    "$PYTHON" -c '
import os
import liveshow.cli, liveshow.recorder.checkup as checkup, liveshow.recorder.spares as spares, liveshow.recorder.supervisor as supervisor
from liveshow.recorder import other_hands
if os.environ.get("UNPROVEN"): other_hands.BEFORE_PROOF = 1e6
checkup.OPEN_LIMIT = supervisor.ANSWER_LIMIT = supervisor.SILENCE_LIMIT = spares.SETTLED = 240.0
liveshow.cli.main()' "$@"
}
until_records() {  # show, feeds: of the recorder that was started last
    show=$1; shift
    for feed in "$@"; do
        until [ -n "$(find "$show/recordings/$feed" -name '*.timing' -newer /tmp/began 2> /dev/null)" ]; do kill -0 $!; sleep 1; done
    done
}
