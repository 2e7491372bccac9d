/*
 * Any bytes as the answers of DNS lists: what is taken of them is bounded, and what follows from
 * them for the client does not depend on which came first; a reason is printable and short. And any
 * name as that of an address: it is taken when it leads back, and is fit for a log and for rules.
 *
 * The input is two answers, each behind its length in two bytes, then a byte of settings, then a
 * name that ends in NUL and the addresses that it has, of four bytes each. The resolver's library
 * is called as ever, only that its questions go nowhere: the linker is told to put the functions
 * below in their place.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CARES_NO_DEPRECATED
#include <ares.h>
#include <netdb.h>

#include "rules/blocklist.h"
#include "unix/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
void __wrap_ares_query(ares_channel channel, const char *name, int class, int type,
		       ares_callback on_answer, void *world);
void __wrap_ares_gethostbyaddr(ares_channel channel, const void *address, int length, int family,
			       ares_host_callback on_host, void *world);
void __wrap_ares_gethostbyname(ares_channel channel, const char *name, int family,
			       ares_host_callback on_host, void *world);

#define MOST_ADDRESSES 8

/* The name and its addresses. */
static struct span host_name, host_addresses;

/* The answer that the next question gets; a length of 0: none comes, with this code. */
static struct span answer;
static int failure;

void __wrap_ares_query(ares_channel channel, const char *name, int class, int type,
		       ares_callback on_answer, void *world)
{
	unsigned char *copy = malloc(answer.length ? answer.length : 1);

	(void)channel, (void)class, (void)type;
	assert(*name && copy);
	if (answer.length)
		memcpy(copy, answer.bytes, answer.length);
	on_answer(world, answer.length ? ARES_SUCCESS : failure, 0, copy, (int)answer.length);
	free(copy);
}

void __wrap_ares_gethostbyaddr(ares_channel channel, const void *address, int length, int family,
			       ares_host_callback on_host, void *world)
{
	char name[1025], *none = NULL;
	struct hostent host = {.h_name = name, .h_aliases = &none};
	struct span bytes = span_head(host_name, sizeof(name) - 1);

	(void)channel, (void)address;
	if (bytes.length)
		memcpy(name, bytes.bytes, bytes.length);
	name[bytes.length] = '\0';
	host.h_length = length;
	host.h_addrtype = family;
	on_host(world, ARES_SUCCESS, 0, &host);
}

void __wrap_ares_gethostbyname(ares_channel channel, const char *name, int family,
			       ares_host_callback on_host, void *world)
{
	char bytes[MOST_ADDRESSES][4], *list[MOST_ADDRESSES + 1];
	struct hostent host = {.h_addrtype = family, .h_length = 4, .h_addr_list = list};
	struct span rest = host_addresses;
	size_t count = 0;

	(void)channel;
	assert(*name);
	for (; count < MOST_ADDRESSES && rest.length >= 4; rest = span_tail(rest, 4)) {
		memcpy(bytes[count], rest.bytes, 4);
		list[count] = bytes[count];
		count++;
	}
	list[count] = NULL;
	on_host(world, count ? ARES_SUCCESS : ARES_ENODATA, 0, &host);
}

static struct span cut_answer(struct span *rest)
{
	size_t length = (size_t)(span_byte(*rest, 0) & 255) << 8 | (span_byte(*rest, 1) & 255);
	struct span bytes = span_head(span_tail(*rest, 2), length);

	*rest = span_tail(*rest, 2 + length);
	return bytes;
}

/* Tell a list of the answers, in one order or the other, and decide after each. */
static enum blocklist_step decide(const struct dns_records *addresses,
				  const struct dns_records *text, int settings, bool is_text_first,
				  struct text *reason)
{
	struct blocklist list;
	struct address client;
	enum blocklist_step step = BLOCKLIST_WAIT;

