#include "tools/campaign/campaign.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace timestore::campaign {
namespace {

constexpr int kWaitMilliseconds = 200;

// While it lives, SIGINT and SIGTERM can be read from its descriptor and do nothing else.
class Interruption {
 public:
  Interruption() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    descriptor_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~Interruption() {
    while (take() != 0) continue;  // Ctrl-C pressed twice means the same
    close(descriptor_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  int descriptor() const { return descriptor_; }

  // The signal that came, or 0.
  int take() const {
    signalfd_siginfo info{};
    return read(descriptor_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t before_;
  int descriptor_ = -1;
};

class Campaign {
 public:
  Campaign(const CampaignOptions& options, const SeedRunner& runner, const CampaignListener& listener)
      : options_(options), runner_(runner), listener_(listener), workers_(options.jobs) {}

  Result<CampaignOutcome> run() {
    if (interruption_.descriptor() < 0) {
      return fail(std::string("Cannot wait for signals: ") + std::strerror(errno) + ".");
    }
    for (;;) {
      if (auto given = give_seeds(); !given) return tl::unexpected(given.error());
      if (std::none_of(workers_.begin(), workers_.end(), is_busy)) return outcome_;
      await();
      if (outcome_.end == CampaignEnd::kInterrupted) return outcome_;
      if (listener_.on_wait) listener_.on_wait();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  static bool is_busy(const std::unique_ptr<Worker>& worker) { return worker && worker->is_busy(); }

  // Whether another seed should be begun; says why not in the outcome.
  bool wants_more() {
    if (outcome_.begun == options_.seeds.size()) return false;
    if (options_.until_violation && has_violation_) {
      outcome_.end = CampaignEnd::kViolationFound;
    } else if (options_.budget && Clock::now() - start_ >= *options_.budget) {
      outcome_.end = CampaignEnd::kBudgetSpent;
    }
    return outcome_.end == CampaignEnd::kComplete;
  }

  Result<void> give_seeds() {
    for (std::unique_ptr<Worker>& worker : workers_) {
      if (is_busy(worker) || !wants_more()) continue;
      if (!worker || worker->is_dead()) {
        auto started = Worker::start(runner_, options_.cpu_limit);
        if (!started) return tl::unexpected(started.error());
        worker = std::move(*started);
      }
      worker->give(options_.seeds.at(outcome_.begun++));
    }
    return {};
  }

  void await() {
    std::vector<pollfd> descriptors = {{.fd = interruption_.descriptor(), .events = POLLIN, .revents = 0}};
    std::vector<Worker*> busy;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      if (!is_busy(worker)) continue;
      busy.push_back(worker.get());
      descriptors.push_back({.fd = worker->descriptor(), .events = POLLIN, .revents = 0});
    }
    if (poll(descriptors.data(), descriptors.size(), kWaitMilliseconds) <= 0) return;
    if (descriptors[0].revents != 0) {
      outcome_.signal = interruption_.take();
      if (outcome_.signal != 0) outcome_.end = CampaignEnd::kInterrupted;
    }
    for (std::size_t i = 0; i < busy.size(); ++i) {
      if (descriptors[i + 1].revents == 0) continue;
      if (auto result = busy[i]->receive()) {
        has_violation_ = has_violation_ || result->report.violation.has_value();
        listener_.on_result(std::move(*result));
      }
    }
  }

  const CampaignOptions& options_;
  const SeedRunner& runner_;
  const CampaignListener& listener_;
  const Clock::time_point start_ = Clock::now();
  Interruption interruption_;  // before any worker is started
  std::vector<std::unique_ptr<Worker>> workers_;
  CampaignOutcome outcome_;
  bool has_violation_ = false;
};

}  // namespace

Result<CampaignOutcome> run_campaign(const CampaignOptions& options, const SeedRunner& runner,
                                     const CampaignListener& listener) {
  return Campaign(options, runner, listener).run();
}

}  // namespace timestore::campaign
