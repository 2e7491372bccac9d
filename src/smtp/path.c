#include "smtp/path.h"

#include "base/utf8.h"

/* Where a walk along the text of a path stands. */
struct walk {
	struct span text;
	size_t index;
	bool is_quoted;
	bool has_at;	   /* an '@' outside quotes was seen */
	bool has_quoted;   /* a quote or backslash was seen behind the last such '@' */
	size_t at;	   /* where that '@' went to in the address */
	bool has_inner_at; /* an '@' that was quoted */
};

static bool is_domain_byte(int byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
	       byte >= 0x80;
}

/* One trailing dot is allowed, RFC 5321 says nothing of it but mailers write it. */
static bool is_domain(struct span domain)
{
	int before = '.';

	if (span_byte(domain, 0) == '[')
		return domain.length > 2 && domain.bytes[domain.length - 1] == ']' &&
		       span_find(domain, ']') == domain.length - 1;
	for (size_t index = 0; index < domain.length; index++) {
		int byte = span_byte(domain, index);

		if (!is_domain_byte(byte) || (byte == '.' && before == '.'))
			return false;
		before = byte;
	}
	return domain.length > 0;
}

/* Skip a source route: "@a,@b:". False when what begins like one is none. */
static bool skip_route(struct span *text)
{
	size_t colon = span_find(*text, ':');
	struct span route = span_head(*text, colon);

	if (colon == text->length)
		return false;
	*text = span_tail(*text, colon + 1);
	for (;;) {
		size_t comma = span_find(route, ',');
		struct span hop = span_head(route, comma);

		if (span_byte(hop, 0) != '@' || !is_domain(span_tail(hop, 1)))
			return false;
		if (comma == route.length)
			return true;
		route = span_tail(route, comma + 1);
	}
}

/* Whether a byte may stand outside quotes. What RFC 5321 calls specials may not, but for those that
 * make an odd form or a domain literal; they are judged later. */
static bool may_stand_alone(int byte)
{
	return byte > ' ' && byte != 0x7f && byte != '(' && byte != ')' && byte != ',' &&
	       byte != ';' && byte != '<' && byte != '>';
}

/* Take the bytes up to end (-1: a blank or the end of the text) into the address. */
static bool take(struct walk *walk, int end, struct text *address)
{
	for (; walk->index < walk->text.length || walk->is_quoted; walk->index++) {
		int byte = span_byte(walk->text, walk->index);
		bool is_escaped;

		if (byte == '"') {
			walk->is_quoted = !walk->is_quoted;
			walk->has_quoted = true;
			continue;
		}
		is_escaped = byte == '\\';
		if (is_escaped) {
			byte = span_byte(walk->text, ++walk->index);
			walk->has_quoted = true;
		}
		if (is_escaped || walk->is_quoted) {
			walk->has_inner_at = walk->has_inner_at || byte == '@';
			if (byte < ' ' || byte == 0x7f)
				return false;
		} else {
			if (byte == end || (end == -1 && (byte == ' ' || byte == '\t')))
				return true;
			if (!may_stand_alone(byte))
				return false;
			if (byte == '@') {
				walk->at = address->length;
				walk->has_at = true;
				walk->has_quoted = false;
			}
		}
		text_add_byte(address, (char)byte);
	}
	return end == -1;
}

static bool has_odd_byte(struct span local)
{
	return span_find(local, '@') < local.length || span_find(local, '%') < local.length ||
	       span_find(local, '!') < local.length || span_find(local, ':') < local.length;
}

bool path_is_double_bounce(const struct smtp_path *path)
{
	return span_equal(text_span(&path->address), SPAN("#@[]"));
}

static enum path_result judge(const struct walk *walk, struct smtp_path *path)
{
	struct span address = text_span(&path->address);
	bool has_local = true;

	/* Quotes are gone from the address, so an '@' out of them decides like any other. */
	path->at = span_find_last(address, '@');
	if (path->at < address.length) {
		has_local = path->at > 0;
		if (!is_domain(span_tail(address, path->at + 1)) && !path_is_double_bounce(path))
			return PATH_SYNTAX;
	}
	if (!has_local || (walk->has_at && walk->has_quoted))
		return PATH_SYNTAX;
	path->is_odd =
		path->is_odd || walk->has_inner_at || has_odd_byte(span_head(address, path->at));
	for (size_t index = 0; index < address.length; index++)
		if (span_byte(address, index) >= 0x80)
			path->is_beyond_ascii = true;
	path->is_utf8 = utf8_is_valid(address);
	return PATH_OK;
}

static void forget(struct smtp_path *path)
{
	text_clear(&path->address);
	path->at = 0;
	path->is_odd = path->is_beyond_ascii = false;
	path->is_utf8 = true;
}

enum path_result path_read(struct span text, struct smtp_path *path, struct span *rest)
{
	struct walk walk = {.text = span_trim_start(text)};
	bool has_bracket = span_byte(walk.text, 0) == '<';

	forget(path);
	if (has_bracket)
		walk.text = span_tail(walk.text, 1);
	if (span_byte(walk.text, 0) == '@') {
		path->is_odd = true;
		if (!skip_route(&walk.text))
			return PATH_SYNTAX;
	}
	if (!take(&walk, has_bracket ? '>' : -1, &path->address))
		return PATH_SYNTAX;
	*rest = span_tail(walk.text, walk.index + has_bracket);
	if (rest->length && rest->bytes[0] != ' ' && rest->bytes[0] != '\t')
		return PATH_SYNTAX;
	if (path->address.failed)
		return path->address.length >= PATH_LARGEST ? PATH_TOO_LONG : PATH_NO_MEMORY;
	if (path->address.length > PATH_LARGEST)
		return PATH_TOO_LONG;
	if (path->address.length == 0)
		return has_bracket && !path->is_odd && !walk.has_quoted ? PATH_OK : PATH_SYNTAX;
	return judge(&walk, path);
}

enum path_result path_read_queued(struct span address, struct smtp_path *path)
{
	const struct walk walk = {.index = 0}; /* what quotes there were nobody knows any more */

	forget(path);
	if (address.length > PATH_LARGEST)
		return PATH_TOO_LONG;
	if (span_has_control(address))
		return PATH_SYNTAX;
	text_add(&path->address, address);
	return path->address.failed ? PATH_NO_MEMORY : judge(&walk, path);
}

struct span path_domain(const struct smtp_path *path)
{
	return span_tail(text_span(&path->address), path->at + 1);
}

bool path_literal(const struct smtp_path *path, struct address *address)
{
	static const struct span tag = {"IPv6:", 5};
	struct span domain = path_domain(path);
	bool is_tagged;

	if (span_byte(domain, 0) != '[')
		return false;
	domain = span_head(span_tail(domain, 1), domain.length - 2);
	is_tagged = span_starts_folded(domain, tag);
	if (is_tagged)
		domain = span_tail(domain, tag.length);
	return (span_find(domain, ':') < domain.length) == is_tagged &&
	       address_read_span(domain, address);
}

void path_set_domain(struct smtp_path *path, struct span domain)
{
	text_cut(&path->address, path->at + 1);
	text_add(&path->address, domain);
}
