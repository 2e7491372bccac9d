#include "unix/names.h"

#include <errno.h>
#include <poll.h>

#include "unix/deadline.h"
#include "unix/dns.h"
#include "unix/ident.h"
#include "unix/report.h"

#define LONGEST 512 /* bytes of a name */

/* What is being waited for. */
struct search {
	struct dns *dns; /* NULL when nothing is asked there */
	struct ident ident;
	bool is_ident_running;
	int64_t deadline;
};

/* Wait once and go on with whatever got ready. False when the deadline has passed. */
static bool step(struct search *search, struct names *names)
{
	struct pollfd polls[DNS_POLLS + 1];
	size_t count = 0, dns_count;
	int timeout = deadline_left(search->deadline);
	enum verdict verdict;

	if (timeout == 0)
		return false;
	if (search->dns && dns_is_waiting(search->dns))
		count = dns_polls(search->dns, polls, &timeout);
	dns_count = count;
	if (search->is_ident_running)
		polls[count++] = ident_poll(&search->ident);
	if (poll(polls, count, timeout) == -1)
		return errno == EINTR;
	if (search->dns && dns_is_waiting(search->dns))
		dns_continue(search->dns, polls, dns_count);
	if (search->is_ident_running && polls[dns_count].revents) {
		verdict = ident_continue(&search->ident, &names->remote_info);
		search->is_ident_running = verdict == VERDICT_LATER;
		if (verdict == VERDICT_YES && !names->remote_info.failed)
			names->known.remote_info = text_string(&names->remote_info);
	}
	return true;
}

static struct dns *start_dns(void)
{
	struct text why;
	struct dns *dns;

	text_init(&why, LONGEST);
	dns = dns_new(&why);
	if (!dns)
		warn("unable to look up names: %s", text_string(&why));
	text_free(&why);
	return dns;
}

static void take(struct dns_name *question, struct text *name, const char **known)
{
	if (question->verdict == VERDICT_YES) {
		*name = question->name;
		*known = text_string(name);
	} else {
		text_free(&question->name);
	}
}

void names_find(const struct connection *connection, const struct names_wanted *wanted,
		struct names *names)
{
	struct search search = {.deadline = deadline_in((int64_t)wanted->timeout_seconds * 1000)};
	struct dns_name local = {.verdict = VERDICT_NO}, remote = {.verdict = VERDICT_NO};

	*names = (struct names){.known = {NULL, NULL, NULL}};
	text_init(&names->local_host, LONGEST);
	text_init(&names->remote_host, LONGEST);
	text_init(&names->remote_info, LONGEST);
	if (wanted->remote_host)
		search.dns = start_dns();
	if (search.dns) {
		dns_ask_name(search.dns, &remote, &connection->remote, wanted->is_paranoid);
		if (!wanted->local_host)
			dns_ask_name(search.dns, &local, &connection->local, false);
	}
	if (wanted->remote_info)
		search.is_ident_running = ident_start(&search.ident, connection) == 0;
	while ((search.is_ident_running || (search.dns && dns_is_waiting(search.dns))) &&
	       step(&search, names))
		;
	if (wanted->remote_info)
		ident_stop(&search.ident);
	dns_free(search.dns);
	take(&remote, &names->remote_host, &names->known.remote_host);
	take(&local, &names->local_host, &names->known.local_host);
	if (wanted->local_host)
		names->known.local_host = wanted->local_host;
}

void names_free(struct names *names)
{
	text_free(&names->local_host);
	text_free(&names->remote_host);
	text_free(&names->remote_info);
}
