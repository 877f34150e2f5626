# Sourced by the scripts that run in the virtual machine: what plays into its devices. Set before: PYTHON, OUT, MICS.
camera() {  # device, codec: plays 640x360 at 5 pictures a second
    log=$OUT/${1##*/}.log
    "$PYTHON" -m tests.vm.loopback_camera "$1" "$2" 640 360 5 > "$log" 2>&1 &
    until grep -q "is a camera" "$log"; do kill -0 $!; sleep 0.2; done
}
sound() {  # plays OUT/played.raw into the far end of the sound card
    aplay -q -D hw:0,1 -t raw -f S32_LE -c "$MICS" -r 48000 --buffer-size=65536 "$OUT/played.raw" &
    until grep -q RUNNING /proc/asound/card0/pcm1p/sub0/status; do kill -0 $!; sleep 0.2; done
}
