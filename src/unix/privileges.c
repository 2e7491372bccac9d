#include "unix/privileges.h"

#include <grp.h>
#include <unistd.h>

int privileges_change(uint32_t user, uint32_t group)
{
	gid_t only = group;

	if (group && (setgroups(1, &only) == -1 || setgid(group) == -1))
		return -1;
	return user ? setuid(user) : 0;
}
