#include "unix/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "unix/environment.h"
#include "unix/socket_address.h"

#define LONGEST_NAME 100 /* bytes of a name in a log */

const char *const connection_variables[] = {
	"PROTO",
	"TCPLOCALIP",
	"TCPLOCALPORT",
	"TCPLOCALHOST",
	"TCPREMOTEIP",
	"TCPREMOTEPORT",
	"TCPREMOTEHOST",
	"TCPREMOTEINFO",
	"TCP6LOCALIP",
	"TCP6LOCALPORT",
	"TCP6LOCALHOST",
	"TCP6REMOTEIP",
	"TCP6REMOTEPORT",
	"TCP6REMOTEHOST",
	"TCP6REMOTEINFO",
	"TCP6INTERFACE",
	NULL,
};

const char *const connection_former_variables[] = {"TCPRULE", "TCPPROXYIP", "TCPPROXYPORT", NULL};

/* --- from and to sockets --- */

bool connection_set_local(struct connection *connection, const struct sockaddr_storage *local)
{
	return socket_address_read((const struct sockaddr *)local, &connection->local,
				   &connection->local_port);
}

bool connection_set_remote(struct connection *connection, const struct sockaddr_storage *remote)
{
	connection->interface[0] = '\0';
	if (!socket_address_read((const struct sockaddr *)remote, &connection->remote,
				 &connection->remote_port))
		return false;
	if (connection->remote.version == 6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)remote;

		if (in->sin6_scope_id)
			if_indextoname(in->sin6_scope_id, connection->interface);
	}
	return true;
}

int connection_of(int descriptor, struct connection *connection)
{
	struct sockaddr_storage local, remote;
	socklen_t length = sizeof(int);
	int type;

	if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == -1)
		return -1;
	length = sizeof(remote);
	if (getpeername(descriptor, (struct sockaddr *)&remote, &length) == -1)
		return -1;
	length = sizeof(local);
	if (getsockname(descriptor, (struct sockaddr *)&local, &length) == -1)
		return -1;
	if (type != SOCK_STREAM || !connection_set_local(connection, &local) ||
	    !connection_set_remote(connection, &remote)) {
		errno = EPROTOTYPE;
		return -1;
	}
	return 0;
}

static socklen_t write_socket(const struct address *address, uint16_t port, const char *interface,
			      struct sockaddr_storage *socket)
{
	socklen_t length = socket_address_write(socket, address, port);

	if (address->version == 6 && *interface)
		((struct sockaddr_in6 *)socket)->sin6_scope_id = if_nametoindex(interface);
	return length;
}

socklen_t connection_local_socket(const struct connection *connection, uint16_t port,
				  struct sockaddr_storage *address)
{
	return write_socket(&connection->local, port, connection->interface, address);
}

socklen_t connection_remote_socket(const struct connection *connection, uint16_t port,
				   struct sockaddr_storage *address)
{
	return write_socket(&connection->remote, port, connection->interface, address);
}

/* --- from and to the environment --- */

static uint16_t port_of_environment(const char *name)
{
	const char *value = environment_get(name);
	uint32_t port = 0;

	if (value)
		number_read(value, 0, UINT16_MAX, &port);
	return (uint16_t)port;
}

bool connection_of_environment(struct connection *connection)
{
	const char *remote = environment_get("TCPREMOTEIP"), *local = environment_get("TCPLOCALIP");
	const char *interface = environment_get("TCP6INTERFACE");

	memset(connection, 0, sizeof(*connection));
	if (!remote || !address_read_client(span_of(remote), &connection->remote))
		return false;
	if (!local || !address_read_client(span_of(local), &connection->local))
		connection->local = (struct address){.version = connection->remote.version};
	connection->remote_port = port_of_environment("TCPREMOTEPORT");
	connection->local_port = port_of_environment("TCPLOCALPORT");
	if (interface && connection->remote.version == 6 &&
	    strlen(interface) < sizeof(connection->interface))
		strcpy(connection->interface, interface);
	return true;
}

/* The two forms of a variable's name, as two arguments. */
#define BOTH(name) "TCP" name, "TCP6" name

static void describe(const struct connection *connection, const char *name, const char *name_6,
		     const char *value, struct connection_sink sink)
{
	sink.set(sink.world, name, value);
	sink.set(sink.world, name_6, connection->remote.version == 6 ? value : NULL);
}

void connection_describe_name(const struct connection *connection, const char *name,
			      const char *value, struct connection_sink sink)
{
	char plain[32], name_6[32];

	snprintf(plain, sizeof(plain), "TCP%s", name);
	snprintf(name_6, sizeof(name_6), "TCP6%s", name);
	describe(connection, plain, name_6, value, sink);
}

static void write_port(uint16_t port, char text[ADDRESS_TEXT])
{
	snprintf(text, ADDRESS_TEXT, "%u", (unsigned)port);
}

void connection_describe(const struct connection *connection, const struct connection_names *names,
			 struct connection_sink sink)
{
	bool is_6 = connection->remote.version == 6;
	char text[ADDRESS_TEXT];

	sink.set(sink.world, "PROTO", is_6 ? "TCP6" : "TCP");
	address_write(&connection->local, text);
	describe(connection, BOTH("LOCALIP"), text, sink);
	write_port(connection->local_port, text);
	describe(connection, BOTH("LOCALPORT"), text, sink);
	describe(connection, BOTH("LOCALHOST"), names->local_host, sink);
	address_write(&connection->remote, text);
	describe(connection, BOTH("REMOTEIP"), text, sink);
	write_port(connection->remote_port, text);
	describe(connection, BOTH("REMOTEPORT"), text, sink);
	describe(connection, BOTH("REMOTEHOST"), names->remote_host, sink);
	describe(connection, BOTH("REMOTEINFO"), names->remote_info, sink);
	sink.set(sink.world, "TCP6INTERFACE",
		 is_6 && connection->interface[0] ? connection->interface : NULL);
}

static void set_in_environment(void *world, const char *name, const char *value)
{
	(void)world;
	if (value)
		environment_set(name, value);
	else
		environment_unset(name);
}

struct connection_sink connection_environment(void)
{
	return (struct connection_sink){NULL, set_in_environment};
}

/* --- into a log --- */

static void write_name(const char *name, struct text *text)
{
	struct span whole = span_of(name);

	text_add_printable(text, span_head(whole, LONGEST_NAME), SPAN(" %:"));
	if (whole.length >= LONGEST_NAME) /* ucspi-tcp does not look whether more comes */
		text_add_string(text, "...");
}

static void write_address(const struct address *address, struct text *text)
{
	char string[ADDRESS_TEXT];

	address_write(address, string);
	text_add_byte(text, ':');
	text_add_string(text, string);
	text_add_byte(text, ':');
}

void connection_write(const struct connection *connection, const struct connection_names *names,
		      struct text *text)
{
	write_name(names->local_host, text);
	write_address(&connection->local, text);
	text_add_number(text, connection->local_port);
	text_add_byte(text, ' ');
	write_name(names->remote_host, text);
	write_address(&connection->remote, text);
	write_name(names->remote_info, text);
	text_add_byte(text, ':');
	text_add_number(text, connection->remote_port);
}
