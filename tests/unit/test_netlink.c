#include "unix/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "support/check.h"

static void count(void *context, unsigned type, struct span message)
{
	unsigned *sum = context;

	assert_int_equal(type, RTM_NEWROUTE);
	*sum += 1 + (unsigned)message.length * 100;
}

static void test_messages_are_taken_until_the_last(void **state)
{
	static const struct {
		const char *name;
		uint32_t length;
		uint16_t type;
		int word;      /* behind the header */
		size_t behind; /* bytes that are there of it */
		int result, error;
		unsigned sum;
	} cases[] = {
		{"a message", 20, RTM_NEWROUTE, 7, 4, 1, 0, 802},
		{"one without a body", 16, RTM_NEWROUTE, 0, 0, 1, 0, 402},
		{"the end", 20, NLMSG_DONE, 0, 4, 0, 0, 401},
		{"the end without a word", 16, NLMSG_DONE, 0, 0, 0, 0, 401},
		{"the end by an error", 20, NLMSG_DONE, -ENOMEM, 4, -1, ENOMEM, 401},
		{"an error", 20, NLMSG_ERROR, -EPERM, 4, -1, EPERM, 401},
		{"an error of none", 20, NLMSG_ERROR, 0, 4, -1, EBADMSG, 401},
		{"an error without a word", 16, NLMSG_ERROR, 0, 0, -1, EBADMSG, 401},
		{"an error that is no number of one", 20, NLMSG_ERROR, INT32_MIN, 4, -1, EBADMSG,
		 401},
		{"nothing", 16, NLMSG_NOOP, 0, 0, 1, 0, 401},
		{"longer than there is", 21, RTM_NEWROUTE, 7, 4, -1, EBADMSG, 401},
		{"much longer", UINT32_MAX, RTM_NEWROUTE, 7, 4, -1, EBADMSG, 401},
		{"a body cut off", 20, RTM_NEWROUTE, 7, 2, -1, EBADMSG, 401},
		{"shorter than its header", 15, RTM_NEWROUTE, 7, 4, -1, EBADMSG, 401},
		{"no length", 0, RTM_NEWROUTE, 7, 4, -1, EBADMSG, 401},
		{"bytes behind it", 16, RTM_NEWROUTE, 7, 4, -1, EBADMSG, 402},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct nlmsghdr first = {.nlmsg_len = 20, .nlmsg_type = RTM_NEWROUTE},
				second = {.nlmsg_len = cases[index].length,
					  .nlmsg_type = cases[index].type};
		size_t length = 36 + cases[index].behind;
		char *bytes =
			calloc(1, length); /* no more, so that a sanitizer sees what is read */
		unsigned sum = 0;
		bool has_changed = false;
		int result;

		memcpy(bytes, &first, 16);
		memcpy(bytes + 20, &second, 16);
		memcpy(bytes + 36, &cases[index].word, cases[index].behind);
		errno = 0;
		result = netlink_read((struct span){bytes, length}, &has_changed, count, &sum);
		if (result != cases[index].result || errno != cases[index].error ||
		    sum != cases[index].sum)
			fail_msg("%s: %d, errno %d, sum %u", cases[index].name, result, errno, sum);
		assert_false(has_changed);
		free(bytes);
	}
}

static void test_a_change_meanwhile_is_told(void **state)
{
	struct nlmsghdr messages[] = {
		{.nlmsg_len = 16, .nlmsg_type = RTM_NEWROUTE},
		{.nlmsg_len = 16, .nlmsg_type = RTM_NEWROUTE, .nlmsg_flags = NLM_F_DUMP_INTR},
		{.nlmsg_len = 16, .nlmsg_type = RTM_NEWROUTE},
	};
	struct span datagram = {(const char *)messages, sizeof(messages)};
	bool has_changed = false;
	unsigned sum = 0;

	(void)state;
	assert_int_equal(netlink_read(datagram, &has_changed, count, &sum), 1);
	assert_true(has_changed);
	assert_int_equal(sum, 3); /* they are taken all the same */
	datagram = span_tail(datagram, 32);
	assert_int_equal(netlink_read(datagram, &has_changed, count, &sum), 1);
	assert_true(has_changed); /* of all datagrams together */
}

static void test_attributes_are_cut_one_by_one(void **state)
{
	static const uint16_t bytes[] = {6, 3, 'a', 0, 4, 5 | NLA_F_NESTED, 8, 7, 1, 2, 9, 1, 0, 0};
	struct span rest = {(const char *)bytes, sizeof(bytes)};
	struct netlink_attribute attribute;

	(void)state;
	assert_true(netlink_next_attribute(&rest, &attribute));
	assert_int_equal(attribute.type, 3);
	assert_int_equal(attribute.body.length, 2);
	assert_true(netlink_next_attribute(&rest, &attribute));
	assert_int_equal(attribute.type, 5);
	assert_int_equal(attribute.body.length, 0);
	assert_true(netlink_next_attribute(&rest, &attribute));
	assert_int_equal(attribute.type, 7);
	assert_int_equal(attribute.body.length, 4);
	assert_false(netlink_next_attribute(&rest, &attribute)); /* nine bytes, of eight */
	assert_int_equal(rest.length, 8);
	rest.length = 3;
	assert_false(netlink_next_attribute(&rest, &attribute));
}

static void test_a_hop_is_cut_with_its_attributes(void **state)
{
	static const uint16_t bytes[] = {12, 0, 0, 0, 4, 3, 8, 0, 0, 0, 7, 0, 0, 0};
	struct span rest = {(const char *)bytes, sizeof(bytes)}, attributes;

	(void)state;
	assert_true(netlink_next_hop(&rest, &attributes));
	assert_int_equal(attributes.length, 4);
	assert_true(netlink_next_hop(&rest, &attributes));
	assert_int_equal(attributes.length, 0);
	assert_false(netlink_next_hop(&rest, &attributes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_are_taken_until_the_last),
		cmocka_unit_test(test_a_change_meanwhile_is_told),
		cmocka_unit_test(test_attributes_are_cut_one_by_one),
		cmocka_unit_test(test_a_hop_is_cut_with_its_attributes),
	};

	return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
