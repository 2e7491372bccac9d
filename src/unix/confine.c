#include "unix/confine.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unix/privileges.h"
#include "unix/reason.h"

static bool refused(const char *what, const char *object, struct text *why)
{
	reason_add(why, what, object);
	return false;
}

static bool give_up_root(const char *directory, uint32_t user, uint32_t group, struct text *why)
{
	if (directory && chroot(directory) == -1)
		return refused("change the root directory to", directory, why);
	if (chdir("/") == -1)
		return refused("enter the root directory", NULL, why);
	/* A group that stays root's is no reason to keep the others. */
	if ((user && setgroups(0, NULL) == -1) || privileges_change(user, group) == -1)
		return refused("change user and group", NULL, why);
	if (user && setuid(0) == 0) {
		errno = EPERM;
		return refused("lose the user root", NULL, why);
	}
	return true;
}

bool confine(const char *directory, uint32_t user, uint32_t group, struct text *why)
{
	const struct rlimit none = {0, 0};

	if (geteuid() == 0 && !give_up_root(directory, user, group, why))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1)
		return refused("forbid core dumps and new privileges", NULL, why);
	/* Last: a change of user may have set it again. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return refused("hide this process's memory", NULL, why);
	return true;
}
