#include "unix/dns.h"

#define CARES_NO_DEPRECATED /* what this file calls is in every version of the library */
#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/printable.h"
#include "unix/dns_servers.h"
#include "unix/environment.h"

#define LONGEST_NAME  255  /* bytes, RFC 1035 section 2.3.4 */
#define FIRST_TIMEOUT 2000 /* milliseconds for the first try of a server; later ones get more */
#define TRIES	      4	   /* of each server */
#define MOST_WAIT     200  /* milliseconds by which a question is repeated too late */
#define CLASS_IN      1	   /* RFC 1035 section 3.2.4 */
#define TYPE_A	      1	   /* RFC 1035 section 3.2.2 */
#define TYPE_TXT      16

struct dns {
	ares_channel channel;
	size_t waiting; /* questions */
};

static int set_servers(struct dns *dns, const char *list)
{
	struct endpoint servers[DNS_SERVERS_MOST];
	struct ares_addr_port_node nodes[DNS_SERVERS_MOST];
	size_t count = dns_servers_read(span_of(list), servers);

	if (count == 0)
		return ARES_EBADSTR;
	memset(nodes, 0, sizeof(nodes));
	for (size_t index = 0; index < count; index++) {
		nodes[index].next = index + 1 < count ? &nodes[index + 1] : NULL;
		nodes[index].family = servers[index].address.version == 4 ? AF_INET : AF_INET6;
		memcpy(&nodes[index].addr, servers[index].address.bytes, sizeof(nodes[index].addr));
		nodes[index].udp_port = nodes[index].tcp_port = servers[index].port;
	}
	return ares_set_servers_ports(dns->channel, nodes);
}

