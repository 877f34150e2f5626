# Runs in the virtual machine for test_vm.py. Set before: PYTHON, OUT (a folder of the host), MICS.
. tests/vm/devices.sh
read_camera() {  # name of the report, arguments of read_camera
    name=$1; shift
    "$PYTHON" -m tests.vm.read_camera "$@" > "$OUT/$name.json"
}
mkdir "$OUT/mjpeg" "$OUT/h264"
read_camera raw /dev/video0 YUYV 640 360 10 12
read_camera unplugged /dev/video0 YUYV 640 360 10 8 --inject disconnect
read_camera lacking /dev/video1 MJPG 640 360 10 2
camera /dev/video8 mjpeg
read_camera mjpeg /dev/video8 MJPG 640 360 5 60 "$OUT/mjpeg"
camera /dev/video9 h264
read_camera h264 /dev/video9 H264 640 360 5 2 "$OUT/h264"
sound
"$PYTHON" -m tests.devices.record "Loopback: PCM (hw:0,0)" "$MICS" 10 "$OUT/recorded.npy" > "$OUT/sound.json"
