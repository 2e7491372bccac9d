#include "host/monitor.h"

#include <errno.h>

#include "base/frame.h"
#include "host/ask.h"
#include "host/recheck.h"
#include "smtp/sasl.h"
#include "unix/deadline.h"
#include "unix/tls_request.h"

#define MOST_FAILURES	 3		   /* of AUTH in one session, as in the session itself */
#define LONGEST_TEXT	 16384		   /* bytes of an answer's texts, each */
#define LONGEST_ENVELOPE (4 * 1024 * 1024) /* bytes */
#define LONGEST_LINE	 4096		   /* bytes of what is not longer than a command line */

enum { PHASE_BETWEEN = 1, PHASE_MESSAGE = 2, PHASE_OVER = 4 };

struct rule {
	unsigned phases;
	uint32_t largest; /* bytes of the fields */
};

static const struct rule rules[REQUEST_COUNT] = {
	[REQUEST_EVENT] = {PHASE_BETWEEN | PHASE_MESSAGE, ASK_BLOCK},
	[REQUEST_HOSTED] = {PHASE_BETWEEN, LONGEST_LINE},
	[REQUEST_MAILBOX] = {PHASE_BETWEEN, LONGEST_LINE},
	[REQUEST_BAD_SENDER] = {PHASE_BETWEEN, LONGEST_LINE},
	[REQUEST_OWN_ADDRESS] = {PHASE_BETWEEN, 8 + 4 + 16},
	[REQUEST_AUTHENTICATE] = {PHASE_BETWEEN, 8 + SASL_MOST},
	[REQUEST_OPEN] = {PHASE_BETWEEN, LONGEST_LINE},
	[REQUEST_BODY] = {PHASE_MESSAGE, ASK_BLOCK},
	[REQUEST_COMMIT] = {PHASE_MESSAGE, LONGEST_ENVELOPE},
	[REQUEST_DISCARD] = {PHASE_MESSAGE, 0},
	[REQUEST_SECURED] = {PHASE_BETWEEN, TLS_REQUEST_LIST},
	[REQUEST_TLS_FAILED] = {PHASE_BETWEEN, 8},
	[REQUEST_LOGGED] = {PHASE_BETWEEN | PHASE_MESSAGE, 0},
	[REQUEST_END] = {PHASE_BETWEEN, 3 * 8},
};

void monitor_init(struct monitor *monitor, struct direct *direct)
{
	*monitor = (struct monitor){
		.direct = direct,
		.host = direct_host(direct),
		.phase = PHASE_BETWEEN,
		.is_secured = direct->settings->smtp.is_secured,
	};
	text_init(&monitor->user, SASL_MOST);
	text_init(&monitor->in, FRAME_HEADER + LONGEST_ENVELOPE);
	text_init(&monitor->out, FRAME_HEADER + 3 * LONGEST_TEXT);
}

void monitor_free(struct monitor *monitor)
{
	text_free(&monitor->user);
	text_free(&monitor->in);
	text_free(&monitor->out);
}

static void answer_with(struct monitor *monitor, enum request request, enum verdict verdict,
			struct span text, struct span code)
{
	size_t start = frame_begin(&monitor->out, request);

	frame_add_number(&monitor->out, verdict);
	frame_add_span(&monitor->out, text);
	frame_add_span(&monitor->out, code);
	frame_end(&monitor->out, start, 0);
}

static void answer(struct monitor *monitor, enum request request, enum verdict verdict)
{
	answer_with(monitor, request, verdict, SPAN(""), SPAN(""));
}

/* --- one function for each request with fields; false: it is malformed, or not true --- */

static bool take_event(struct monitor *monitor, struct span fields)
{
	const struct smtp_host *host = &monitor->host;
	uint64_t kind, code, has_sender, has_recipient, size, recipients;
	struct smtp_event event;

	if (!frame_take_number(&fields, &kind) || kind > SMTP_AUTH_FAIL ||
	    !frame_take_number(&fields, &code) || code > 599 ||
	    !frame_take_number(&fields, &has_sender) ||
	    !frame_take_number(&fields, &has_recipient) || !frame_take_number(&fields, &size) ||
	    !frame_take_number(&fields, &recipients) || recipients > UINT32_MAX ||
	    !frame_take_span(&fields, &event.reason) || !frame_take_span(&fields, &event.why) ||
	    !frame_take_span(&fields, &event.sender) ||
	    !frame_take_span(&fields, &event.recipient) || !frame_take_span(&fields, &event.user) ||
	    fields.length)
		return false;
	event.kind = (enum smtp_event_kind)kind;
	event.code = (uint32_t)code;
	event.has_sender = has_sender;
	event.has_recipient = has_recipient;
	event.size = size;
	event.recipients = (uint32_t)recipients;
	if (event.kind == SMTP_QUEUED && monitor->told++ >= monitor->taken)
		return false;
	if (event.kind == SMTP_AUTH_OK &&
	    (!monitor->user.length || !span_equal(event.user, text_span(&monitor->user))))
		return false;
	host->event(host->world, &event);
	return true;
}

