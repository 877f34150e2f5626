#!/bin/busybox sh
# The first process of the virtual machine: the host's root read-only (9p) under a tmpfs, then the job's `run`, then off.
# The kernel's command line says where the job folder is: liveshow.job=/path, the same path as on the host.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done < /modules/order
mkdir -p /host /over /root
share="trans=virtio,version=9p2000.L,msize=524288"
mount -t 9p -o "ro,cache=loose,$share" root /host
mount -t tmpfs -o size=75% over /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work overlay /root
for folder in proc sys dev; do mount --move "/$folder" "/root/$folder"; done
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t devpts pts /root/dev/pts
job=$(sed 's/.*liveshow.job=\([^ ]*\).*/\1/' /root/proc/cmdline)
mkdir -p "/root$job"
mount -t 9p -o "rw,cache=none,$share" job "/root$job"
if [ -e "/root$job/writable" ]; then
    folder=$(cat "/root$job/writable")
    mkdir -p "/root$folder"
    mount -t 9p -o "rw,cache=none,$share" writable "/root$folder"
fi
if [ -e "/root$job/disk" ]; then
    folder=$(cat "/root$job/disk")
    mkdir -p "/root$folder"
    mount -t ext4 /root/dev/vda "/root$folder"
fi
ifconfig lo 127.0.0.1 up
chroot /root "$job/run" < /root/dev/null > /root/dev/vport0p1 2>&1
code=$?
sync
echo "$code" > "/root$job/exit_code"
poweroff -f
