#include "support/monitored.h"

#include "base/frame.h"
#include "host/ask.h"

void monitored_init(struct monitored *world)
{
	*world = (struct monitored){.settings.smtp = {.most_recipients = 2,
						      .offers_auth = true,
						      .allows_clear_auth = true}};
	world->direct = (struct direct){.settings = &world->settings};
	fake_host_init(&world->fake);
	text_add_string(&world->fake.hosted, "example.org\n");
	text_add_string(&world->fake.users, "joe secret\n");
	text_add_string(&world->fake.bad_sender, "spam@spam.example\n");
	monitor_init(&world->monitor, &world->direct);
	world->monitor.host = fake_host_table(&world->fake);
	text_init(&world->bytes, 16 * 1024 * 1024);
}

void monitored_free(struct monitored *world)
{
	monitor_free(&world->monitor);
	fake_host_free(&world->fake);
	text_free(&world->bytes);
}

void monitored_put(struct monitored *world, uint32_t kind, struct span fields)
{
	size_t start = frame_begin(&world->bytes, kind);

	text_add(&world->bytes, fields);
	frame_end(&world->bytes, start, 0);
}

void monitored_put_two(struct monitored *world, uint32_t kind, const char *one, const char *other)
{
	size_t start = frame_begin(&world->bytes, kind);

	frame_add_span(&world->bytes, span_of(one));
	frame_add_span(&world->bytes, span_of(other));
	frame_end(&world->bytes, start, 0);
}

void monitored_put_event(struct monitored *world, enum smtp_event_kind kind)
{
	size_t start = frame_begin(&world->bytes, REQUEST_EVENT);

	for (unsigned index = 0; index < 6; index++)
		frame_add_number(&world->bytes, index == 0 ? kind : 0);
	for (unsigned index = 0; index < 5; index++)
		frame_add_span(&world->bytes, index == 0   ? SPAN("ok")
					      : index == 4 ? SPAN("joe")
							   : SPAN(""));
	frame_end(&world->bytes, start, 0);
}
