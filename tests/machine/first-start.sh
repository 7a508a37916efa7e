#!/usr/bin/env bash
# Starts the machine of terraform/ for the first time: Debian 12 from debootstrap, booted by systemd in a container of
# its own network, with the rendered user data. It ends when the origin answers /readyz behind its unit, has survived a
# kill and a second start, and nothing of the machine is open.
#
#   sudo tests/machine/first-start.sh [--lightsail] [PATH_OF_DROPGATE]
#
# With --lightsail the user data are the script for Lightsail, which starts the machine once more.
# Needs root, Terraform and Debian's packages debootstrap and systemd-container. The first run takes about four minutes,
# because it fetches Debian into .tools/machine; later ones take one. What a container cannot show: the clock (it may
# not set it), the disk of the database (it has no udev), the packages' download (it has no network; they are there
# before), cloudflared (its place is taken by a stand-in).
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/machine
form=user_data
if [ "${1-}" = --lightsail ]; then
  form=launch_script
  shift
fi
dropgate=${1:-target/debug/dropgate}
work=.tools/machine
debian=$work/debian
disk=$work/disk
log=$work/boot.log
container=
packages=systemd,systemd-sysv,dbus,udev,cloud-init,python3-cffi-backend,openssh-server,sudo,procps,iproute2,e2fsprogs
packages+=,ca-certificates,chrony,curl,nftables,unattended-upgrades

say() { echo "== $*"; }
fail() {
  echo "first-start: $*" >&2
  [ -z "$container" ] || inside journalctl --no-pager --lines=60 >&2 || true
  exit 1
}

# Runs a command on the machine, as root.
inside() { nsenter --target "$(pgrep --parent "$container")" --mount --uts --ipc --net --pid --cgroup -- "$@"; }

# Whether a command on the machine prints a text. Not by a pipe into grep, which may end before its writer does.
prints() {
  local text=$1
  shift
  [[ $(inside "$@") == *"$text"* ]]
}

# Waits until a command succeeds on the machine.
until_inside() {
  local deadline=$((SECONDS + 60))
  until inside "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "a minute was too short for: $*"
    kill -0 "$container" 2> /dev/null || fail "the machine stopped; its last lines are in $log"
    sleep 0.2
  done
}

start() {
  systemd-nspawn --boot --private-network --register=no --keep-unit --console=pipe --machine=dropgate-first-start \
    --directory="$disk" > "$log" 2>&1 < /dev/null &
  container=$!
  local deadline=$((SECONDS + 30))
  until pgrep --parent "$container" > /dev/null; do
    [ $SECONDS -lt $deadline ] || fail "the container does not start: $(tail -n 3 "$log")"
    sleep 0.1
  done
}

stop() {
  [ -n "$container" ] || return 0
  kill "$container" 2> /dev/null || true
  wait "$container" 2> /dev/null || true
  container=
}
trap stop EXIT

[ "$(id --user)" = 0 ] || fail 'needs root, to start a container'
for program in debootstrap systemd-nspawn terraform; do
  command -v $program > /dev/null || fail "needs $program"
done
[ -x "$dropgate" ] || fail "there is no $dropgate: cargo build --package origin"

if [ ! -e $debian/complete ]; then
  say 'Fetching Debian 12 (once, about 3 minutes)'
  rm -rf $debian
  mkdir -p $debian
  debootstrap --variant=minbase --include=$packages bookworm $debian > $work/debootstrap.log \
    || fail "debootstrap failed; see $work/debootstrap.log"
  touch $debian/complete
fi

say 'Rendering the machine'
rm -rf $disk $work/terraform
cp -a $debian $disk
cp -a terraform $work/terraform
cp "$dropgate" $disk/srv/dropgate
cp $here/cloudflared $disk/srv/cloudflared
pinned() { printf '{"url": "file:///srv/%s", "sha256": "%s"}' "$1" "$(sha256sum < "$disk/srv/$1" | cut -d ' ' -f 1)"; }
render() { TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 terraform -chdir=$work/terraform/tests/render "$@"; }
printf '{"dropgate": %s, "cloudflared": %s, "data_device": null, "with_mail_and_sheet": false}' \
  "$(pinned dropgate)" "$(pinned cloudflared)" > $work/terraform/tests/render/first-start.auto.tfvars.json
