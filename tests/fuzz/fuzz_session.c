/*
 * Whole conversations. The first two bytes choose settings, the rest is what a client sends, up to
 * a line "!tls" in the clear and from there on under TLS if the server lets it: once whole and once
 * in pieces, and both must ask the world for the same things in the same order. The fake world
 * asserts that no message is committed or continued that was not opened. And nothing is queued for
 * a client that has not done what was demanded of it.
 */
#include <assert.h>
#include <string.h>

#include "support/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Of the first byte, and of the second. */
enum {
	MAY_RELAY = 1,
	RELAY_UNKNOWN = 2,
	ODD_ADDRESSES = 4,
	SMALL_MESSAGES = 8,
	OFFERS_TLS = 16,
	FEW_RECIPIENTS = 32,
	TARPIT = 64,
	LATER = 128,
};
enum {
	OFFERS_AUTH = 1,
	CLEAR_AUTH = 2,
	NEEDS_AUTH = 4,
	NEEDS_TLS = 8,
	IS_SECURED = 16,
	LISTS_MAILBOXES = 32,
	MANY_ERRORS = 64,
	COMMITS_NOT = 128,
};

static void choose(struct smtp_settings *settings, struct fake_host *fake, unsigned first,
		   unsigned second)
{
	settings->may_relay = first & MAY_RELAY;
	settings->relay_unknown = first & RELAY_UNKNOWN;
	settings->takes_odd_addresses = first & ODD_ADDRESSES;
	settings->largest_message = first & SMALL_MESSAGES ? 100 : 0;
	settings->tls = first & OFFERS_TLS ? SMTP_TLS_OFFERED : SMTP_TLS_NONE;
	settings->most_recipients = first & FEW_RECIPIENTS ? 2 : 1000;
	settings->tarpit_count = first & TARPIT ? 1 : 0;
	fake->later = first & LATER ? 3 : 0;
	settings->offers_auth = second & OFFERS_AUTH;
	settings->allows_clear_auth = second & CLEAR_AUTH;
	settings->requires_auth = second & NEEDS_AUTH;
	settings->requires_tls = second & NEEDS_TLS;
	settings->is_secured = second & IS_SECURED;
	settings->most_errors = second & MANY_ERRORS ? 0 : 20;
	if (second & LISTS_MAILBOXES)
		text_add_string(&fake->mailboxes, "ann@example.org\nbob@example.org\n");
	if (second & COMMITS_NOT)
		fake->commit_verdict = VERDICT_LATER;
	text_add_string(&fake->hosted, "example.org\n");
	text_add_string(&fake->bad_sender, "bad@example.com\n");
	text_add_string(&fake->users, "ann secret\n");
	fake->has_own = address_read("192.0.2.1", &fake->own);
}

static bool has_said(const struct fake_host *fake, const char *words)
{
	return strstr(text_string(&fake->transcript), words);
}

static void check_demands(const struct smtp_settings *settings, const struct fake_host *fake)
{
	if (settings->requires_auth && !has_said(fake, "\nlogin "))
		assert(fake->committed == 0);
	if (settings->requires_tls && !settings->is_secured && !has_said(fake, " ready for TLS"))
		assert(fake->committed == 0);
	if (!settings->offers_auth)
		assert(!has_said(fake, "\nlogin "));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct transcript transcript = {.settings = transcript_settings()};
	struct span input = {(const char *)bytes + 2, size - 2};
	struct fake_host fake;
	const char *mark;
	struct text whole;

	if (size < 2)
		return 0;
	fake_host_init(&fake);
	choose(&transcript.settings, &fake, bytes[0], bytes[1]);
	text_init(&transcript.input, 16 * 1024 * 1024);
	mark = input.length ? memmem(input.bytes, input.length, "!tls\r\n", 6) : NULL;
	if (mark) {
		text_add(&transcript.input, span_head(input, (size_t)(mark - input.bytes)));
		input = span_tail(input, (size_t)(mark - input.bytes) + 6);
	}
	transcript.starts_tls = transcript.input.length;
	text_add(&transcript.input, input);
	if (!mark)
		transcript.starts_tls = transcript.input.length;
	transcript.has_end = true;
	transcript.end = (enum smtp_end)(size % 3);
	text_init(&whole, 64 * 1024 * 1024);
	transcript_play(&transcript, &fake, 0);
	check_demands(&transcript.settings, &fake);
	text_add(&whole, text_span(&fake.transcript));
	transcript_play(&transcript, &fake, 2 + (uint32_t)size);
	assert(span_equal(text_span(&whole), text_span(&fake.transcript)));
	text_free(&whole);
	text_free(&transcript.input);
	fake_host_free(&fake);
	return 0;
}
