#include "smtp/sasl.h"

#include <stdint.h>

static const struct span ask_user = {"VXNlcm5hbWU6", 12};     /* "Username:" */
static const struct span ask_password = {"UGFzc3dvcmQ6", 12}; /* "Password:" */
static const struct span ask_all = {"", 0};

void sasl_init(struct sasl *sasl)
{
	*sasl = (struct sasl){.mechanism = SASL_PLAIN};
	text_init(&sasl->user, SASL_LARGEST);
	text_init(&sasl->password, SASL_LARGEST);
}

void sasl_clear(struct sasl *sasl)
{
	text_wipe(&sasl->user);
	text_wipe(&sasl->password);
	sasl->has_user = false;
}

bool sasl_find(struct span name, enum sasl_mechanism *mechanism)
{
	if (span_equal_folded(name, SPAN("plain")))
		*mechanism = SASL_PLAIN;
	else if (span_equal_folded(name, SPAN("login")))
		*mechanism = SASL_LOGIN;
	else
		return false;
	return true;
}

static int digit(int byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (byte >= '0' && byte <= '9')
		return byte - '0' + 52;
	return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

bool sasl_decode(struct span text, struct text *out)
{
	size_t padding = 0;

	if (text.length % 4 != 0)
		return false;
	text_reserve(out, text.length / 4 * 3); /* at once, so that no copy is left behind */
	while (padding < 2 && padding < text.length && text.bytes[text.length - 1 - padding] == '=')
		padding++;
	for (size_t index = 0; index < text.length; index += 4) {
		size_t digits = index + 4 == text.length ? 4 - padding : 4;
		uint32_t value = 0;

		for (size_t place = 0; place < 4; place++) {
			int part = place < digits ? digit(span_byte(text, index + place)) : 0;

			if (part < 0)
				return false;
			value = value << 6 | (uint32_t)part;
		}
		/* The bits that padding leaves over are zero, RFC 4648 section 3.5. */
		if ((digits == 2 && (value & 0xffff)) || (digits == 3 && (value & 0xff)))
			return false;
		for (size_t place = 0; place + 1 < digits; place++)
			text_add_byte(out, (char)(value >> (16 - 8 * place) & 0xff));
	}
	return true;
}

/* A name or password that checkpassword's interface can carry, and that somebody can have. */
static bool is_usable(const struct text *text)
{
	return text->length > 0 && span_find(text_span(text), '\0') == text->length;
}

static enum sasl_step conclude(const struct sasl *sasl)
{
	if (sasl->user.failed || sasl->password.failed)
		return SASL_NO_MEMORY;
	if (sasl->user.length + sasl->password.length > SASL_MOST)
		return SASL_UNUSABLE;
	return is_usable(&sasl->user) && is_usable(&sasl->password) ? SASL_DONE : SASL_UNUSABLE;
}

/* authorize NUL user NUL password, RFC 4616 section 2. Nobody may act for another here. */
static enum sasl_step take_plain(struct sasl *sasl, struct span line)
{
	struct text message;
	struct span rest, authorize, user;
	enum sasl_step step = SASL_MALFORMED;
	size_t end;

	text_init(&message, SASL_LARGEST);
	if (!sasl_decode(line, &message))
		goto done;
	rest = text_span(&message);
	end = span_find(rest, '\0');
	authorize = span_head(rest, end);
	if (end == rest.length)
		goto done;
	rest = span_tail(rest, end + 1);
	end = span_find(rest, '\0');
	user = span_head(rest, end);
	if (end == rest.length)
		goto done;
	text_add(&sasl->user, user);
	text_add(&sasl->password, span_tail(rest, end + 1));
	step = conclude(sasl);
	if (step == SASL_DONE && authorize.length && !span_equal(authorize, user))
		step = SASL_UNUSABLE;
done:
	if (message.failed)
		step = SASL_NO_MEMORY;
	text_wipe(&message);
	text_free(&message);
	return step;
}

static enum sasl_step take_login(struct sasl *sasl, struct span line, struct span *challenge)
{
	struct text *field = sasl->has_user ? &sasl->password : &sasl->user;

	if (!sasl_decode(line, field))
		return SASL_MALFORMED;
	if (sasl->has_user)
		return conclude(sasl);
	sasl->has_user = true;
	*challenge = ask_password;
	return SASL_CHALLENGE;
}

enum sasl_step sasl_take(struct sasl *sasl, struct span line, struct span *challenge)
{
	if (span_equal(line, SPAN("*")))
		return SASL_CANCELED;
	return sasl->mechanism == SASL_PLAIN ? take_plain(sasl, line)
					     : take_login(sasl, line, challenge);
}

enum sasl_step sasl_start(struct sasl *sasl, enum sasl_mechanism mechanism, bool has_response,
			  struct span response, struct span *challenge)
{
	sasl_clear(sasl);
	sasl->mechanism = mechanism;
	if (has_response) /* "=" is the empty one, RFC 4954 section 4 */
		return sasl_take(sasl, span_equal(response, SPAN("=")) ? SPAN("") : response,
				 challenge);
	*challenge = mechanism == SASL_PLAIN ? ask_all : ask_user;
	return SASL_CHALLENGE;
}
