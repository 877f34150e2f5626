# Runs in the virtual machine for test_power_cut.py, until the power is cut. Set before: PYTHON, OUT, MICS. The show lies on /mnt, a disk.
. tests/vm/devices.sh
sound
# Here a process takes minutes to start: limits that tell a machine at work from one that hangs do not hold.
"$PYTHON" -c '
import liveshow.cli, liveshow.recorder.supervisor as supervisor
supervisor.ANSWER_LIMIT = supervisor.SILENCE_LIMIT = 240.0
liveshow.cli.main()' record tests/vm/power_cut.toml --into /mnt/show > "$OUT/record" 2>&1 &
recorder=$!
for feed in raw vox1 vox2; do
    until ls "/mnt/show/recordings/$feed/"*.timing > /dev/null 2>&1; do kill -0 $recorder; sleep 1; done
done
exec "$PYTHON" -m tests.vm.say_notes /mnt/show
