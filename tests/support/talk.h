/*
 * talk: an smtp_client and a scripted_hop, for the tests of the modules that make up smtp_client.
 * Functions of a header, for only those tests are linked with what an smtp_client needs.
 */
#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

#include "host/smtp_client.h"
#include "support/capture.h"
#include "support/check.h"
#include "support/scripted_hop.h"
#include "unix/deadline.h"

#define GREETING NULL, "220 next.example\r\n"
#define HELLO	 "EHLO me.example\r\n"
#define SILENCE	 400 /* milliseconds for a step where one is silent; more than others need */

/* A next hop and a client of it. */
struct talk {
	pid_t next_hop;
	char text[100]; /* of the route */
	struct route route;
	struct smtp_client_settings settings;
	struct smtp_client client;
	struct smtp_result result;
	struct capture capture;
	struct text log;
	int64_t latest; /* when a time that passes must have been noticed */
};

static inline void talk_begin(struct talk *talk, const char *kind, const char *login,
			      const struct step *steps)
{
	const char *why;
	uint16_t port;

	talk->next_hop = scripted_hop_start(steps, &port);
	snprintf(talk->text, sizeof(talk->text), "%s127.0.0.1:%u", kind, (unsigned)port);
	assert_true(route_read(span_of(talk->text), &talk->route, &why));
	talk->settings = (struct smtp_client_settings){.helo = SPAN("me.example"),
						       .connect_time = 10000,
						       .step_time = 10000,
						       .moment = deadline_in(60000),
						       .logins = span_of(login)};
	for (size_t index = 0; index < MOST_STEPS; index++)
		if (steps[index].says && !*steps[index].says)
			talk->settings.step_time = SILENCE;
	if (!steps[0].says)
		talk->settings.step_time = SILENCE;
	smtp_client_init(&talk->client, &talk->settings);
	smtp_result_init(&talk->result);
	text_init(&talk->log, 10000);
	talk->latest = deadline_in(SILENCE + 5000);
	talk->capture = capture_begin();
}

/* The next hop must have heard what it waited for, and the log must keep what is secret. */
static inline void talk_end(struct talk *talk, const char *name)
{
	bool is_good;

	smtp_client_close(&talk->client);
	is_good = scripted_hop_end(talk->next_hop);
	capture_end(&talk->capture, &talk->log);
	smtp_client_free(&talk->client);
	smtp_result_free(&talk->result);
	if (!is_good)
		fail_msg("%s: %s", name, text_string(&talk->log));
	if (strstr(text_string(&talk->log), "secret") ||
	    strstr(text_string(&talk->log), "c2VjcmV0") ||
	    strstr(text_string(&talk->log), "AGFubgBz"))
		fail_msg("%s: the log has a password: %s", name, text_string(&talk->log));
	text_free(&talk->log);
}

/* Words NULL: any. */
static inline void talk_check(struct talk *talk, const char *name, enum verdict verdict,
			      enum queue_status status, const char *words)
{
	const struct smtp_result *result = &talk->result;
	bool is_late = status == QUEUE_TIMED_OUT && deadline_left(talk->latest) == 0;

	if (result->verdict == verdict && result->status == status && !is_late &&
	    (!words || span_equal(text_span(&result->words), span_of(words))) &&
	    !(status != QUEUE_OK && talk->client.is_open))
		return;
	capture_end(&talk->capture, &talk->log);
	fail_msg("%s: verdict %d, status %d, \"%s\"%s%s\n%s", name, (int)result->verdict,
		 (int)result->status, text_string(&result->words),
		 talk->client.is_open ? ", connected" : "", is_late ? ", late" : "",
		 text_string(&talk->log));
}

struct talk_case {
	const char *name, *kind, *login;
	struct step steps[MOST_STEPS];
	enum verdict verdict;
	enum queue_status status;
	const char *words; /* NULL: any */
};

/* What comes of opening a client, in each case. */
static inline void talk_open_each(const struct talk_case *cases, size_t count)
{
	for (size_t index = 0; index < count; index++) {
		struct talk talk;

		talk_begin(&talk, cases[index].kind, cases[index].login, cases[index].steps);
		smtp_client_open(&talk.client, &talk.route, &talk.result);
		talk_check(&talk, cases[index].name, cases[index].verdict, cases[index].status,
			   cases[index].words);
		talk_end(&talk, cases[index].name);
	}
}

#endif
