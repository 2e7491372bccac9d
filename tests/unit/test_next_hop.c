#include "host/next_hop.h"

#include <errno.h>

#include "support/check.h"

static void test_next_hop_trouble_is_always_for_now(void **state)
{
	static const struct {
		const char *name;
		int error;
		enum queue_status reached, lost;
	} cases[] = {
		{"too late", ETIMEDOUT, QUEUE_TIMED_OUT, QUEUE_TIMED_OUT},
		{"nobody listens", ECONNREFUSED, QUEUE_CONNECTION_REFUSED, QUEUE_CONNECTION_FAILED},
		{"reset", ECONNRESET, QUEUE_CONNECTION_REFUSED, QUEUE_CONNECTION_FAILED},
		{"no socket", ENOENT, QUEUE_CONNECTION_REFUSED, QUEUE_CONNECTION_FAILED},
		{"no memory", ENOMEM, QUEUE_NO_MEMORY, QUEUE_CONNECTION_FAILED},
		{"no descriptor", EMFILE, QUEUE_NO_NETWORK, QUEUE_CONNECTION_FAILED},
		{"no way there", ENETUNREACH, QUEUE_NO_NETWORK, QUEUE_CONNECTION_FAILED},
		{"no such host", EADDRNOTAVAIL, QUEUE_NO_NETWORK, QUEUE_CONNECTION_FAILED},
		{"gone", EPIPE, QUEUE_NO_NETWORK, QUEUE_CONNECTION_FAILED},
		{"nonsense", EPROTO, QUEUE_NO_NETWORK, QUEUE_CONNECTION_FAILED},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct queue_result result = {.has_exited = true, .was_fed = true};
		int codes[] = {(int)next_hop_not_reached(cases[index].error),
			       (int)next_hop_lost(cases[index].error)};

		if (codes[0] != (int)cases[index].reached || codes[1] != (int)cases[index].lost)
			fail_msg("%s: %d and %d", cases[index].name, codes[0], codes[1]);
		for (size_t each = 0; each < LENGTH(codes); each++) {
			struct text reason;
			char enhanced_code[12];

			result.code = codes[each];
			text_init(&reason, 1000);
			if (queue_status_read(&result, &reason, enhanced_code) != VERDICT_LATER)
				fail_msg("%s: %d is not for now", cases[index].name, codes[each]);
			text_free(&reason);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_hop_trouble_is_always_for_now),
	};

	return cmocka_run_group_tests_name("next_hop", tests, NULL, NULL);
}
