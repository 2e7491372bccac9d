#include "support/transcript.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

unsigned transcript_each(void (*check)(const char *name))
{
	DIR *directory = opendir("tests/smtp");
	struct dirent *entry;
	unsigned count = 0;

	assert(directory);
	while ((entry = readdir(directory))) {
		struct span name = span_of(entry->d_name);

		if (!span_ends_folded(name, SPAN(".in")))
			continue;
		entry->d_name[name.length - 3] = '\0';
		check(entry->d_name);
		count++;
	}
	closedir(directory);
	return count;
}

struct smtp_settings transcript_settings(void)
{
	return (struct smtp_settings){
		.greeting = SPAN("mail.example.org"),
		.local_ip_host = SPAN("mail.example.org"),
		.most_recipients = 1000,
		.most_errors = 20,
	};
}

static struct span cut_word(struct span *rest)
{
	struct span word = span_head(*rest, span_find(*rest, ' '));

	*rest = span_trim_start(span_tail(*rest, word.length));
	return word;
}

static uint32_t cut_number(struct span *rest)
{
	uint64_t number = 0;
	bool is_good = number_read_span(cut_word(rest), UINT32_MAX, &number);

	assert(is_good);
	return (uint32_t)number;
}

static enum verdict cut_verdict(struct span *rest)
{
	struct span word = cut_word(rest);

	return span_equal(word, SPAN("yes"))  ? VERDICT_YES
	       : span_equal(word, SPAN("no")) ? VERDICT_NO
					      : VERDICT_LATER;
}

static void add_line(struct text *list, struct span line)
{
	text_add(list, line);
	text_add_byte(list, '\n');
}

static bool set_world(struct span word, struct span rest, struct fake_host *fake)
{
	if (span_equal(word, SPAN("hosted"))) {
		add_line(&fake->hosted, rest);
	} else if (span_equal(word, SPAN("mailbox"))) {
		add_line(&fake->mailboxes, rest);
	} else if (span_equal(word, SPAN("badsender"))) {
		add_line(&fake->bad_sender, rest);
	} else if (span_equal(word, SPAN("own"))) {
		fake->has_own = address_read_span(rest, &fake->own);
		assert(fake->has_own);
	} else if (span_equal(word, SPAN("user"))) {
		add_line(&fake->users, rest);
	} else if (span_equal(word, SPAN("nolist"))) {
		fake->has_no_list = true;
	} else if (span_equal(word, SPAN("later"))) {
		fake->later = cut_number(&rest);
	} else if (span_equal(word, SPAN("commit"))) {
		fake->commit_verdict = cut_verdict(&rest);
		if (rest.length && rest.bytes[0] >= '0' && rest.bytes[0] <= '9') {
			struct span code = cut_word(&rest);

			snprintf(fake->commit_code, sizeof(fake->commit_code), "%.*s",
				 (int)code.length, code.bytes);
		}
		text_add(&fake->commit_text, rest);
	} else {
		return false;
	}
	return true;
}

static bool set_security(struct span word, struct span rest, struct smtp_settings *settings)
{
	if (span_equal(word, SPAN("tls"))) {
		settings->tls = span_equal(rest, SPAN("offered"))  ? SMTP_TLS_OFFERED
				: span_equal(rest, SPAN("broken")) ? SMTP_TLS_BROKEN
								   : SMTP_TLS_NONE;
		settings->is_secured = span_equal(rest, SPAN("on"));
	} else if (span_equal(word, SPAN("auth"))) {
		settings->offers_auth = true;
	} else if (span_equal(word, SPAN("needtls"))) {
		settings->requires_tls = true;
	} else if (span_equal(word, SPAN("needauth"))) {
		settings->requires_auth = true;
	} else if (span_equal(word, SPAN("clearauth"))) {
		settings->allows_clear_auth = true;
	} else {
		return false;
	}
	return true;
}

static bool set_session(struct span word, struct span rest, struct transcript *transcript)
{
	struct smtp_settings *settings = &transcript->settings;

	if (span_equal(word, SPAN("relay"))) {
		settings->may_relay = true;
		text_add(&transcript->suffix, rest);
		settings->relay_suffix = text_span(&transcript->suffix);
	} else if (span_equal(word, SPAN("unknown"))) {
		settings->relay_unknown = true;
	} else if (span_equal(word, SPAN("odd"))) {
		settings->takes_odd_addresses = true;
	} else if (span_equal(word, SPAN("databytes"))) {
		settings->largest_message = cut_number(&rest);
	} else if (span_equal(word, SPAN("recipients"))) {
		settings->most_recipients = cut_number(&rest);
	} else if (span_equal(word, SPAN("errors"))) {
		settings->most_errors = cut_number(&rest);
	} else if (span_equal(word, SPAN("tarpit"))) {
		settings->tarpit_count = cut_number(&rest);
		settings->tarpit_delay = cut_number(&rest);
	} else if (span_equal(word, SPAN("end"))) {
		transcript->has_end = true;
		transcript->end = span_equal(rest, SPAN("gone"))      ? SMTP_GONE
				  : span_equal(rest, SPAN("timeout")) ? SMTP_TIMEOUT
								      : SMTP_SHUTDOWN;
	} else {
		return false;
	}
	return true;
}