	blocklist_init(&list, settings & 1 ? SPAN("list.example") : SPAN("list.example:see %IP%"));
	list.is_allowing = settings & 2;
	list.is_permanent = settings & 4;
	list.fails_closed = settings & 8;
	assert(address_read(settings & 16 ? "192.0.2.1" : "2001:db8::1", &client));
	for (unsigned turn = 0; turn < 2; turn++) {
		text_clear(reason);
		if ((turn == 0) == is_text_first)
			blocklist_take_text(&list, text->verdict, text_span(&text->text));
		else
			blocklist_take_addresses(&list, addresses->verdict, addresses->addresses,
						 addresses->count);
		step = blocklist_decide(&list, 1, &client, reason);
		if (step == BLOCKLIST_WAIT || turn == 1)
			continue;
		/* What was decided before all is known stays so. */
		blocklist_free(&list);
		return step;
	}
	assert(step != BLOCKLIST_WAIT);
	blocklist_free(&list);
	return step;
}

static void check_list(const struct dns_records *addresses, const struct dns_records *text,
		       int settings)
{
	struct text reason, other;
	enum blocklist_step step;

	text_init(&reason, 4096);
	text_init(&other, 4096);
	step = decide(addresses, text, settings, false, &reason);
	assert(step == decide(addresses, text, settings, true, &other));
	assert(span_equal(text_span(&reason), text_span(&other)));
	assert((step >= BLOCKLIST_REFUSE) == (reason.length > 0));
	assert(reason.length <= BLOCKLIST_TEXT);
	for (size_t index = 0; index < reason.length; index++)
		assert(reason.bytes[index] >= ' ' && reason.bytes[index] <= '~');
	if (addresses->verdict == VERDICT_NO && text->verdict == VERDICT_NO)
		assert(step == BLOCKLIST_PASS);
	if (step == BLOCKLIST_REFUSE)
		assert(settings & 4 && !(settings & 2));
	text_free(&reason);
	text_free(&other);
}

static void check_name(struct dns *dns, bool must_lead_back)
{
	struct dns_name question;
	struct address client, other;
	bool is_among = false;
	struct span name;

	assert(address_read("192.0.2.1", &client));
	dns_ask_name(dns, &question, &client, must_lead_back);
	assert(!dns_is_waiting(dns));
	for (size_t index = 0; index < MOST_ADDRESSES && 4 * index + 4 <= host_addresses.length;
	     index++)
		is_among |= memcmp(host_addresses.bytes + 4 * index, client.bytes, 4) == 0;
	name = text_span(&question.name);
	if (question.verdict == VERDICT_YES) {
		assert(name.length > 0 && name.length <= 255 && !address_read_span(name, &other));
		assert(is_among || !must_lead_back);
		for (size_t index = 0; index < name.length; index++)
			assert(name.bytes[index] > ' ' && name.bytes[index] <= '~' &&
			       byte_fold(name.bytes[index]) == name.bytes[index]);
	}
	assert(question.verdict != VERDICT_LATER);
	text_free(&question.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct dns *dns;
	static struct dns_records addresses, text;
	struct span rest = {(const char *)bytes, size}, first = cut_answer(&rest);
	struct span second = cut_answer(&rest);
	int settings = span_byte(rest, 0);

	if (!dns) {
		struct text why;

		setenv("DNSCACHEIP", "192.0.2.53", 1);
		text_init(&why, 1000);
		dns = dns_new(&why);
		text_free(&why);
	}
	if (settings == -1 || !dns)
		return 0;
	answer = first;
	failure = settings & 32 ? ARES_ENOTFOUND : ARES_ETIMEOUT;
	dns_ask_addresses(dns, &addresses, "1.2.0.192.list.example");
	assert(addresses.is_there && addresses.count <= DNS_ADDRESSES);
	assert((addresses.verdict == VERDICT_YES) == (addresses.count > 0));
	answer = second;
	failure = settings & 64 ? ARES_ENODATA : ARES_ESERVFAIL;
	dns_ask_text(dns, &text, "1.2.0.192.list.example");
	assert(text.is_there && text.text.length <= DNS_TEXT && !dns_is_waiting(dns));
	check_list(&addresses, &text, settings);
	text_free(&addresses.text);
	text_free(&text.text);
	rest = span_tail(rest, 1);
	host_name = span_head(rest, span_find(rest, '\0'));
	host_addresses = span_tail(rest, host_name.length + 1);
	check_name(dns, settings & 128);
	return 0;
}