render init -no-color > /dev/null
render apply -auto-approve -no-color > /dev/null
seed=$disk/var/lib/cloud/seed/nocloud
mkdir -p $seed
render output -raw $form > $seed/user-data
echo 'instance-id: first-start' > $seed/meta-data
# What a cloud would say, and what this machine has no network for.
cat > $disk/etc/cloud/cloud.cfg.d/90-first-start.cfg << 'CONFIG'
datasource_list: [NoCloud]
apt: {preserve_sources_list: true}
network: {config: disabled}
locale: false
CONFIG
: > $disk/etc/apt/sources.list
: > $disk/etc/resolv.conf

say 'First start'
start
if [ $form = launch_script ]; then
  # It ends with a start of the machine, and the container ends with that.
  wait "$container" || true
  start
fi
until_inside test -e /run/cloud-init/result.json
prints 'status: done' cloud-init status --long || fail "cloud-init: $(inside cloud-init status --long)"
failed=$(inside systemctl --failed --plain --no-legend)
[ -z "$failed" ] || fail "units failed: $failed"
inside sshd -t || fail 'sshd does not take its settings'
inside cmp /srv/dropgate /usr/local/bin/dropgate || fail 'the machine has another dropgate'

say 'Without secrets nothing runs'
for service in dropgate cloudflared; do
  [ "$(inside systemctl is-enabled $service)" = enabled ] || fail "$service is not enabled"
  [ "$(inside systemctl show --property=ActiveState --value $service)" = inactive ] || fail "$service runs"
done
prints 203.0.113.7 nft list set inet dropgate ssh_from_ipv4 || fail 'SSH is closed before the tunnel is up'

say 'A file with another hash is not installed'
if inside fetch-pinned file:///srv/cloudflared "$(printf '%064d' 0)" /usr/local/bin/dropgate 2> /dev/null; then
  fail 'a wrong hash was taken'
fi
inside cmp /srv/dropgate /usr/local/bin/dropgate || fail 'a file with a wrong hash replaced another'

say 'With its token the tunnel is up, and SSH closes'
printf the-token | inside store-secret tunnel-token 2> /dev/null
until_inside systemctl is-active cloudflared
for set in ssh_from_ipv4 ssh_from_ipv6; do
  if prints elements nft list set inet dropgate $set; then fail "$set is open beside the tunnel"; fi
done

say 'With its secrets the origin is ready'
{
  "$dropgate" keys
  printf "PAYOS_CLIENT_ID='client'\nPAYOS_API_KEY='key\$with\"quotes'\nPAYOS_CHECKSUM_KEY='checksum'\n"
} | inside store-secret dropgate.env 2> /dev/null
until_inside curl --fail --silent http://127.0.0.1:9090/readyz
if inside grep --recursive --fixed-strings --quiet "key\$with" /etc /var/lib/dropgate /var/log; then
  fail 'a secret lies on the disk in the clear'
fi
inside shop drop create --slug lantern --name 'Đèn "lồng"' --size 3 --price 450000 --opens-in 60 > /dev/null
prints lantern shop drop list || fail 'the command line does not reach the origin'

say 'Killed, the origin comes back with its drop'
before=$(inside systemctl show --property=MainPID --value dropgate)
inside kill -KILL "$before"
until_inside sh -c "test \"\$(systemctl show --property=MainPID --value dropgate)\" != $before"
until_inside curl --fail --silent http://127.0.0.1:9090/readyz
prints lantern shop drop list || fail 'the drop is gone'
inside shop verify

say 'Second start'
# The container may not set its clock, so nothing would ever call it synchronised.
inside systemctl mask --quiet chrony-wait.service
stop
start
until_inside curl --fail --silent http://127.0.0.1:9090/readyz
until_inside systemctl is-active cloudflared
inside shop verify
if prints elements nft list set inet dropgate ssh_from_ipv4; then fail 'SSH is open beside the tunnel'; fi

say "The machine stands after $SECONDS s"
