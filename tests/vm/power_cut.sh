# Runs in the virtual machine for test_power_cut.py: a show on /mnt, a disk. Set before: PYTHON, OUT, MICS; NOTES: how many are said before
# it is ended, none: it goes on until the power is cut.
. tests/vm/devices.sh
export UNPROVEN=yes  # it takes no part in what is on the disk
. tests/vm/patience.sh
sound 8000
liveshow record tests/vm/power_cut.toml --into /mnt/show > "$OUT/record" 2>&1 &
recorder=$!
until_records /mnt/show raw vox1 vox2
"$PYTHON" -m tests.vm.say_notes /mnt/show $NOTES
wait $recorder
umount /mnt
