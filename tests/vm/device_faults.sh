# Runs in the virtual machine for test_device_faults.py. Set before: PYTHON, OUT (a folder of the host), MICS.
# The show lies on the machine's own file system until it is over: the shared folder is slow.
. tests/vm/devices.sh
. tests/vm/patience.sh
show=/root/show
camera /dev/video8 mjpeg
export PLAYER=$!
sound 8000
liveshow record tests/vm/device_faults.toml --into "$show" > "$OUT/record" 2>&1 &
recorder=$!
until_records "$show" raw mjpeg vox1 vox2
"$PYTHON" -m tests.vm.cause_faults "$show"
wait $recorder
cp -r "$show" "$OUT/show"
