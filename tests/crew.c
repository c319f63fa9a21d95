// SPDX-License-Identifier: GPL-2.0-only
#include "crew.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iofd.h"
#include "scene.h"

#define PARAMETER "/sys/module/iommufd/parameters/pin_threads"
/* Only for what hangs, on a machine that may be busy. */
#define HANGS_MS 500000

void crew_threads(unsigned int nr)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nr);
	if (access(PARAMETER, W_OK))
		ktap_skip("a map has no helpers here");
	ASSERT_OK(scene_tell(PARAMETER, text));
	if (nr > 1 && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		ktap_skip("needs two CPUs");
}

/* In the process that maps: what goes wrong here the case sees as an end that it did not expect. */
static void must(bool good)
{
	if (!good) {
		perror("mapper");
		_exit(99);
	}
}

/* One page of userfaultfd's. */
static void late_page(int uffd, unsigned char *va)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)va, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	must(!ioctl(uffd, UFFDIO_REGISTER, &range));
}

static int make_uffd(unsigned char *va)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID };
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	must(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api));
	late_page(uffd, va);
	late_page(uffd, va + CREW_PART_BYTES);
	return uffd;
}

static void send_fd(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = "", byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	must(sendmsg(to, &msg, 0) == 1);
}

static int receive_fd(int from)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* What a second thread is told, and where it answers. */
struct orders {
	int from;
	int to;
};

static void *obey(void *arg)
{
	const struct orders *orders = arg;
	char order;
	int answer;

	while (read(orders->from, &order, 1) == 1) {
		switch (order) {
		case 'x':
			execl("/bin/busybox", "busybox", "true", NULL);
			_exit(98);
		case 'f':
			answer = fork();
			if (!answer)
				_exit(0);
			answer = waitpid(answer, NULL, 0) == answer ? 0 : -errno;
			must(write(orders->to, &answer, sizeof(answer)) == sizeof(answer));
			break;
		case 'e':
			_exit(7);
		default:
			_exit(0);
		}
	}
	_exit(97);
}

static void run_mapper(struct mapper *mapper, int socket, struct orders *orders)
{
	size_t room = mapper->bytes + 2 * CREW_PART_BYTES;
	unsigned char *va = mmap(NULL, room, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_t thread;
	int ret;

	must(va != MAP_FAILED);
	va = (void *)(((uintptr_t)va + CREW_PART_BYTES - 1) & -CREW_PART_BYTES);
	must(!madvise(va, mapper->bytes, MADV_NOHUGEPAGE));
	mapper->va = va;
	must(write(orders->to, &va, sizeof(va)) == sizeof(va));
	if (mapper->broken)
		must(!mprotect(va + mapper->bytes - PAGE, PAGE, PROT_NONE));
	if (!mapper->plain)
		send_fd(socket, make_uffd(va));
	must(!pthread_create(&thread, NULL, obey, orders));
	if (mapper->prepare)
		mapper->prepare(mapper);
	ret = ioas_map_at(mapper->rig->iofd, mapper->rig->ioas, va, mapper->bytes, CREW_IOVA);
	must(write(orders->to, &ret, sizeof(ret)) == sizeof(ret));
	for (;;)
		pause();
}

void mapper_start(struct mapper *mapper, struct rig *rig)
{
	int pair[2], tell[2], hear[2];
	struct orders orders;

	mapper->rig = rig;
	if (!mapper->bytes)
		mapper->bytes = CREW_BYTES;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, pipe2(tell, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(hear, O_CLOEXEC));
	mapper->pid = fork();
	ASSERT_TRUE(mapper->pid >= 0);
	if (!mapper->pid) {
		close(pair[0]);
		orders = (struct orders){ tell[0], hear[1] };
		run_mapper(mapper, pair[1], &orders);
	}
	close(pair[1]);
	close(tell[0]);
	close(hear[1]);
	mapper->tell = tell[1];
	mapper->hear = hear[0];
	mapper->uffd = mapper->plain ? -1 : receive_fd(pair[0]);
	close(pair[0]);
	ASSERT_TRUE(mapper->plain || mapper->uffd >= 0);
	ASSERT_EQ(sizeof(mapper->va), read(mapper->hear, &mapper->va, sizeof(mapper->va)));
}

pid_t mapper_await_fault(struct mapper *mapper, __u64 *va)
{
	struct pollfd ready = { .fd = mapper->uffd, .events = POLLIN };
	struct uffd_msg msg;

	ASSERT_EQ(1, poll(&ready, 1, HANGS_MS));
	ASSERT_EQ(sizeof(msg), read(mapper->uffd, &msg, sizeof(msg)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
	*va = msg.arg.pagefault.address & -PAGE;
	return msg.arg.pagefault.feat.ptid;
}

void mapper_give_page(struct mapper *mapper, __u64 va)
{
	struct uffdio_zeropage zero = { .range = { .start = va, .len = PAGE } };

	/* Who was killed has no memory any more. */
	if (ioctl(mapper->uffd, UFFDIO_ZEROPAGE, &zero))
		EXPECT_EQ(ESRCH, errno);
}

pid_t mapper_await_both(struct mapper *mapper)
{
	pid_t first, second;
	__u64 va[2];

	first = mapper_await_fault(mapper, &va[0]);
	second = mapper_await_fault(mapper, &va[1]);
	EXPECT_NE(va[0], va[1]);
	EXPECT_NE(first, second);
	EXPECT_TRUE(first == mapper->pid || second == mapper->pid);
	return first == mapper->pid ? second : first;
}

void mapper_give_both(struct mapper *mapper)
{
	mapper_give_page(mapper, (uintptr_t)mapper->va);
	mapper_give_page(mapper, (uintptr_t)mapper->va + CREW_PART_BYTES);
}

int mapper_answer(struct mapper *mapper)
{
	struct pollfd ready = { .fd = mapper->hear, .events = POLLIN };
	int answer = -ETIMEDOUT;

	EXPECT_EQ(1, poll(&ready, 1, HANGS_MS));
	if (read(mapper->hear, &answer, sizeof(answer)) != sizeof(answer))
		answer = -EPIPE;
	return answer;
}

int mapper_wait(struct mapper *mapper, int options)
{
	int status = -1, ms;
	pid_t pid = 0;

	for (ms = 0; !pid && ms < HANGS_MS; ms += 10) {
		pid = waitpid(mapper->pid, &status, options | WNOHANG);
		if (!pid)
			usleep(10000);
	}
	EXPECT_EQ(mapper->pid, pid);
	return status;
}

int mapper_end(struct mapper *mapper)
{
	ASSERT_EQ(1, write(mapper->tell, "q", 1));
	return mapper_wait(mapper, 0);
}

int mapper_threads(const struct mapper *mapper, pid_t *tid, int room)
{
	struct dirent *entry;
	char path[64];
	int nr = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", mapper->pid);
	dir = opendir(path);
	ASSERT_TRUE(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (nr < room)
			tid[nr] = atoi(entry->d_name);
		nr++;
	}
	closedir(dir);
	return nr;
}
