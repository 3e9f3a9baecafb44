#!/bin/busybox sh
# Process 1 of the guest: loads the modules, lays memory over this machine's files, runs the job, says how it ended.
# What goes wrong here is said on the console, which the host shows when no exit code comes.
/bin/busybox --install -s /bin
export PATH=/bin

fail() {
    echo "ipmp vm: $*" >/dev/console
    poweroff -f
}

mount -t devtmpfs dev /dev || fail "no devtmpfs"
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do
    # Some make a device when they are loaded, which nobody asked for.
    case $module in
        dummy) options=numdummies=0 ;;
        bonding) options=max_bonds=0 ;;
        *) options= ;;
    esac
    insmod "/modules/$module.ko" $options || fail "module $module cannot be loaded"
done </modules/order

# Channels lead out: /dev/vportNpM, named by the host.
for port in /sys/class/virtio-ports/*; do
    [ -e "$port/name" ] && ln -s "/dev/${port##*/}" "/dev/$(cat "$port/name")"
done
[ -e /dev/status ] || fail "no channel to the host"

mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host || fail "no 9p"
mount -t tmpfs -o size=75% memory /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work overlay /root || fail "no overlay"
mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts devpts /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t bpf bpf /root/sys/fs/bpf
mount -t debugfs debugfs /root/sys/kernel/debug
mount -t tracefs tracefs /root/sys/kernel/tracing
mount -t tmpfs run /root/run
cp /job /root/run/job
ip link set lo up
hostname "ipmp-vm"

exec 3>/dev/status
echo ready >&3
if [ -e /dev/hvc0 ]; then
    # Interactive: a terminal of its own, so that Ctrl-C reaches the foreground only.
    setsid -c chroot /root /bin/sh /run/job </dev/hvc0 >/dev/hvc0 2>&1 3>&-
else
    chroot /root /bin/sh /run/job </dev/null >/dev/output 2>/dev/errors 3>&-
fi
echo "exit $?" >&3
exec 3>&-
poweroff -f
