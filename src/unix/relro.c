/*
 * relro: what the linker marks as read-only once it has its addresses is made so.
 *
 * The start of a dynamic program does this, and that of a static one with glibc. That of a static
 * one with musl does not, so this is linked into those.
 */
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static int protect(struct dl_phdr_info *program, size_t size, void *nothing)
{
	uintptr_t page = getauxval(AT_PAGESZ);

	(void)size;
	(void)nothing;
	for (int index = 0; index < program->dlpi_phnum; index++) {
		const ElfW(Phdr) *part = &program->dlpi_phdr[index];
		uintptr_t begin = (program->dlpi_addr + part->p_vaddr) & -page;
		uintptr_t end = (program->dlpi_addr + part->p_vaddr + part->p_memsz) & -page;

		if (part->p_type == PT_GNU_RELRO && begin < end)
			mprotect((void *)begin, end - begin, PROT_READ);
	}
	return 1; /* there is no other object */
}

__attribute__((constructor)) static void relro_begin(void)
{
	dl_iterate_phdr(protect, NULL);
}
