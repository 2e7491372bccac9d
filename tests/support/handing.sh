# shellcheck shell=bash disable=SC2154,SC2034 # sourced behind lib.sh and launch.sh
# For the scripts about queue programs that hand on: next hops, and messages handed in.

# Start a next hop; sets $port and $hop. What it has taken is in the directory NAME.
hop() { # name argument-of-next_hop.py...
	local name=$1
	shift
	rm -rf "$name" "$name.port"
	mkdir "$name"
	"$PYTHON" "$SUPPORT/next_hop.py" --keep "$name" "$@" >"$name.port" 2>"$name.log" </dev/null &
	hop=$!
	wait_line '^[0-9]+$' "$name.port" || return 1
	port=$(head -n 1 "$name.port")
}
# Hand a message in; prints the exit code and the words on descriptor 6.
hand_in() { # envelope, as printf reads it; the message is the file message, the program $queue
	printf '%b' "$1" >envelope
	"$queue" <message 1<envelope 2>log 6>words
	echo "$? $(cat words)"
}
taken() { # name: how many messages the next hop has taken
	find "$1" -name 'message.*' ! -name '*.part' | wc -l
}
# Run an example, with its home in ./home, the sendmail(1) ./sendmail, and qmail in ./qmail, under $account
# or whoever we are; sets $port and $server.
example() { # name
	local name=$1
	sed -E -e "s|^home=.*|home=$work/home|" -e "s|^qmail=.*|qmail=$work/qmail|" \
		-e "s|^rules=.*|rules=$work/qmail/tcp.smtp.cdb|" -e "s|^SENDMAIL=.*|SENDMAIL=$work/sendmail|" -e '/^exec 2>&1/d' \
		-e "s/^account=.*/account=${account:-$(id -un)}/" -e "$without_root" \
		-e 's|^exec tcpserver|& -1|' -e 's| 0 25 | 127.0.0.1 0 |' "$SOURCE/doc/examples/$name" >"$name"
	rm -f "$name.port"
	sh "$name" >"$name.port" 2>"$name.log" </dev/null &
	server=$!
	wait_line '^[0-9]+$' "$name.port" || { cat "$name.log" && exit 1; }
	port=$(head -n 1 "$name.port")
}
