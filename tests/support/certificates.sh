#!/bin/sh
# Makes keys and certificates for the tests in a directory; certificates.h says which.
#
#     tests/support/certificates.sh directory
set -eu
cd "$1"
umask 077
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
# shellcheck disable=SC2086 # $curve is several words
{
	openssl req -x509 $curve -keyout key.pem -out cert.pem -subj /CN=mail.example.org \
		-addext subjectAltName=DNS:mail.example.org
	openssl req -x509 $curve -keyout ca.key -out ca.pem -subj /CN=authority
	openssl req $curve -keyout client.key -out client.csr -subj "/O=Customers/CN=client.example"
	openssl req -x509 $curve -keyout stranger.key -out stranger.crt -subj /CN=stranger
}
openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out client.crt
past="-days -1" # which OpenSSL 3.5 does not take, and 3.0 takes nothing else
openssl x509 -help 2>&1 | grep -q -e -not_after && past="-not_before 20200101000000Z -not_after 20200102000000Z"
# shellcheck disable=SC2086 # $curve and $days are several words
for name in localhost:DNS:localhost,IP:127.0.0.1:future wrong:DNS:other.example:future expired:DNS:localhost:past; do
	file=${name%%:*} days="-days 30"
	[ "${name##*:}" = future ] || days=$past
	names=${name#*:} names=${names%:*}
	openssl req $curve -keyout "$file.key" -out "$file.csr" -subj /CN=server
	echo "subjectAltName=$names" >"$file.names"
	openssl x509 -req -in "$file.csr" -CA ca.pem -CAkey ca.key -CAcreateserial $days \
		-extfile "$file.names" -out "$file.crt"
	cat "$file.crt" "$file.key" >"$file.pem"
done
cat client.crt client.key >client.pem
cat stranger.crt stranger.key >stranger.pem
cat cert.pem key.pem >both.pem
openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out other.pem
openssl pkey -in key.pem -aes256 -passout pass:secret -out locked.pem
echo garbage >garbage.pem
: >empty.pem
