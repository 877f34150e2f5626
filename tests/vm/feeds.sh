# Runs in the virtual machine for test_feeds.py. Set before: PYTHON, OUT (a folder of the host), MICS.
. tests/vm/devices.sh
camera /dev/video8 mjpeg
camera /dev/video9 h264
sound
"$PYTHON" -X faulthandler -m tests.vm.read_feeds "$OUT"