static bool take_hosted(struct monitor *monitor, struct span domain)
{
	const struct smtp_host *host = &monitor->host;
	enum verdict verdict;
	struct text why;

	text_init(&why, LONGEST_TEXT);
	verdict = host->hosted(host->world, domain, &why);
	answer_with(monitor, REQUEST_HOSTED, why.failed ? VERDICT_LATER : verdict, text_span(&why),
		    SPAN(""));
	text_free(&why);
	return true;
}

static bool take_own_address(struct monitor *monitor, struct span fields)
{
	const struct smtp_host *host = &monitor->host;
	struct address address = {.version = 0};
	struct span bytes;
	uint64_t version;

	if (!frame_take_number(&fields, &version) || (version != 4 && version != 6) ||
	    !frame_take_span(&fields, &bytes) || bytes.length != sizeof(address.bytes) ||
	    fields.length)
		return false;
	address.version = (uint8_t)version;
	memcpy(address.bytes, bytes.bytes, sizeof(address.bytes));
	answer(monitor, REQUEST_OWN_ADDRESS,
	       host->own_address(host->world, &address) ? VERDICT_YES : VERDICT_NO);
	return true;
}

static bool has_nul(struct span bytes)
{
	return span_find(bytes, '\0') < bytes.length;
}

static bool take_authenticate(struct monitor *monitor, struct span fields)
{
	const struct smtp_settings *settings = &monitor->direct->settings->smtp;
	const struct smtp_host *host = &monitor->host;
	struct span user, password;
	enum verdict verdict;

	if (!frame_take_span(&fields, &user) || !frame_take_span(&fields, &password) ||
	    fields.length || user.length == 0 || has_nul(user) || password.length == 0 ||
	    has_nul(password))
		return false;
	if (!settings->offers_auth || (!monitor->is_secured && !settings->allows_clear_auth) ||
	    monitor->user.length || monitor->auth_failures >= MOST_FAILURES)
		return false;
	verdict = monitor->is_ending ? VERDICT_LATER
				     : host->authenticate(host->world, user, password);
	if (verdict == VERDICT_YES)
		text_add(&monitor->user, user);
	if (verdict == VERDICT_NO)
		monitor->auth_failures++;
	if (monitor->user.failed)
		return false;
	answer(monitor, REQUEST_AUTHENTICATE, verdict);
	return true;
}

/* Do with the list what direct_start_tls would have done with it. */
static bool take_secured(struct monitor *monitor, struct span fields)
{
	bool is_good =
		!monitor->is_secured && monitor->direct->settings->smtp.tls == SMTP_TLS_OFFERED;
	struct text list;

	text_init(&list, TLS_REQUEST_LIST);
	text_add(&list, fields);
	is_good = is_good && !list.failed;
	if (is_good) {
		monitor->is_secured = true;
		text_clear(&monitor->user);
		direct_secured(monitor->direct, &list);
	}
	text_free(&list);
	return is_good;
}

static bool take_tls_failed(struct monitor *monitor, struct span fields)
{
	uint64_t reason;

	if (!frame_take_number(&fields, &reason) || reason > 4095 || fields.length)
		return false;
	errno = (int)reason;
	direct_tls_failed(monitor->direct);
	return true;
}

/* RFC 3848's words are of capital letters and digits. */
static bool is_protocol(struct span protocol)
{
	for (size_t index = 0; index < protocol.length; index++) {
		char byte = protocol.bytes[index];

		if ((byte < 'A' || byte > 'Z') && (byte < '0' || byte > '9'))
			return false;
	}
	return protocol.length > 0 && protocol.length <= 16;
}

static bool take_open(struct monitor *monitor, struct span fields)
{
	const struct smtp_host *host = &monitor->host;
	struct span hello, protocol;
	enum verdict verdict;

	if (!frame_take_span(&fields, &hello) || !frame_take_span(&fields, &protocol) ||
	    fields.length || !is_protocol(protocol))
		return false;
	verdict = monitor->is_ending ? VERDICT_LATER : host->open(host->world, hello, protocol);
	if (verdict == VERDICT_YES)
		monitor->phase = PHASE_MESSAGE;
	monitor->size = 0;
	answer(monitor, REQUEST_OPEN, verdict);
	return true;
}

