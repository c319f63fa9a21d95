// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write a file to a port, which the emulator writes to one of its own: at once, and with nothing
 * left to be done later.
 *
 *	tell PORT FILE
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	ssize_t length;
	int fd;

	if (argc != 3)
		errx(2, "usage: tell PORT FILE");
	fd = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[2]);
	if (iopl(3))
		err(1, "ports");
	while ((length = read(fd, buffer, sizeof(buffer))) > 0)
		outsb(strtoul(argv[1], NULL, 0), buffer, length);
	if (length < 0)
		err(1, "%s", argv[2]);
	return 0;
}