static unsigned hex_digit(int byte)
{
	return byte >= 'a' ? (unsigned)byte - 'a' + 10 : (unsigned)byte - '0';
}

static void add_input(struct text *input, struct span line)
{
	for (size_t index = 0; index < line.length; index++) {
		int byte = span_byte(line, index);
		unsigned long times = 1;

		if (byte == '\\') {
			byte = span_byte(line, ++index);
			switch (byte) {
			case 'c': return;
			case 'r': byte = '\r'; break;
			case 'n': byte = '\n'; break;
			case '0': byte = '\0'; break;
			case 'x':
				byte = (int)(hex_digit(span_byte(line, index + 1)) * 16 +
					     hex_digit(span_byte(line, index + 2)));
				index += 2;
				break;
			case '{':
				times = strtoul(line.bytes + index + 1, NULL, 10);
				index += span_find(span_tail(line, index), '}') + 1;
				byte = span_byte(line, index);
				break;
			default: assert(byte == '\\');
			}
		}
		while (times--)
			text_add_byte(input, (char)byte);
	}
	text_add_string(input, "\r\n");
}

void transcript_read(struct span file, struct transcript *transcript, struct fake_host *fake)
{
	struct span line;
	bool has_tls = false;

	*transcript = (struct transcript){.settings = transcript_settings()};
	text_init(&transcript->suffix, 4096);
	text_init(&transcript->input, 64 * 1024 * 1024);
	text_add_string(&transcript->input, "");
	while (span_next_line(&file, &line)) {
		uint32_t times = 1;

		if (span_starts(line, SPAN("! "))) {
			struct span rest = span_tail(line, 2), word = cut_word(&rest);
			bool is_known = set_world(word, rest, fake) ||
					set_session(word, rest, transcript) ||
					set_security(word, rest, &transcript->settings);

			assert(is_known);
			continue;
		}
		if (span_equal(line, SPAN("!tls"))) {
			transcript->starts_tls = transcript->input.length;
			has_tls = true;
			continue;
		}
		if (span_byte(line, 0) == '%') {
			line = span_tail(line, 1);
			times = cut_number(&line);
		}
		while (times--)
			add_input(&transcript->input, line);
	}
	if (!has_tls)
		transcript->starts_tls = transcript->input.length;
	assert(!transcript->input.failed);
}

void transcript_free(struct transcript *transcript)
{
	text_free(&transcript->suffix);
	text_free(&transcript->input);
}

/* Feed some of what the client says, in pieces. */
static enum smtp_step play_part(struct smtp_session *session, struct span rest, uint32_t *seed)
{
	enum smtp_step step = SMTP_MORE;

	while (rest.length && step == SMTP_MORE) {
		size_t length = *seed == 0 ? rest.length : 1;
		struct span piece;
		char *copy;

		if (*seed > 1) {
			*seed = *seed * 1664525 + 1013904223;
			length = (*seed >> 16) % (*seed >> 31 ? 5 : 100);
		}
		piece = span_head(rest, length);
		/* A block of its own, so that a read past its end is seen; by calloc(3), which no
		 * test lets fail. */
		copy = calloc(1, piece.length ? piece.length : 1);
		assert(copy);
		memcpy(copy, piece.bytes, piece.length);
		step = smtp_session_feed(session, (struct span){copy, piece.length});
		free(copy);
		rest = span_tail(rest, piece.length);
	}
	return step;
}

void transcript_hold(const struct transcript *transcript, const struct smtp_host *host,
		     void (*secured)(void *world), uint32_t seed)
{
	struct span input = text_span(&transcript->input);
	struct smtp_session *session;
	struct smtp_room room;
	enum smtp_step step;

	session = smtp_session_new(&transcript->settings, host, &room);
	step = play_part(session, span_head(input, transcript->starts_tls), &seed);
	if (step == SMTP_START_TLS) {
		if (secured)
			secured(host->world);
		smtp_session_secured(session);
	}
	play_part(session, span_tail(input, transcript->starts_tls), &seed);
	if (transcript->has_end)
		smtp_session_end(session, transcript->end);
	smtp_session_free(session);
}

void transcript_play(const struct transcript *transcript, struct fake_host *fake, uint32_t seed)
{
	struct smtp_host host = fake_host_table(fake);

	fake_host_restart(fake);
	transcript_hold(transcript, &host, NULL, seed);
	assert(!fake->is_open);
}
