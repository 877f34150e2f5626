# Runs in the virtual machine for test_evening.py. Set before: PYTHON, OUT (a folder of the host), MICS.
# The show lies on the machine's own file system until it is over: the shared folder is slow.
. tests/vm/devices.sh
. tests/vm/patience.sh
show=/root/show
camera /dev/video8 mjpeg
sound
liveshow check --for 20s tests/vm/evening.toml > "$OUT/check" 2>&1 || echo "check: exit code $?"
liveshow record tests/vm/evening.toml --into "$show" > "$OUT/record" 2>&1 &
recorder=$!
until_records "$show" raw mjpeg vox1 vox2
sleep 20
liveshow stop "$show"
wait $recorder
cp -r "$show" "$OUT/show"
