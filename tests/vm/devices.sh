# Sourced by the scripts that run in the virtual machine: what plays into its devices. Set before: PYTHON, OUT, MICS.
camera() {  # device, codec: plays 640x360 at 5 pictures a second
    log=$OUT/${1##*/}.log
    "$PYTHON" -m tests.vm.loopback_camera "$1" "$2" 640 360 5 > "$log" 2>&1 &
    until grep -q "is a camera" "$log"; do kill -0 $!; sleep 0.2; done
}
sound() {  # [rate, card]: plays OUT/played.raw into the far end of the sound card
    aplay -q -D "hw:${2:-0},1" -t raw -f S32_LE -c "$MICS" -r "${1:-48000}" --buffer-size=65536 "$OUT/played.raw" > "$OUT/aplay.log" 2>&1 &
    until grep -q RUNNING "/proc/asound/card${2:-0}/pcm1p/sub0/status"; do kill -0 $!; sleep 0.2; done
}
quiet() {  # nothing plays into the sound card any more
    pkill -x aplay
    while pgrep -x aplay > /dev/null; do sleep 0.2; done
}
unplug() {  # the sound card: it is gone when whoever has it open lets go of it
    echo snd_aloop.0 > /sys/bus/platform/drivers/snd_aloop/unbind &
}
plug_in() {  # the sound card; another one has taken its number meanwhile
    while [ -e /sys/bus/platform/drivers/snd_aloop/snd_aloop.0 ]; do sleep 0.2; done
    modprobe snd-dummy
    echo snd_aloop.0 > /sys/bus/platform/drivers/snd_aloop/bind
}
