#!/usr/bin/env bash
# Runs deploy/nginx.conf on loopback with a certificate of its own before `cxrtune serve`, and asks through it.
#
#   deploy/try_nginx.sh MODEL IMAGE
#
# Needs nginx, openssl and curl; root is not needed. Nothing is left behind.
set -euo pipefail
model=$1 image=$2
here=$(cd "$(dirname "$0")" && pwd)
name=cxrtune.example.org
place=$(mktemp -d)
stop() {
    kill "${service:-}" "${proxy:-}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$place"
}
trap stop EXIT

openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -keyout "$place/key.pem" -out "$place/certificate.pem" 2>/dev/null
export CXRTUNE_TOKEN=$(openssl rand -hex 32)
cxrtune serve "$model" --port 0 --engine torch --allowed-host "$name" >"$place/service.log" 2>&1 &
service=$!
until grep -q '^Listening on ' "$place/service.log"; do
    kill -0 "$service" || { cat "$place/service.log"; exit 1; }
    sleep 0.5
done
port=$(sed -n 's/^Listening on .*:\([0-9]*\)$/\1/p' "$place/service.log")

sed -e "s|listen 443|listen 127.0.0.1:8443|" -e "s|127.0.0.1:8000|127.0.0.1:$port|" \
    -e "s|/etc/ssl/certs/cxrtune.pem|$place/certificate.pem|" -e "s|/etc/ssl/private/cxrtune.key|$place/key.pem|" \
    -e "s|/var/log/nginx|$place|" "$here/nginx.conf" >"$place/site.conf"
mkdir "$place/bodies"
cat >"$place/nginx.conf" <<CONF
daemon off; pid $place/nginx.pid; error_log $place/error.log;
events {}
http {
    client_body_temp_path $place/bodies; proxy_temp_path $place/bodies;
    fastcgi_temp_path $place/other; uwsgi_temp_path $place/other; scgi_temp_path $place/other;
    include $place/site.conf;
}
CONF
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -t -q -c "$place/nginx.conf"
"$nginx" -c "$place/nginx.conf" &
proxy=$!

through() {
    curl --silent --show-error --cacert "$place/certificate.pem" --resolve "$name:8443:127.0.0.1" \
        --retry 5 --retry-connrefused --output "$place/answer" --write-out '%{http_code}' "$@"
}
expect() {
    local what=$1 status=$2
    shift 2
    local found
    found=$(through "$@")
    [ "$found" = "$status" ] || { echo "$what: $found, expected $status"; cat "$place/answer"; exit 1; }
    echo "$what: $found"
}
base=https://$name:8443
expect "page" 200 "$base/"
expect "no token" 401 -F "files=@$image" "$base/v1/predictions"
expect "prediction" 200 -H "Authorization: Bearer $CXRTUNE_TOKEN" -F "files=@$image;filename=Jane.png" "$base/v1/predictions?who=Jane"
grep -q '"prediction":{' "$place/answer"
head -c 70000000 /dev/zero >"$place/large"
expect "too large" 413 -H "Authorization: Bearer $CXRTUNE_TOKEN" -H 'Content-Type: image/png' --data-binary "@$place/large" "$base/v1/predictions"
expect "metrics" 403 "$base/metrics"
[ -z "$(find "$place/bodies" -type f)" ] || { echo "nginx kept a body"; exit 1; }
! grep -q Jane "$place"/*.log || { echo "a name is in a log"; exit 1; }
echo "nothing on disk, no name in a log"
