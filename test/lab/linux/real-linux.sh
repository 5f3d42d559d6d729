# The first process of a private namespace of mounts and processes, in which a real D-Bus, elogind and sshd run. Nothing that it
# does is seen outside, and when it is killed the kernel ends everything in it. Expects WORK, PACKAGES, ADDRESS, PORT, USERS, GROUP.
set -eu
mount --make-rprivate /
# elogind's control groups are the kernel's, wherever they are mounted. Below a group of our own, and in a namespace that begins there,
# hosts that run at the same time do not meet in the group of "session 1".
if [ "${1-}" != inside ]; then
  mount -t cgroup -o none,name=elogind cgroup /mnt
  mkdir "/mnt/$GROUP"
  echo $$ >"/mnt/$GROUP/cgroup.procs"
  umount /mnt
  exec unshare --cgroup bash "$0" inside
fi
mount -t tmpfs -o mode=755 tmpfs "$WORK"
mkdir -p "$WORK/etc" "$WORK/etc-work" "$WORK/usr" "$WORK/usr-work" "$WORK/home"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$WORK/etc,workdir=$WORK/etc-work" /etc
mount -t overlay overlay -o "lowerdir=$PACKAGES/usr:/usr,upperdir=$WORK/usr,workdir=$WORK/usr-work" /usr
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/dbus /run/sshd /run/user /run/systemd /run/lock
# logind learns from it which terminal a login has.
install -m 664 /dev/null /run/utmp
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/elogind
mount -t cgroup -o none,name=elogind cgroup /sys/fs/cgroup/elogind

# Files of the packages, and elogind in the place of systemd in PAM.
cp -a --no-clobber "$PACKAGES/etc/." /etc/ 2>/dev/null || true
if grep -q pam_systemd /etc/pam.d/common-session; then
  sed -i 's/pam_systemd\.so/pam_elogind.so/' /etc/pam.d/common-session
elif ! grep -q pam_elogind /etc/pam.d/common-session; then
  echo 'session optional pam_elogind.so' >>/etc/pam.d/common-session
fi
dbus-uuidgen --ensure=/etc/machine-id

for user in $USERS; do
  useradd --create-home --base-dir "$WORK/home" --shell /bin/bash "$user"
done
echo "$SUDOERS" >/etc/sudoers.d/session-logoff
chmod 440 /etc/sudoers.d/session-logoff
mkdir -p /run/keys
echo "$PUBLIC_KEY" >/run/keys/authorized_keys
ssh-keygen -q -t ed25519 -N '' -f /run/keys/host
cat >/run/keys/sshd_config <<END
ListenAddress $ADDRESS
Port $PORT
HostKey /run/keys/host
AuthorizedKeysFile /run/keys/authorized_keys
UsePAM yes
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
PidFile none
UseDNS no
MaxStartups 100
PrintMotd no
END
dbus-daemon --system --fork
/usr/lib/elogind/elogind >"$WORK/elogind.log" 2>&1 &
tries=0
until loginctl --no-pager list-sessions >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || { cat "$WORK/elogind.log"; exit 1; }
  sleep 0.1
done
/usr/sbin/sshd -D -f /run/keys/sshd_config -E "$WORK/sshd.log" &
echo "ready $(cat /run/keys/host.pub)"
# Waits for ever, and so gathers the processes that lose their parents.
while :; do wait || true; sleep 1; done
