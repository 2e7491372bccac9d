/*
 * Whole conversations. The first byte chooses settings, the rest is what a client sends: once whole
 * and once in pieces, and both must ask the world for the same things in the same order. The fake
 * world asserts that no message is committed or continued that was not opened.
 */
#include <stdlib.h>
#include <string.h>

#include "support/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct transcript transcript = {.settings = transcript_settings()};
	struct fake_host fake;
	struct text whole;

	if (size == 0)
		return 0;
	fake_host_init(&fake);
	text_add_string(&fake.hosted, "example.org\n");
	fake.has_own = address_read("192.0.2.1", &fake.own);
	transcript.settings.may_relay = bytes[0] & 1;
	transcript.settings.relay_unknown = bytes[0] & 2;
	transcript.settings.takes_odd_addresses = bytes[0] & 4;
	transcript.settings.largest_message = bytes[0] & 8 ? 100 : 0;
	transcript.settings.most_errors = bytes[0] & 16 ? 0 : 20;
	transcript.settings.most_recipients = bytes[0] & 32 ? 2 : 1000;
	transcript.settings.tls = bytes[0] & 16 ? SMTP_TLS_OFFERED : SMTP_TLS_NONE;
	transcript.settings.offers_auth = true;
	transcript.settings.allows_clear_auth = bytes[0] & 16;
	text_add_string(&fake.users, "ann secret\n");
	transcript.settings.tarpit_count = bytes[0] & 64 ? 1 : 0;
	fake.later = bytes[0] & 128 ? 3 : 0;
	text_init(&transcript.input, 16 * 1024 * 1024);
	text_add(&transcript.input, (struct span){(const char *)bytes + 1, size - 1});
	transcript.starts_tls = size / 2;
	text_init(&whole, 64 * 1024 * 1024);
	transcript_play(&transcript, &fake, 0);
	text_add(&whole, text_span(&fake.transcript));
	transcript_play(&transcript, &fake, 2 + (uint32_t)size);
	if (!span_equal(text_span(&whole), text_span(&fake.transcript)))
		abort();
	text_free(&whole);
	text_free(&transcript.input);
	fake_host_free(&fake);
	return 0;
}
