#include "bench/ingest/ingest.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench/ingest/response_parser.h"
#include "bench/ingest/socket.h"
#include "engine/base/check.h"

namespace timestore::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kReconnectPause{100};
constexpr milliseconds kRetryPause{100};  // where a 429 or 503 names no time

// Processor time that this process has used.
double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

enum class Phase { kConnecting, kWaiting, kPausing, kDone };

struct Connection {
  Socket socket;
  Phase phase = Phase::kConnecting;
  ResponseParser parser;
  Entry entry;
  std::string request;
  std::size_t sent = 0;           // bytes of the request
  bool entry_is_pending = false;  // sent before, and to be sent again
  Clock::time_point first_sent;
};

// One run. Its loop wakes for sockets and for moments: a connection's resumption, the full second, the end.
class Ingest {
 public:
  Ingest(const IngestOptions& options, const Address& address, Socket epoll)
      : options_(options),
        address_(address),
        epoll_(std::move(epoll)),
        requests_(options.target, options.entries),
        connections_(static_cast<std::size_t>(options.connections)),
        start_(Clock::now()),
        wall_start_(std::chrono::system_clock::now()),
        count_from_(start_ + options.warm_up),
        send_until_(count_from_ + options.measured),
        end_(send_until_ + options.grace),
        now_(start_) {}

  IngestReport run() {
    for (std::size_t i = 0; i < connections_.size(); ++i) connect(i);
    Clock::time_point next_second = start_ + std::chrono::seconds(1);
    while (now_ < end_ && (now_ < send_until_ || waiting_ > 0)) {
      std::array<epoll_event, 256> events{};
      const int ready = ::epoll_wait(epoll_.descriptor(), events.data(), static_cast<int>(events.size()),
                                     milliseconds_until(next_moment(next_second)));
      for (int i = 0; i < ready; ++i) {
        now_ = Clock::now();
        on_ready(events[static_cast<std::size_t>(i)]);
      }
      now_ = Clock::now();
      resume_due();
      if (sending() && options_.interrupted && options_.interrupted()) {
        send_until_ = now_;
        end_ = now_ + options_.grace;
      }
      if (now_ >= next_second) {
        report_second(next_second);
        next_second += std::chrono::seconds(1);
      }
    }
    report_.unanswered = waiting_;
    report_.measured_seconds = std::max(0.0, std::chrono::duration<double>(send_until_ - count_from_).count());
    report_.client_core_share = cpu_seconds() / std::chrono::duration<double>(now_ - start_).count();
    return report_;
  }

 private:
  Clock::time_point next_moment(Clock::time_point next_second) const {
    Clock::time_point moment = std::min(next_second, now_ < send_until_ ? send_until_ : end_);
    if (!resumptions_.empty()) moment = std::min(moment, resumptions_.begin()->first);
    return moment;
  }

  int milliseconds_until(Clock::time_point moment) const {
    if (moment <= now_) return 0;
    return static_cast<int>(std::chrono::ceil<milliseconds>(moment - now_).count());
  }

  bool counting() const { return now_ >= count_from_; }
  bool sending() const { return now_ < send_until_; }

  void watch(std::size_t index, int operation, std::uint32_t what) {
    epoll_event event{.events = what, .data = {.u64 = index}};
    const int result = ::epoll_ctl(epoll_.descriptor(), operation, connections_[index].socket.descriptor(), &event);
    TIMESTORE_CHECK(result == 0, "epoll takes the sockets that we opened");
  }

  void connect(std::size_t index) {
    Connection& connection = connections_[index];
    connection.phase = Phase::kConnecting;
    connection.parser = ResponseParser();
    auto socket = start_connecting(address_);
    if (!socket) return on_connection_error(index, socket.error().message);
    connection.socket = std::move(*socket);
    watch(index, EPOLL_CTL_ADD, EPOLLOUT);
  }