/* An obedient session hands on nothing beyond the limit. */
static bool take_body(struct monitor *monitor, struct span bytes)
{
	uint64_t largest = monitor->direct->settings->smtp.largest_message;

	monitor->size += bytes.length;
	if (largest && monitor->size > largest)
		return false;
	monitor->host.body(monitor->host.world, bytes);
	return true;
}

void monitor_forget(struct monitor *monitor)
{
	if (monitor->phase == PHASE_MESSAGE)
		monitor->host.discard(monitor->host.world);
	if (monitor->phase != PHASE_OVER)
		monitor->phase = PHASE_BETWEEN;
}

bool monitor_has_ended(const struct monitor *monitor)
{
	return monitor->phase == PHASE_OVER;
}

static bool take_commit(struct monitor *monitor, struct span envelope)
{
	const struct smtp_host *host = &monitor->host;
	struct smtp_answer result = {.enhanced_code = ""};
	enum verdict verdict =
		recheck_envelope(&monitor->direct->settings->smtp, host, monitor->user.length > 0,
				 monitor->is_secured, envelope);

	if (verdict != VERDICT_YES)
		monitor_forget(monitor);
	if (verdict == VERDICT_NO)
		return false;
	text_init(&result.text, LONGEST_TEXT);
	if (verdict == VERDICT_YES)
		verdict = host->commit(host->world, envelope, &result);
	monitor->phase = PHASE_BETWEEN;
	/* The queue program's time is not the session's: it has its answer to pass on. */
	monitor->moment = deadline_in(MONITOR_GRACE);
	if (verdict == VERDICT_YES)
		monitor->taken++;
	answer_with(monitor, REQUEST_COMMIT, verdict, text_span(&result.text),
		    span_of(result.enhanced_code));
	text_free(&result.text);
	return true;
}

static bool take_end(struct monitor *monitor, struct span fields)
{
	struct smtp_totals totals;

	if (!frame_take_number(&fields, &totals.commands) ||
	    !frame_take_number(&fields, &totals.messages) ||
	    !frame_take_number(&fields, &totals.bytes) || fields.length ||
	    totals.messages != monitor->taken)
		return false;
	monitor->phase = PHASE_OVER;
	direct_end(monitor->direct, &totals);
	return true;
}

static bool obey(struct monitor *monitor, enum request request, struct span fields)
{
	const struct smtp_host *host = &monitor->host;

	switch (request) {
	case REQUEST_EVENT: return take_event(monitor, fields);
	case REQUEST_HOSTED: return take_hosted(monitor, fields);
	case REQUEST_MAILBOX:
		answer(monitor, request, host->mailbox(host->world, fields));
		return true;
	case REQUEST_BAD_SENDER:
		answer(monitor, request, host->bad_sender(host->world, fields));
		return true;
	case REQUEST_OWN_ADDRESS: return take_own_address(monitor, fields);
	case REQUEST_AUTHENTICATE: return take_authenticate(monitor, fields);
	case REQUEST_OPEN: return take_open(monitor, fields);
	case REQUEST_BODY: return take_body(monitor, fields);
	case REQUEST_COMMIT: return take_commit(monitor, fields);
	case REQUEST_DISCARD: monitor_forget(monitor); return true;
	case REQUEST_SECURED: return take_secured(monitor, fields);
	case REQUEST_TLS_FAILED: return take_tls_failed(monitor, fields);
	case REQUEST_LOGGED: answer(monitor, request, VERDICT_YES); return true;
	case REQUEST_END: return take_end(monitor, fields);
	case REQUEST_COUNT: break;
	}
	return false;
}

enum monitor_step monitor_take(struct monitor *monitor, struct span *bytes, size_t *lacking)
{
	struct frame frame;

	*lacking = FRAME_HEADER - (bytes->length < FRAME_HEADER ? bytes->length : FRAME_HEADER);
	if (!frame_read(*bytes, &frame))
		return MONITOR_MORE;
	if (frame.kind >= REQUEST_COUNT || !(rules[frame.kind].phases & monitor->phase) ||
	    frame.length > rules[frame.kind].largest)
		return MONITOR_BROKEN;
	if (frame.length > bytes->length - FRAME_HEADER) {
		*lacking = frame.length - (bytes->length - FRAME_HEADER);
		return MONITOR_MORE;
	}
	text_clear(&monitor->out);
	if (!obey(monitor, (enum request)frame.kind,
		  span_head(span_tail(*bytes, FRAME_HEADER), frame.length)) ||
	    monitor->out.failed)
		return MONITOR_BROKEN;
	*bytes = span_tail(*bytes, FRAME_HEADER + frame.length);
	return MONITOR_TAKEN;
}
