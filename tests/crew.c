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

#define VIEWS "/sys/kernel/debug/iommufd"
#define HUGE_PAGES "/sys/kernel/mm/hugepages"
#define LEAF "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
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
	/* A helper pins no part of a huge page: with base pages of 64 KiB, of 512 MiB. */
	if (scene_number(LEAF) > (long long)CREW_PART_BYTES)
		ktap_skip("a part has %lld bytes here", scene_number(LEAF));
	if (nr > 1 && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		ktap_skip("needs two CPUs");
}

void crew_huge_pages(size_t page_bytes, size_t nr)
{
	char path[2][80], text[24] = "";
	FILE *f;

	if (page_bytes == PAGE)
		return;
	snprintf(path[0], sizeof(path[0]), HUGE_PAGES "/hugepages-%zukB/nr_hugepages",
		 page_bytes / KIB);
	snprintf(path[1], sizeof(path[1]), HUGE_PAGES "/hugepages-%zukB/free_hugepages",
		 page_bytes / KIB);
	snprintf(text, sizeof(text), "%zu", nr);
	scene_tell(path[0], text);
	f = fopen(path[1], "re");
	if (!f || !fgets(text, sizeof(text), f) || strtoul(text, NULL, 10) < nr)
		ktap_skip("needs %zu huge pages of %zu KiB", nr, page_bytes / KIB);
	fclose(f);
}

/* Of one iommufd, as its file under debugfs says. */
static int helped_by(const char *name)
{
	char path[300], line[400];
	int helped = -1;
	FILE *f;

	snprintf(path, sizeof(path), VIEWS "/%s", name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, " area iova=0x40000000 ") && strstr(line, " helpers="))
			helped = atoi(strstr(line, " helpers=") + strlen(" helpers="));
	}
	if (f)
		fclose(f);
	return helped;
}

int crew_helped(void)
{
	struct dirent *entry;
	int helped = -1;
	DIR *dir = opendir(VIEWS);

	ASSERT_TRUE(dir);
	while (helped < 0 && (entry = readdir(dir))) {
		if (atoi(entry->d_name) == getpid())
			helped = helped_by(entry->d_name);
	}
	closedir(dir);
	return helped;
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

/* Of pages that are set apart one asks for as many as are needed, where it maps more. */
static unsigned char *get_memory(struct mapper *mapper, int *fd)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	const int prot = PROT_READ | PROT_WRITE;
	size_t room = mapper->bytes + 2 * CREW_PART_BYTES;
	unsigned char *va;

	switch (mapper->memory) {
	case CREW_FILE:
		*fd = memfd_create("crew", MFD_CLOEXEC);
		must(*fd >= 0 && !ftruncate(*fd, mapper->bytes));
		va = mmap(NULL, mapper->bytes, prot, MAP_SHARED, *fd, 0);
		break;
	case CREW_HUGETLB2M:
		va = mmap(NULL, mapper->bytes, prot, flags | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT,
			  -1, 0);
		break;
	case CREW_HUGETLB1G:
		va = mmap(NULL, mapper->bytes, prot, flags | MAP_HUGETLB | 30 << MAP_HUGE_SHIFT,
			  -1, 0);
		break;
	default:
		va = mmap(NULL, room, prot, flags, -1, 0);
		must(va != MAP_FAILED);
		va = (void *)(((uintptr_t)va + CREW_PART_BYTES - 1) & -CREW_PART_BYTES);
		must(!madvise(va, mapper->bytes, MADV_NOHUGEPAGE));
	}
	must(va != MAP_FAILED);
	return va;
}

static int map_memory(const struct mapper *mapper, int fd)
{
	__u64 iova = CREW_IOVA;

	if (mapper->memory == CREW_FILE)
		return ioas_map_file(mapper->rig->iofd, mapper->rig->ioas, IOAS_FIXED_RW, fd, 0,
				     mapper->bytes, &iova);
	return ioas_map_at(mapper->rig->iofd, mapper->rig->ioas, mapper->va, mapper->bytes, iova);
}

static void run_mapper(struct mapper *mapper, int socket, struct orders *orders)
{
	unsigned char *va;
	pthread_t thread;
	int ret, fd = -1;

	va = get_memory(mapper, &fd);
	mapper->va = va;
	must(write(orders->to, &va, sizeof(va)) == sizeof(va));
	if (mapper->broken)
		must(!mprotect(va + mapper->bytes - PAGE, PAGE, PROT_NONE));
	if (!mapper->plain)
		send_fd(socket, make_uffd(va));
	must(!pthread_create(&thread, NULL, obey, orders));
	if (mapper->prepare)
		mapper->prepare(mapper);
	ret = map_memory(mapper, fd);
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

void mapper_expect_alike(const struct mapper *mapper, pid_t helper, const char *file,
			 const char *word)
{
	char path[2][80], line[2][512] = { "", "" };
	unsigned int i;
	FILE *f;

	snprintf(path[0], sizeof(path[0]), "/proc/%d/task/%d/%s", mapper->pid, mapper->pid, file);
	snprintf(path[1], sizeof(path[1]), "/proc/%d/task/%d/%s", mapper->pid, helper, file);
	for (i = 0; i < 2; i++) {
		f = fopen(path[i], "re");
		ASSERT_TRUE(f);
		while (fgets(line[i], sizeof(line[i]), f) &&
		       strncmp(line[i], word, strlen(word)))
			;
		fclose(f);
		EXPECT_TRUE(line[i][0]);
	}
	if (!EXPECT_TRUE(!strcmp(line[0], line[1])))
		ktap_note("%s: %s and %s", file, line[0], line[1]);
}
