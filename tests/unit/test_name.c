#include "queue/name.h"

#include "support/check.h"

static void test_name_follows_the_maildir_convention(void **state)
{
	const struct {
		const char *name;
		struct name parts;
		const char *file;
	} cases[] = {
		{"plain",
		 {1795508400, 42, 4711, SPAN("mail.example.org"), 1234},
		 "1795508400.M42P4711.mail.example.org,S=1234"},
		{"a path as host",
		 {1, 2, 3, SPAN("../../x:2,S"), 0},
		 "1.M2P3...\\057..\\057x\\0722?S,S=0"},
		{"odd bytes", {1, 2, 3, SPAN("a b\n\xff\0"), 0}, "1.M2P3.a?b???,S=0"},
		{"no host", {1, 2, 3, SPAN(""), 0}, "1.M2P3.localhost,S=0"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text file;

		text_init(&file, 300);
		name_write(&cases[index].parts, &file);
		CHECK_SPAN(cases[index].name, text_span(&file), cases[index].file);
		text_free(&file);
	}
}

static void test_name_fits_into_a_directory(void **state)
{
	char host[500];
	struct name parts = {UINT32_MAX, 999999, UINT32_MAX, {host, sizeof(host)}, UINT32_MAX};
	struct text file;

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		memset(host, "/h"[which], sizeof(host));
		text_init(&file, 1000);
		name_write(&parts, &file);
		assert_false(file.failed);
		assert_in_range(file.length, 200, 255);
		text_free(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_follows_the_maildir_convention),
		cmocka_unit_test(test_name_fits_into_a_directory),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