  void on_ready(const epoll_event& event) {
    const auto index = static_cast<std::size_t>(event.data.u64);
    switch (connections_[index].phase) {
      case Phase::kConnecting:
        return on_connected(index);
      case Phase::kWaiting:
        if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) return on_readable(index);
        return send_rest(index);
      case Phase::kPausing:
      case Phase::kDone:
        // The server closed an idle connection.
        connections_[index].socket = Socket();
        return;
    }
  }

  void on_connected(std::size_t index) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(connections_[index].socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return on_connection_error(index, std::strerror(error));
    watch(index, EPOLL_CTL_MOD, EPOLLIN);
    post(index);
  }

  // Posts the pending entry again, or else the next one.
  void post(std::size_t index) {
    Connection& connection = connections_[index];
    if (!sending()) {
      connection.phase = Phase::kDone;
      return;
    }
    if (connection.entry_is_pending) {
      if (counting()) ++report_.retries;
    } else {
      const auto wall = wall_start_ + (now_ - start_);
      connection.entry = requests_.next(duration_cast<nanoseconds>(wall.time_since_epoch()).count());
      connection.first_sent = now_;
    }
    connection.entry_is_pending = false;
    connection.request = requests_.request(connection.entry);
    connection.sent = 0;
    connection.phase = Phase::kWaiting;
    ++waiting_;
    send_rest(index);
  }

  void send_rest(std::size_t index) {
    Connection& connection = connections_[index];
    const std::string_view rest = std::string_view(connection.request).substr(connection.sent);
    const ssize_t sent = ::send(connection.socket.descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return on_connection_error(index, std::strerror(errno));
    if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
    const bool was_whole = sent == static_cast<ssize_t>(connection.request.size());
    if (was_whole) return;  // the usual case: epoll already waits for the answer
    const bool is_whole = connection.sent == connection.request.size();
    watch(index, EPOLL_CTL_MOD, is_whole ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }

  void on_readable(std::size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 16 * 1024> buffer;
    const ssize_t received = ::recv(connection.socket.descriptor(), buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received == 0) return on_connection_error(index, "closed before the answer was complete");
    if (received < 0) return on_connection_error(index, std::strerror(errno));
    switch (connection.parser.feed({buffer.data(), static_cast<std::size_t>(received)})) {
      case ResponseParser::Progress::kIncomplete:
        return;
      case ResponseParser::Progress::kMalformed:
        return on_connection_error(index, "the answer is not the HTTP/1.1 that this client understands");
      case ResponseParser::Progress::kComplete:
        return on_answer(index, connection.parser.take());
    }
  }

  void on_answer(std::size_t index, const Response& response) {
    Connection& connection = connections_[index];
    --waiting_;
    if (response.closes) connection.socket = Socket();
    if (response.status >= 200 && response.status < 300) {
      on_accepted(connection);
      if (response.closes && sending()) return connect(index);
      return post(index);
    }
    ++errors_this_second_;
    if (counting()) ++report_.refusals[response.status];
    if (response.status != 429 && response.status != 503) return pause(index, milliseconds(0));

    // 429: certainly not stored. 503: unknown, or refused; with an id, sending it again stores it once at most.
    const std::string id = response.status == 503 ? id_in(response.body) : std::string();
    if (!id.empty()) connection.entry.id = id;
    connection.entry_is_pending = response.status == 429 || !connection.entry.id.empty();
    pause(index,
          response.retry_after_seconds ? milliseconds(1000) * std::max(0, *response.retry_after_seconds) : kRetryPause);
  }

  void on_accepted(const Connection& connection) {
    ++accepted_this_second_;
    if (!counting()) return;
    report_.latencies.record(
        static_cast<std::uint64_t>(duration_cast<nanoseconds>(now_ - connection.first_sent).count()));
    if (sending()) ++report_.accepted;
  }

  void on_connection_error(std::size_t index, const std::string& reason) {
    Connection& connection = connections_[index];
    connection.socket = Socket();
    ++errors_this_second_;
    if (counting()) ++report_.connection_errors;
    report_.last_connection_error = reason;
    if (connection.phase == Phase::kWaiting) {
      --waiting_;
      // The entry may or may not be stored; only its id makes it safe to send it again.
      connection.entry_is_pending = !connection.entry.id.empty();
    }
    pause(index, kReconnectPause);
  }

  void pause(std::size_t index, milliseconds length) {
    connections_[index].phase = Phase::kPausing;
    resumptions_.emplace(now_ + length, index);
  }

  void resume_due() {
    while (!resumptions_.empty() && resumptions_.begin()->first <= now_) {
      const std::size_t index = resumptions_.begin()->second;
      resumptions_.erase(resumptions_.begin());
      if (!sending()) {
        connections_[index].phase = Phase::kDone;
      } else if (connections_[index].socket.descriptor() < 0) {
        connect(index);
      } else {
        post(index);
      }
    }
  }

  void report_second(Clock::time_point second) {
    const auto elapsed = duration_cast<std::chrono::seconds>(second - start_);
    if (options_.on_second) {
      options_.on_second({.elapsed = elapsed,
                          .warming_up = second <= count_from_,
                          .accepted = accepted_this_second_,
                          .errors = errors_this_second_});
    }
    accepted_this_second_ = 0;
    errors_this_second_ = 0;
  }

  const IngestOptions& options_;
  const Address address_;
  const Socket epoll_;
  EntryRequests requests_;
  std::vector<Connection> connections_;
  std::set<std::pair<Clock::time_point, std::size_t>> resumptions_;  // of the connections that pause
  std::uint64_t waiting_ = 0;                                        // connections in kWaiting

  const Clock::time_point start_;
  const std::chrono::system_clock::time_point wall_start_;
  const Clock::time_point count_from_;
  Clock::time_point send_until_;
  Clock::time_point end_;
  Clock::time_point now_;

  IngestReport report_;
  std::uint64_t accepted_this_second_ = 0;
  std::uint64_t errors_this_second_ = 0;
};

}  // namespace

std::uint64_t IngestReport::errors() const {
  std::uint64_t sum = connection_errors;
  for (const auto& [status, count] : refusals) sum += count;
  return sum;
}

double IngestReport::entries_per_second() const {
  return measured_seconds > 0 ? static_cast<double>(accepted) / measured_seconds : 0;
}

Result<IngestReport> run_ingest(const IngestOptions& options) {
  TIMESTORE_CHECK(options.connections > 0 && options.entries.devices > 0, "a load has connections and devices");
  const auto address = resolve(options.target);
  if (!address) return tl::unexpected(address.error());
  Socket epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (epoll.descriptor() < 0) return fail(std::string("epoll is not to be had: ") + std::strerror(errno) + ".");
  return Ingest(options, *address, std::move(epoll)).run();
}

}  // namespace timestore::bench
