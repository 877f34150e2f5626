# Runs in the virtual machine for test_evening.py. Set before: PYTHON, OUT (a folder of the host), MICS.
# The show lies on the machine's own file system until it is over: the shared folder is slow.
. tests/vm/devices.sh
show=/root/show
camera /dev/video8 mjpeg
sound
# Here a process takes minutes to start and is silent for long: limits that tell a machine at work from one that hangs do not hold.
liveshow() {
    "$PYTHON" -c '
import liveshow.cli, liveshow.recorder.checkup as checkup, liveshow.recorder.supervisor as supervisor
checkup.OPEN_LIMIT = supervisor.ANSWER_LIMIT = supervisor.SILENCE_LIMIT = 240.0
liveshow.cli.main()' "$@"
}
liveshow check --for 20s tests/vm/evening.toml > "$OUT/check" 2>&1 || echo "check: exit code $?"
liveshow record tests/vm/evening.toml --into "$show" > "$OUT/record" 2>&1 &
recorder=$!
for feed in raw mjpeg vox1 vox2; do
    until ls "$show/recordings/$feed/"*.timing > /dev/null 2>&1; do kill -0 $recorder; sleep 1; done
done
sleep 20
liveshow stop "$show"
wait $recorder
cp -r "$show" "$OUT/show"
