#!/usr/bin/env python3
"""An ident server on port 113 of every address, which writes its port. How it answers depends on the
address it is asked at (the client's, whose user is asked for): the last number of 127.0.0.N, or ::1.

    identd.py [--log FILE]

FILE gets each question with the address that it came from.
"""
import socket
import sys
import threading
import time

log = open(sys.argv[2], "a", buffering=1) if len(sys.argv) > 2 else None
listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
listener.bind(("::", 113))
listener.listen(50)


def drip(connection, text):
    for byte in text:
        connection.sendall(bytes([byte]))
        time.sleep(0.3)


def answer(connection, peer):
    us = connection.getsockname()[0].replace("::ffff:", "")
    which = "6" if us == "::1" else us.rsplit(".", 1)[1]
    question = connection.recv(100)
    ports = question.strip()
    if log:
        log.write(f"{peer[0].replace('::ffff:', '')} {which} {question!r}\n")
    try:
        if which in ("1", "6"):
            connection.sendall(ports + b" : USERID : UNIX : joe\r\n")
        elif which == "2":
            connection.sendall(ports + b" : ERROR : NO-USER\r\n")
        elif which == "3":
            connection.sendall(b"complete nonsense\r\n")
        elif which == "4":
            time.sleep(60)
        elif which == "5":
            drip(connection, ports + b" : USERID : UNIX : slow and never done")
        elif which == "6":
            pass
        elif which == "7":
            connection.sendall(b"1,2:USERID:X:" + b"y" * 100000)
        elif which == "8":
            connection.sendall(ports + b" : USERID : UNIX : a b\x00\xffc:d\r\n")
        elif which == "9":
            connection.sendall(ports + b" : USERID : UNIX : cut")
        elif which == "11":
            for byte in ports + b":USERID:UNIX:pieces\r\n":
                connection.sendall(bytes([byte]))
    except OSError:
        pass
    connection.close()


print(113, flush=True)
while True:
    threading.Thread(target=answer, args=listener.accept(), daemon=True).start()