struct dns *dns_new(struct text *why)
{
	char dns_only[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = FIRST_TIMEOUT,
		.tries = TRIES,
		.lookups = dns_only,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
	const char *list = environment_get("DNSCACHEIP");
	struct dns *dns = calloc(1, sizeof(*dns));
	int code = ARES_ENOMEM;

	if (!dns || (code = ares_library_init(ARES_LIB_INIT_ALL)) != ARES_SUCCESS ||
	    (code = ares_init_options(&dns->channel, &options, mask)) != ARES_SUCCESS) {
		free(dns);
		text_add_string(why, ares_strerror(code));
		return NULL;
	}
	if (list && *list && (code = set_servers(dns, list)) != ARES_SUCCESS) {
		text_add_string(why, "DNSCACHEIP is no list of addresses: ");
		text_add_string(why, list);
		dns_free(dns);
		return NULL;
	}
	return dns;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	ares_destroy(dns->channel);
	free(dns);
}

static void finish(struct dns_name *question, enum verdict verdict)
{
	question->verdict = verdict;
	question->dns->waiting--;
}

/* No answer because there is none is something else than no answer because of trouble. */
static enum verdict verdict_of(int code)
{
	return code == ARES_ENOTFOUND || code == ARES_ENODATA ? VERDICT_NO : VERDICT_LATER;
}

static void on_addresses(void *world, int code, int timeouts, struct hostent *host)
{
	struct dns_name *question = world;

	(void)timeouts;
	if (code == ARES_EDESTRUCTION)
		return;
	if (code != ARES_SUCCESS || !host) {
		finish(question, verdict_of(code));
		return;
	}
	for (char **each = host->h_addr_list; *each; each++) {
		struct address address = host->h_addrtype == AF_INET ? address_from_4(*each)
								     : address_from_16(*each);

		if (address_equal(&address, &question->address)) {
			finish(question, VERDICT_YES);
			return;
		}
	}
	finish(question, VERDICT_NO);
}

static int family_of(const struct address *address)
{
	return address->version == 4 ? AF_INET : AF_INET6;
}

/* What somebody may take for an address, in whatever way it is written. */
static bool is_numeric(struct span name)
{
	static const struct span bytes = {".0123456789", 11};

	for (size_t index = 0; index < name.length; index++)
		if (name.bytes[index] == ':')
			return true;
		else if (span_find(bytes, name.bytes[index]) == bytes.length)
			return false;
	return true;
}

/* The dot at the end keeps the library from looking for the name below the domains of this host,
 * where it is another's: the flag that is there for that does not keep it from it. */
static void ask_whether_it_leads_back(struct dns_name *question)
{
	char whole[LONGEST_NAME + sizeof(".")];

	snprintf(whole, sizeof(whole), "%s.", text_string(&question->name));
	ares_gethostbyname(question->dns->channel, whole, family_of(&question->address),
			   on_addresses, question);
}

static void on_name(void *world, int code, int timeouts, struct hostent *host)
{
	struct dns_name *question = world;
	struct text *name = &question->name;
	const char *first;

	(void)timeouts;
	if (code == ARES_EDESTRUCTION)
		return;
	if (code != ARES_SUCCESS || !host) {
		finish(question, verdict_of(code));
		return;
	}
	first = host->h_aliases && host->h_aliases[0] ? host->h_aliases[0] : host->h_name;
	text_add_folded(name, span_of(first));
	if (name->length && name->bytes[name->length - 1] == '.')
		text_cut(name, name->length - 1);
	/* An address is no name, though it would lead back to itself. */
	if (name->failed || name->length == 0 || is_numeric(text_span(name))) {
		finish(question, VERDICT_NO);
		return;
	}
	printable_clean(name->bytes, name->length, SPAN(" "));
	if (!question->must_lead_back) {
		finish(question, VERDICT_YES);
		return;
	}
	ask_whether_it_leads_back(question);
}

void dns_ask_name(struct dns *dns, struct dns_name *question, const struct address *address,
		  bool must_lead_back)
{
	int size = address->version == 4 ? 4 : 16;

	*question = (struct dns_name){.address = *address,
				      .must_lead_back = must_lead_back,
				      .verdict = VERDICT_LATER,
				      .dns = dns};
	text_init(&question->name, LONGEST_NAME);
	dns->waiting++;
	ares_gethostbyaddr(dns->channel, question->address.bytes, size, family_of(address), on_name,
			   question);
}

static void finish_records(struct dns_records *question, enum verdict verdict)
{
	question->verdict = verdict;
	question->is_there = true;
	question->dns->waiting--;
}

static void on_address_records(void *world, int code, int timeouts, unsigned char *bytes,
			       int length)
{
	struct ares_addrttl found[DNS_ADDRESSES + 1];
	struct dns_records *question = world;
	int count = DNS_ADDRESSES + 1;

	(void)timeouts;
	if (code == ARES_EDESTRUCTION)
		return;
	if (code == ARES_SUCCESS)
		code = ares_parse_a_reply(bytes, length, NULL, found, &count);
	if (code != ARES_SUCCESS || count <= 0) {
		finish_records(question, code == ARES_SUCCESS ? VERDICT_NO : verdict_of(code));
		return;
	}
	if (count > DNS_ADDRESSES) { /* those that are not seen may say something else */
		finish_records(question, VERDICT_LATER);
		return;
	}
	for (int index = 0; index < count; index++)
		question->addresses[question->count++] = address_from_4(&found[index].ipaddr);
	finish_records(question, VERDICT_YES);
}

static void on_text_records(void *world, int code, int timeouts, unsigned char *bytes, int length)
{
	struct dns_records *question = world;
	struct ares_txt_ext *found = NULL;

	(void)timeouts;
	if (code == ARES_EDESTRUCTION)
		return;
	if (code == ARES_SUCCESS)
		code = ares_parse_txt_reply_ext(bytes, length, &found);
	if (code != ARES_SUCCESS || !found) {
		finish_records(question, code == ARES_SUCCESS ? VERDICT_NO : verdict_of(code));
		return;
	}
	for (struct ares_txt_ext *each = found; each; each = each->next) {
		struct span part = {(const char *)each->txt, each->length};

		if (each != found && each->record_start)
			break;
		text_add(&question->text, span_head(part, DNS_TEXT - question->text.length));
	}
	ares_free_data(found);
	finish_records(question, VERDICT_YES);
}

static void ask_records(struct dns *dns, struct dns_records *question, const char *name, int type,
			ares_callback on_answer)
{
	*question = (struct dns_records){.verdict = VERDICT_LATER, .dns = dns};
	text_init(&question->text, DNS_TEXT);
	dns->waiting++;
	ares_query(dns->channel, name, CLASS_IN, type, on_answer, question);
}

void dns_ask_addresses(struct dns *dns, struct dns_records *question, const char *name)
{
	ask_records(dns, question, name, TYPE_A, on_address_records);
}

void dns_ask_text(struct dns *dns, struct dns_records *question, const char *name)
{
	ask_records(dns, question, name, TYPE_TXT, on_text_records);
}

bool dns_is_waiting(const struct dns *dns)
{
	return dns->waiting > 0;
}

size_t dns_polls(struct dns *dns, struct pollfd polls[DNS_POLLS], int *timeout)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int bits = ares_getsock(dns->channel, sockets, ARES_GETSOCK_MAXNUM);
	size_t count = 0;

	for (size_t index = 0; index < ARES_GETSOCK_MAXNUM && index < DNS_POLLS; index++) {
		short events = 0;

		if (ARES_GETSOCK_READABLE((unsigned)bits, index))
			events |= POLLIN;
		if (ARES_GETSOCK_WRITABLE((unsigned)bits, index))
			events |= POLLOUT;
		if (!events)
			break;
		polls[count++] = (struct pollfd){.fd = sockets[index], .events = events};
	}
	/* ares_timeout would tell it, in a timeval, which on 32 bits need not be the one that is
	 * known here. */
	if (*timeout > MOST_WAIT)
		*timeout = MOST_WAIT;
	return count;
}

void dns_continue(struct dns *dns, const struct pollfd *polls, size_t count)
{
	bool is_any = false;

	for (size_t index = 0; index < count; index++) {
		short events = polls[index].revents;

		if (!events)
			continue;
		is_any = true;
		ares_process_fd(dns->channel, events & ~POLLOUT ? polls[index].fd : ARES_SOCKET_BAD,
				events & POLLOUT ? polls[index].fd : ARES_SOCKET_BAD);
	}
	if (!is_any)
		ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
