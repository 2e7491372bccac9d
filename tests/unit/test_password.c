#include "unix/password.h"

#include <crypt.h>
#include <errno.h>

#include "support/check.h"

#define NOTHING ((struct span){NULL, 0})

static unsigned computed; /* hashes */
static bool is_short_of_memory;
static char last_setting[CRYPT_OUTPUT_SIZE];

char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	computed++;
	snprintf(last_setting, sizeof(last_setting), "%s", setting);
	if (is_short_of_memory) {
		errno = EINVAL; /* what yescrypt says then */
		return NULL;
	}
	return __real_crypt_rn(phrase, setting, data, size);
}

static void make(const char *prefix, unsigned long cost, const char *password, char hash[400])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data data = {.initialized = 0};

	if (!crypt_gensalt_rn(prefix, cost, NULL, 0, setting, sizeof(setting)))
		fail_msg("%s: no setting", prefix);
	snprintf(hash, 400, "%s", __real_crypt_rn(password, setting, &data, sizeof(data)));
}

static void test_password_matches_its_hash_of_every_kind(void **state)
{
	static const struct {
		const char *name, *prefix;
		unsigned long cost;
	} cases[] = {
		{"yescrypt", "$y$", 1},
		{"gost-yescrypt", "$gy$", 1},
		{"scrypt", "$7$", 6},
		{"bcrypt", "$2b$", 4},
		{"bcrypt, older", "$2y$", 4},
		{"bcrypt, oldest", "$2a$", 4},
		{"SHA-512", "$6$", 1000},
		{"SHA-512, default", "$6$", 0},
		{"SHA-256", "$5$", 1000},
		{"MD5", "$1$", 0},
		{"SunMD5", "$md5", 0},
		{"SHA-1", "$sha1", 1000},
		{"NT", "$3$", 0},
		{"BSDi", "_", 1},
		{"DES", "", 0},
	};
	char hash[400];

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		make(cases[index].prefix, cases[index].cost, "secret", hash);
		if (!password_is_hash(span_of(hash)))
			fail_msg("%s: not taken for a hash: %s", cases[index].name, hash);
		if (password_matches("secret", span_of(hash), NOTHING) != VERDICT_YES)
			fail_msg("%s: does not match", cases[index].name);
		if (password_matches("secreT", span_of(hash), NOTHING) != VERDICT_NO)
			fail_msg("%s: matches another password", cases[index].name);
		hash[strlen(hash) - 1] = '\0';
		if (password_is_hash(span_of(hash)))
			fail_msg("%s: taken for a hash without its last byte", cases[index].name);
		if (password_matches("secret", span_of(hash), NOTHING) != VERDICT_NO)
			fail_msg("%s: matches without the last byte", cases[index].name);
	}
}

static void test_password_matches_nothing_that_is_no_hash(void **state)
{
	static const struct {
		const char *name;
		struct span hash;
	} cases[] = {
		{"empty", BYTES("")},
		{"locked", BYTES("*")},
		{"locked, shadow", BYTES("!")},
		{"locked, with the hash", BYTES("!$1$abcdefgh$0123456789012345678901")},
		{"what crypt(3) gives when it fails", BYTES("*0")},
		{"and for that", BYTES("*1")},
		{"the password", BYTES("secret")},
		{"a password of 13 bytes", BYTES("not a hash  .")},
		{"a setting", BYTES("$y$j9T$0123456789abcdefghijk.")},
		{"an unknown kind", BYTES("$z$abcdefgh$0123456789012345678901")},
		{"a NUL in it", BYTES("$1$abcdefgh$012345678901234567890\0")},
		{"a field behind it", BYTES("$1$abcdefgh$01234567890123456789:1")},
	};
	char model[400];

	(void)state;
	make("$5$", 1000, "secret", model);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		if (password_is_hash(cases[index].hash))
			fail_msg("%s: taken for a hash", cases[index].name);
		if (password_matches("", cases[index].hash, NOTHING) != VERDICT_NO ||
		    password_matches("secret", cases[index].hash, NOTHING) != VERDICT_NO ||
		    password_matches("secret", cases[index].hash, span_of(model)) != VERDICT_NO)
			fail_msg("%s: it matches", cases[index].name);
	}
}

static void test_password_takes_the_same_work_for_everybody(void **state)
{
	char hash[400], model[400];

	(void)state;
	make("$6$", 1000, "secret", hash);
	make("$5$", 1000, "secret", model);
	computed = 0;
	password_matches("secret", span_of(hash), span_of(model));
	assert_string_equal(last_setting, hash);
	password_matches("wrong", span_of(hash), span_of(model));
	assert_string_equal(last_setting, hash);
	password_matches("wrong", NOTHING, span_of(model));
	assert_string_equal(last_setting, model);
	password_matches("wrong", SPAN("*"), span_of(model));
	assert_string_equal(last_setting, model);
	password_matches("wrong", NOTHING, SPAN("!locked"));
	assert_memory_equal(last_setting, "$y$j9T$", 7);
	assert_int_equal(computed, 5);
}

static void test_password_that_cannot_be_checked_is_not_wrong(void **state)
{
	char hash[400];

	(void)state;
	make("$5$", 1000, "secret", hash);
	is_short_of_memory = true;
	assert_int_equal(password_matches("secret", span_of(hash), NOTHING), VERDICT_LATER);
	assert_int_equal(password_matches("secret", NOTHING, span_of(hash)), VERDICT_LATER);
	is_short_of_memory = false;
}

static void test_password_hash_is_yescrypt_and_never_the_same(void **state)
{
	struct text first, second;

	(void)state;
	text_init(&first, 1000);
	text_init(&second, 1000);
	assert_int_equal(password_hash("secret", &first), 0);
	assert_int_equal(password_hash("secret", &second), 0);
	assert_memory_equal(first.bytes, "$y$", 3);
	assert_string_not_equal(first.bytes, second.bytes);
	assert_true(password_is_hash(text_span(&first)));
	assert_int_equal(password_matches("secret", text_span(&first), NOTHING), VERDICT_YES);
	text_free(&first);
	text_free(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_matches_its_hash_of_every_kind),
		cmocka_unit_test(test_password_matches_nothing_that_is_no_hash),
		cmocka_unit_test(test_password_takes_the_same_work_for_everybody),
		cmocka_unit_test(test_password_that_cannot_be_checked_is_not_wrong),
		cmocka_unit_test(test_password_hash_is_yescrypt_and_never_the_same),
	};

	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
