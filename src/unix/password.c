#include "unix/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAND_IN "$y$j9T$0123456789abcdefghijk." /* of the kind that password_hash makes */

/* What a kind of hash looks like: how it starts, and the bytes behind its last '$', or of all. */
static const struct kind {
	const char *start;
	size_t end_length, whole_length; /* 0: any */
} kinds[] = {
	{"$y$", 43, 0},	 {"$gy$", 43, 0},   {"$7$", 43, 0}, {"$2a$", 0, 60}, {"$2b$", 0, 60},
	{"$2x$", 0, 60}, {"$2y$", 0, 60},   {"$6$", 86, 0}, {"$5$", 43, 0},  {"$1$", 22, 0},
	{"$md5", 22, 0}, {"$sha1$", 28, 0}, {"$3$", 32, 0}, {"_", 0, 20},    {"", 0, 13},
};

static bool has_form(struct span hash)
{
	for (size_t index = 0; index < hash.length; index++) {
		int byte = span_byte(hash, index);

		/* crypt(5): no others occur, and these end a field or lock an account. */
		if (byte <= ' ' || byte > '~' || strchr(":;*!\\", byte))
			return false;
	}
	for (size_t index = 0; index < sizeof(kinds) / sizeof(*kinds); index++) {
		const struct kind *kind = &kinds[index];
		size_t last = span_find_last(hash, '$');

		if (!span_starts(hash, span_of(kind->start)))
			continue;
		if (kind->end_length)
			return last < hash.length && hash.length - last - 1 == kind->end_length;
		return hash.length == kind->whole_length;
	}
	return false;
}

bool password_is_hash(struct span hash)
{
	char string[CRYPT_OUTPUT_SIZE];
	int answer;

	if (hash.length >= sizeof(string) || !has_form(hash))
		return false;
	memcpy(string, hash.bytes, hash.length);
	string[hash.length] = '\0';
	answer = crypt_checksalt(string);
	return answer != CRYPT_SALT_INVALID && answer != CRYPT_SALT_METHOD_DISABLED;
}

static bool is_same_in_constant_time(const char *left, const char *right, size_t length)
{
	unsigned char difference = 0;

	for (size_t index = 0; index < length; index++)
		difference |= (unsigned char)(left[index] ^ right[index]);
	return difference == 0;
}

static enum verdict check(const char *password, const char *hash, bool may_match)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	size_t length = strlen(hash);
	enum verdict verdict = VERDICT_NO;
	const char *made;

	if (!data)
		return VERDICT_LATER;
	made = crypt_rn(password, hash, data, (int)sizeof(*data));
	if (!made) /* errno does not tell whether it lacked memory, which a hash may need much of */
		verdict = VERDICT_LATER;
	else if (may_match && strlen(made) == length &&
		 is_same_in_constant_time(made, hash, length))
		verdict = VERDICT_YES;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return verdict;
}

enum verdict password_matches(const char *password, struct span hash, struct span model)
{
	char string[CRYPT_OUTPUT_SIZE] = STAND_IN;
	bool may_match = password_is_hash(hash);

	if (!may_match)
		hash = model;
	if (may_match || password_is_hash(hash)) {
		memcpy(string, hash.bytes, hash.length);
		string[hash.length] = '\0';
	}
	return check(password, string, may_match);
}

int password_hash(const char *password, struct text *hash)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *data;
	const char *made;
	int kept;

	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, (int)sizeof(setting)))
		return -1;
	data = calloc(1, sizeof(*data));
	if (!data)
		return -1;
	made = crypt_rn(password, setting, data, (int)sizeof(*data));
	kept = errno;
	if (made)
		text_add_string(hash, made);
	explicit_bzero(data, sizeof(*data));
	free(data);
	errno = made ? ENOMEM : kept;
	return made && !hash->failed ? 0 : -1;
}
