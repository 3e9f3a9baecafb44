# Becomes the first process of a Debian: $1 is its directory, $2 a directory for what it changes, which goes when it ends.
# Runs in a network namespace of the harness; every other namespace is made here.
set -eu
system=$1 work=$2
if [ -z "${3:-}" ]; then
    # A control group of its own: systemd takes the one that it finds itself in for the root.
    groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    if [ -z "$groups" ]; then
        groups=$work.groups
        mkdir "$groups"
        mount -t cgroup2 groups "$groups"
    fi
    mkdir "$groups/$(basename "$work")"
    echo $$ >"$groups/$(basename "$work")/cgroup.procs"
    exec unshare --fork --kill-child --pid --mount --uts --ipc --cgroup --propagation private sh "$0" "$system" "$work" inside
fi

mount -t tmpfs -o mode=755 memory "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$system,upperdir=$work/upper,workdir=$work/work" debian "$work/root"
root=$work/root
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t proc proc "$root/proc"
# Of the kernel's settings only those of its network namespace are its own.
mount --bind "$root/proc/sys/net" "$root/mnt"
mount -o bind,ro "$root/proc/sys" "$root/proc/sys"
mount --move "$root/mnt" "$root/proc/sys/net"
mount -t sysfs -o ro sys "$root/sys"
mount -t cgroup2 groups "$root/sys/fs/cgroup"
mount -t bpf bpf "$root/sys/fs/bpf"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/outside"
mount -t devpts -o newinstance,ptmxmode=666 pts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs shm "$root/dev/shm"
hostname debian
cd "$root"
pivot_root . outside
umount -l /outside
rmdir /outside
exec env -i container=ipmp-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --log-target=journal --show-status=0
