# Runs in the virtual machine: everything that test_vm.py looks at. Set before: PYTHON, OUT (a folder of the host), MICS.
camera() {  # device, codec
    log=$OUT/${1##*/}.log
    "$PYTHON" -m tests.vm.loopback_camera "$1" "$2" 640 360 5 > "$log" 2>&1 &
    until grep -q "is a camera" "$log"; do kill -0 $!; sleep 0.2; done
}
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
aplay -q -D hw:0,1 -t raw -f S32_LE -c "$MICS" -r 48000 --buffer-size=65536 "$OUT/played.raw" &
until grep -q RUNNING /proc/asound/card0/pcm1p/sub0/status; do kill -0 $!; sleep 0.2; done
"$PYTHON" -m tests.devices.record "Loopback: PCM (hw:0,0)" "$MICS" 10 "$OUT/recorded.npy" > "$OUT/sound.json"
