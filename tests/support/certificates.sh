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
for name in localhost:DNS:localhost,IP:127.0.0.1:30 wrong:DNS:other.example:30 expired:DNS:localhost:-1; do
	file=${name%%:*} days=${name##*:}
	names=${name#*:} names=${names%:*}
	# shellcheck disable=SC2086 # $curve is several words
	openssl req $curve -keyout "$file.key" -out "$file.csr" -subj /CN=server
	echo "subjectAltName=$names" >"$file.names"
	openssl x509 -req -in "$file.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" \
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
