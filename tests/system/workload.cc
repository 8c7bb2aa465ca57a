#include "tests/system/workload.h"

#include <algorithm>
#include <utility>

#include "tests/system/client.h"

namespace timestore::system {
namespace {}  // namespace

struct Workload::Writer {
  std::size_t number = 0;
  std::size_t node = 0;  // an index of the ports
  int sequence = 0;
  std::vector<std::unique_ptr<Client>> clients;
  Ledger ledger;

  Entry next() {
    ++sequence;
    Entry entry{.id = {},
                .device = "writer" + std::to_string(number),
                .timestamp = timestamp_at(sequence),
                .value = sequence * 0.1,
                .attributes = {}};
    if (sequence % 2 == 0) entry.id = guid((std::uint64_t{number} << 32) + static_cast<std::uint64_t>(sequence));
    if (sequence % 3 == 0) entry.attributes = R"({"sequence":)" + std::to_string(sequence) + "}";
    return entry;
  }
};

Workload::Workload(std::vector<int> ports, std::size_t writers, Clock::duration patience) : ports_(std::move(ports)) {
  for (std::size_t number = 0; number < writers; ++number) {
    auto& writer = *writers_.emplace_back(std::make_unique<Writer>());
    writer.number = number;
    for (const int port : ports_) writer.clients.push_back(std::make_unique<Client>(port, patience));
  }
}

Workload::~Workload() { stop(); }

void Workload::start() {
  stopping_ = false;
  last_success_ = Clock::now();
  for (const auto& writer : writers_) threads_.emplace_back([this, &writer] { run(*writer); });
}

void Workload::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Workload::run(Writer& writer) {
  while (!stopping_) {
    writer.node = writer.number % ports_.size();
    write_next(writer);
  }
}

void Workload::write_next(Writer& writer) {
  Entry entry = writer.next();
  // It gives up on an entry, with a protest, when nobody takes it.
  for (const auto deadline = Clock::now() + kHangGuard; Clock::now() < deadline;) {
    const auto begun = Clock::now();
    const Answer answer = writer.clients[writer.node]->post("/api/timeseries", to_json(entry));
    if (answer.status == 200) {
      const Entry stored = entry_in(answer.body);
      if (entry.id.empty()) entry.id = stored.id;
      if (!(stored == entry) || entry.id.empty())
        writer.ledger.protests.push_back(to_json(entry) + " got " + answer.text());
      writer.ledger.acknowledged.push_back(std::move(entry));
      note_success(begun);
      return;
    }
    if (answer.status == 0 && answer.was_sent && entry.id.empty()) {
      writer.ledger.maybe.push_back(std::move(entry));
      return;
    }
    if (answer.status == 503) {
      if (answer.header("Retry-After").empty() || !Json(answer.body).text("/detail")) {
        writer.ledger.protests.push_back("503 without Retry-After or without a reason: " + answer.text());
      }
      // Without an id in the answer, the entry is certainly not stored, and is sent again as it was.
      if (const auto id = Json(answer.body).text("/id")) entry.id = *id;
    } else if (answer.status != 0) {
      writer.ledger.protests.push_back(to_json(entry) + " got " + answer.text());
      writer.ledger.maybe.push_back(std::move(entry));
      return;
    }
    writer.node = (writer.node + 1) % ports_.size();
    std::this_thread::sleep_for(kPollInterval);
  }
  writer.ledger.protests.push_back("nobody took " + to_json(entry));
  writer.ledger.maybe.push_back(std::move(entry));
}

void Workload::note_success(Clock::time_point begun) {
  ++acknowledged_;
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  longest_gap_ = std::max(longest_gap_, now - std::exchange(last_success_, now));
  if (!first_success_ && begun >= since_) first_success_ = now;
}

Clock::duration Workload::longest_gap() {
  const std::lock_guard lock(mutex_);
  const Clock::duration current = threads_.empty() ? Clock::duration{} : Clock::now() - last_success_;
  return std::max(std::exchange(longest_gap_, {}), current);
}

bool Workload::await_more(std::uint64_t entries) {
  return await([this, goal = acknowledged_ + entries] { return acknowledged_ >= goal; });
}

std::optional<Clock::duration> Workload::await_success_since(Clock::time_point since) {
  {
    const std::lock_guard lock(mutex_);
    since_ = since;
    first_success_.reset();
  }
  std::optional<Clock::time_point> success;
  const bool came = await([&] {
    const std::lock_guard lock(mutex_);
    success = first_success_;
    return success.has_value();
  });
  return came ? std::optional(*success - since) : std::nullopt;
}

Ledger Workload::ledger() const {
  Ledger whole;
  for (const auto& writer : writers_) {
    const Ledger& part = writer->ledger;
    whole.acknowledged.insert(whole.acknowledged.end(), part.acknowledged.begin(), part.acknowledged.end());
    whole.maybe.insert(whole.maybe.end(), part.maybe.begin(), part.maybe.end());
    whole.protests.insert(whole.protests.end(), part.protests.begin(), part.protests.end());
  }
  return whole;
}

}  // namespace timestore::system
