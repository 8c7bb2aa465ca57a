#include "tools/campaign/worker.h"

#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/base/check.h"

namespace timestore::campaign {
namespace {

// More than any honest run needs; an endless loop that also allocates must not take the machine with it.
constexpr rlim_t kMemoryBytes = rlim_t{4} << 30;

// The sanitizers reserve far more addresses than they use.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsMemory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kLimitsMemory = false;
#else
constexpr bool kLimitsMemory = true;
#endif
#else
constexpr bool kLimitsMemory = true;
#endif

// Where runs build up their disks and tear them down, up to hundreds of megabytes each time.
class Heap {
 public:
  // Keeps what was freed: giving it back to the system and faulting it in again would cost a tenth of the time.
  Heap() : begin_(sbrk(0)) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, kStepBytes);
    void* volatile step = std::malloc(kStepBytes);
    std::free(step);
  }

  // A run goes all over its memory: large pages are faulted in and found again for less, up to a seventh of the time of
  // a few runs. Has no effect where the system has none, or where another allocator is in use.
  void use_large_pages() const {
    auto* const first =
        static_cast<char*>(begin_) + (-reinterpret_cast<std::uintptr_t>(begin_) & (kLargePageBytes - 1));
    auto* const end = static_cast<char*>(sbrk(0));
    if (first < end) madvise(first, static_cast<std::size_t>(end - first), MADV_HUGEPAGE);
  }

 private:
  static constexpr int kStepBytes = 1 << 28;
  static constexpr std::uintptr_t kLargePageBytes = 1 << 21;

  void* begin_;
};

void set_limit(decltype(RLIMIT_CPU) resource, rlim_t value) {
  rlimit limit{};
  getrlimit(resource, &limit);
  limit.rlim_cur = std::min(value, limit.rlim_max);
  setrlimit(resource, &limit);
}

constexpr int kPatience = 3;  // seconds of processor time for a run that should end by itself
volatile std::sig_atomic_t seconds_beyond_limit = 0;

// Comes once more for each second beyond the limit. A run that does not end is stuck within one event.
void note_cpu_limit(int) {
  seconds_beyond_limit = seconds_beyond_limit + 1;
  if (seconds_beyond_limit <= kPatience) return;
  signal(SIGXCPU, SIG_DFL);
  raise(SIGXCPU);
}

// The kernel sends SIGXCPU when the processor time of the whole process reaches the limit, in whole seconds.
void allow_cpu(std::chrono::seconds cpu_limit) {
  seconds_beyond_limit = 0;
  if (cpu_limit.count() == 0) return;
  signal(SIGXCPU, note_cpu_limit);
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  set_limit(RLIMIT_CPU, static_cast<rlim_t>(used.tv_sec + 1 + cpu_limit.count()));
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string_view bytes_of(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// The worker's whole life. Seeds come as numbers; results go back with their size before them.
[[noreturn]] void serve(int socket, pid_t parent, const SeedRunner& runner, std::chrono::seconds cpu_limit) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before we asked
  signal(SIGINT, SIG_IGN);            // the terminal sends it to every process; the parent decides
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (kLimitsMemory) set_limit(RLIMIT_AS, kMemoryBytes);
  const Heap heap;
  for (;;) {
    std::uint64_t seed = 0;
    if (::recv(socket, &seed, sizeof seed, MSG_WAITALL) != sizeof seed) _exit(0);
    allow_cpu(cpu_limit);
    heap.use_large_pages();
    const std::string result = encode(runner(seed));
    const std::uint64_t size = result.size();
    if (!send_all(socket, bytes_of(size)) || !send_all(socket, result)) _exit(0);
  }
}

sim::Violation death(int status, std::chrono::seconds cpu_limit) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
    return {.checker = "hang",
            .rule = "a run comes to its end",
            .detail = "It used " + std::to_string(cpu_limit.count()) +
                      " seconds of processor time (--limit-seconds), and is stuck within one event."};
  }
  const std::string how = WIFSIGNALED(status)
                              ? "signal " + std::to_string(WTERMSIG(status)) + ", " + strsignal(WTERMSIG(status))
                              : "exit status " + std::to_string(WEXITSTATUS(status));
  return {.checker = "crash",
          .rule = "a run ends with a verdict",
          .detail = "Its process died: " + how + ". What it said on standard error stands above."};
}

}  // namespace

bool is_out_of_time() { return seconds_beyond_limit > 0; }

Result<std::unique_ptr<Worker>> Worker::start(const SeedRunner& runner, std::chrono::seconds cpu_limit) {
  int sockets[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return fail(std::string("Cannot connect to a worker: ") + std::strerror(errno) + ".");
  }
  std::fflush(nullptr);  // or what is buffered would be printed by both
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    close(sockets[0]);
    serve(sockets[1], parent, runner, cpu_limit);
  }
  close(sockets[1]);
  if (pid < 0) {
    const std::string reason = std::strerror(errno);
    close(sockets[0]);
    return fail("Cannot start a worker: " + reason + ". Try fewer --jobs.");
  }
  return std::unique_ptr<Worker>(new Worker(pid, sockets[0], cpu_limit));
}

Worker::~Worker() {
  if (!is_dead()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(socket_);
}

void Worker::give(std::uint64_t seed) {
  TIMESTORE_CHECK(!is_busy() && !is_dead(), "a worker runs one seed at a time");
  seed_ = seed;
  send_all(socket_, bytes_of(seed));  // if it has died, receive() will find out
}

std::optional<SeedResult> Worker::receive() {
  TIMESTORE_CHECK(is_busy() && !is_dead(), "a worker answers what it was given");
  char bytes[1 << 16];
  const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
  if (size < 0 && errno == EINTR) return std::nullopt;
  if (size <= 0) return bury();
  received_.append(bytes, static_cast<std::size_t>(size));
  return take_message();
}

std::optional<SeedResult> Worker::take_message() {
  std::uint64_t size = 0;
  if (received_.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, received_.data(), sizeof size);
  if (received_.size() - sizeof size < size) return std::nullopt;
  auto result = decode(std::string_view(received_).substr(sizeof size, size));
  received_.clear();
  if (!result || result->report.seed != *seed_) {
    kill(pid_, SIGKILL);
    return bury();
  }
  seed_.reset();
  cpu_reported_ += result->cpu;
  return result;
}

SeedResult Worker::bury() {
  int status = 0;
  rusage usage{};
  wait4(pid_, &status, 0, &usage);
  pid_ = -1;
  const auto time = [](const timeval& value) {
    return std::chrono::seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
  };
  SeedResult result;
  result.report.seed = *seed_;
  result.report.violation = death(status, cpu_limit_);
  result.cpu = std::max(std::chrono::microseconds(0), time(usage.ru_utime) + time(usage.ru_stime) - cpu_reported_);
  seed_.reset();
  return result;
}

}  // namespace timestore::campaign
