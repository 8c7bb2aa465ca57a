#include "sim/clients/workload.h"

#include <algorithm>

#include "engine/base/mark.h"
#include "engine/series/command.h"
#include "sim/words/wall_clock.h"

namespace timestore::sim {

namespace {

constexpr std::size_t kMaxWaiting = 128;  // requests of one client; then it waits for answers
constexpr std::size_t kMaxRecent = 64;
constexpr Time kProbePause = 500 * kMillisecond;
constexpr Time kProbePatience = 10 * kSecond;

Guid make_id(std::uint64_t number) {
  Guid id;
  for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[6] = 0x40;  // version 4, as clients make them
  id.bytes[8] = 0x80;
  return id;
}

const char* name_of(const client::WriteEnd& end) {
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      if (end.result.outcome == ApplyResult::Outcome::kExpired) return "before the edge";
      return end.result.outcome == ApplyResult::Outcome::kStored ? "stored" : "in conflict";
    case client::WriteEnd::Kind::kNotLeader:
      return "not leader";
    case client::WriteEnd::Kind::kBusy:
      return "busy";
    case client::WriteEnd::Kind::kDiskFull:
      return "disk full";
    case client::WriteEnd::Kind::kTooEarly:
      return "too early";
    case client::WriteEnd::Kind::kUnknown:
      return "unknown";
  }
  return "";
}

}  // namespace

Workload::Workload(World& world, Front* front, const LoadOptions& load, Choices& choices)
    : world_(world), load_(load), front_(front) {
  for (std::size_t number = 0; number < load.clients; ++number) {
    clients_.push_back({.choices = choices.stream("client", number),
                        .requests = choices.stream("request", number),
                        .ends = choices.stream("request.end", number),
                        .node = number % world.size(),
                        .is_stubborn = number % 2 == 1});
  }
}

void Workload::begin() {
  is_active_ = true;
  for (std::size_t client = 0; client < clients_.size(); ++client) plan_next(client);
}

void Workload::plan_next(std::size_t client) {
  const Time pause = load_.pause;
  world_.after(clients_[client].choices.between(pause / 2, pause * 3 / 2), [this, client] {
    if (!is_active_) return;
    act(client);
    plan_next(client);
  });
}

void Workload::act(std::size_t number) {
  Client& client = clients_[number];
  Request request{.client = number, .act = ++client.acts};
  Stream choices = client.choices.on(request.act);
  const bool reads = choices.chance(load_.read_percent, 100);
  const std::uint64_t burst = 1 + choices.below(load_.burst);
  const auto node = choose_node(client, choices);
  if (!node || client.waiting + burst > kMaxWaiting) return;
  if (reads) return read(request, *node);
  for (; request.place < burst; ++request.place) write(request, *node, make_entries(choices_of(request)));
}

// Mostly whom it believes to lead; sometimes anybody. None: nobody it asked is up.
std::optional<std::size_t> Workload::choose_node(Client& client, Stream& choices) {
  const std::uint64_t drawn = choices.below(8 * world_.size());
  if (drawn >= 7 * world_.size()) client.node = drawn - 7 * world_.size();
  if (!world_.cluster().is_up(client.node)) client.node = (client.node + 1) % world_.size();
  if (!world_.cluster().is_up(client.node)) return std::nullopt;
  return client.node;
}

// A stubborn client often stays where it is: so an old leader is still asked when others already use the new one.
void Workload::look_for_the_leader(Client& client, Stream& choices) {
  const bool stays = choices.below(4) > 0 && client.is_stubborn;
  const auto leader = world_.cluster().leader();
  if (leader && !stays) client.node = *leader;
}

// ---------------------------------------------------------------------------------------------------- writing

std::string Workload::device(std::uint64_t number) const { return "device-" + std::to_string(number); }

// Where points expire, most are recent, some are at the edge to the nanosecond, and some have expired.
std::int64_t Workload::make_time(Stream& choices) const {
  const std::uint64_t drawn = choices.below(1000);
  if (load_.span == 0) return wall_ns(0) + static_cast<std::int64_t>(drawn) * 1'000'000;
  const auto leader = world_.cluster().leader();
  const std::int64_t edge = leader ? world_.cluster().retention(*leader).edge_ns : kNoEdge;
  if (edge != kNoEdge && drawn >= 900) return edge + static_cast<std::int64_t>(drawn / 2 % 3) - 1;
  return wall_ns(world_.now()) - nanoseconds(load_.span) * static_cast<std::int64_t>(drawn % 450) / 300;
}

TimeEntry Workload::make_entry(Stream& choices) {
  TimeEntry entry;
  entry.device_id = device(choices.below(load_.devices));
  entry.timestamp_ns = make_time(choices);
  entry.value = static_cast<double>(choices.below(1000));
  if (choices.below(100) < load_.own_id_percent) entry.id = make_id(++next_id_);
  const std::uint64_t padding = choices.below(load_.padding_bytes + 1);
  const bool is_padded = choices.below(100) >= 100 - load_.padded_percent && padding > 0;
  entry.attributes = "{\"op\":" + std::to_string(world_.cluster().oracle().next_operation());
  if (is_padded) entry.attributes += ",\"padding\":\"" + std::string(padding, 'x') + "\"";
  entry.attributes += "}";
  return entry;
}

std::vector<TimeEntry> Workload::make_entries(Stream choices) {
  const bool repeats = choices.chance(load_.repeat_percent, 100);
  const std::uint64_t which = choices.below(kMaxRecent);
  const bool repeats_exactly = choices.below(2) == 0;
  if (repeats && repeats_exactly && which < recent_.size()) {
    TIMESTORE_MARK("workload: a client repeated a write");
    return recent_[which];
  }
  std::vector<TimeEntry> entries;
  const std::uint64_t count = 1 + choices.below(load_.batch);
  for (std::uint64_t i = 0; i < count; ++i) entries.push_back(make_entry(choices));
  if (repeats && which < recent_.size()) {
    TIMESTORE_MARK("workload: a client used an id for something else");
    entries.back().id = recent_[which].front().id;
  } else if (repeats && count > 1) {
    TIMESTORE_MARK("workload: a batch named an id twice");
    entries.back().id = entries.front().id;
  }
  return entries;
}

void Workload::write(Request request, std::size_t node, std::vector<TimeEntry> entries) {
  ++writes_;
  ++clients_[request.client].waiting;
  recent_.push_back(entries);
  if (recent_.size() > kMaxRecent) recent_.pop_front();
  request.operation = world_.cluster().oracle().write_begins(
      world_.now(), entries, front_ != nullptr ? Oracle::Submitted::kByAttempts : Oracle::Submitted::kHere);
  if (world_.is_traced()) {
    world_.trace(node, "is asked to write",
                 "operation " + std::to_string(request.operation) + " " + encode_command(entries));
  }
  if (front_ != nullptr) {
    return front_->write(node, request.operation, std::move(entries), deadline(),
                         [=, this](client::WriteEnd end) { written(request, node, std::move(end)); });
  }
  const std::uint64_t life = world_.cluster().life(node);
  const auto ticket = client::submit(world_.cluster()[node], std::move(entries),
                                     [=, this](client::WriteEnd end) { written(request, node, std::move(end)); });
  if (is_active_)
    world_.after(load_.patience, [this, node, life, ticket] {
      if (world_.cluster().is_up(node) && world_.cluster().life(node) == life) world_.cluster()[node].give_up(ticket);
    });
  world_.wake(node);
}

Time Workload::deadline() const { return world_.now() + (is_active_ ? load_.patience : kProbePatience); }

// Called while the replica settles, so whatever follows happens later.
void Workload::written(const Request& request, std::size_t node, client::WriteEnd end) {
  Client& client = clients_[request.client];
  --client.waiting;
  world_.cluster().oracle().write_ends(world_.now(), request.operation, end);
  if (world_.is_traced())
    world_.trace(node, "ends a write", "operation " + std::to_string(request.operation) + " " + name_of(end));
  Stream choices = choices_of_end(request);
  switch (end.kind) {
    case client::WriteEnd::Kind::kApplied:
      client.node = node;
      return succeeded(request.operation, client.is_probing_write);
    case client::WriteEnd::Kind::kUnknown:
      TIMESTORE_MARK("workload: the outcome of a write is unknown");
      look_for_the_leader(client, choices);
      if (is_active_ && choices.below(4) > 0) try_again(request, choices, std::move(end.entries));
      break;
    case client::WriteEnd::Kind::kNotLeader:
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      look_for_the_leader(client, choices);
      break;
  }
}

void Workload::try_again(Request request, Stream choices, std::vector<TimeEntry> entries) {
  ++request.attempt;
  const Time pause = choices.between(1, 500) * kMillisecond;
  world_.after(pause, [this, request, choices, entries = std::move(entries)]() mutable {
    const auto node = choose_node(clients_[request.client], choices);
    if (node && is_active_) write(request, *node, std::move(entries));
  });
}

// ---------------------------------------------------------------------------------------------------- reading

void Workload::read(Request request, std::size_t node) {
  ++reads_;
  ++clients_[request.client].waiting;
  const std::string wanted = device(choices_of(request).below(load_.devices));
  request.operation = world_.cluster().oracle().read_begins(world_.now(), wanted);
  if (world_.is_traced())
    world_.trace(node, "is asked to read", "operation " + std::to_string(request.operation) + " " + wanted);
  const auto ended = [=, this](bool is_granted, raft::Index index) {
    if (is_granted) {
      granted(request, node, wanted, index);
    } else {
      read_failed(request);
    }
  };
  if (front_ != nullptr) return front_->read(node, deadline(), ended);
  world_.cluster()[node].read(ended);
  world_.wake(node);
}

// Reads where it was granted, or on another node that first applies as far as the grant says. (A node that finds the
// leader for its clients was granted it by the leader, and is read itself.)
void Workload::granted(const Request& request, std::size_t leader, const std::string& wanted, raft::Index index) {
  Stream choices = choices_of_end(request);
  const std::uint64_t elsewhere = choices.below(2 * world_.size());
  const std::size_t reader = elsewhere < world_.size() && front_ == nullptr ? elsewhere : leader;
  const Time way = choices.between(1, 2 * kMillisecond);
  const Time pause = choices.below(kMillisecond);
  world_.after(way, [=, this] {
    if (!world_.cluster().is_up(reader)) return read_failed(request);
    world_.cluster()[reader].await_applied(index, [=, this](bool is_granted, raft::Index) {
      if (!is_granted) return read_failed(request);
      const std::uint64_t life = world_.cluster().life(reader);
      world_.after(pause, [=, this] {
        if (!world_.cluster().is_up(reader) || world_.cluster().life(reader) != life) {
          return read_failed(request);
        }
        read_at(request, reader, wanted, index);
      });
    });
  });
}

// In a third of the reads.
std::optional<Inquiry> Workload::make_inquiry(Stream choices) const {
  if (!choices.chance(1, 3)) return std::nullopt;
  const auto any_time = [&]() -> std::optional<std::int64_t> {
    const std::uint64_t moment = choices.below(2000);
    if (moment >= 1000) return std::nullopt;
    const auto number = static_cast<std::int64_t>(moment);
    return load_.span == 0 ? wall_ns(0) + number * 1'000'000
                           : wall_ns(world_.now()) - nanoseconds(load_.span) * number / 500;
  };
  Inquiry inquiry;
  if (load_.asks_of_lines && choices.chance(1, 4)) inquiry.database = "other";
  const std::uint64_t prefix = choices.below(3);
  if (prefix == 1) inquiry.prefix = device(choices.below(load_.devices));
  if (prefix == 2) inquiry.prefix = "device-1";
  inquiry.from_ns = any_time();
  inquiry.to_ns = any_time();
  if (choices.chance(1, 4)) inquiry.min_value = static_cast<double>(choices.below(1000));
  inquiry.order = static_cast<Inquiry::Order>(choices.below(4));
  inquiry.page_rows = choices.chance(1, 2) ? choices.between(1, 20) : 10'000;
  if (!choices.chance(1, 2)) return inquiry;
  if (inquiry.prefix.empty()) inquiry.prefix = "device-";  // what is no device has values of other types
  constexpr std::int64_t kWidths[] = {100, 10, 1'000, 37};
  inquiry.bucket_ms = kWidths[choices.below(4)];
  inquiry.is_by_device = choices.chance(1, 2);
  return inquiry;
}

void Workload::read_at(const Request& request, std::size_t node, const std::string& wanted, raft::Index index) {
  const auto inquiry = make_inquiry(choices_of_end(request).named("workload.inquiry"));
  auto seen = world_.cluster().read_series(node, wanted, inquiry);
  if (!seen) {
    read_failed(request);
    return world_.could_not_read(node, seen.error().message);
  }
  Client& client = clients_[request.client];
  --client.waiting;
  seen->granted = index;
  if (world_.is_traced()) {
    world_.trace(node, "is read",
                 "operation " + std::to_string(request.operation) + " granted " + std::to_string(index) + " at " +
                     std::to_string(seen->position.index) + ": " + encode_command(seen->entries));
  }
  world_.cluster().oracle().read_ends(world_.now(), request.operation, *seen);
  succeeded(request.operation, client.is_probing_read);
}

void Workload::read_failed(const Request& request) {
  Client& client = clients_[request.client];
  --client.waiting;
  world_.cluster().oracle().read_fails(world_.now(), request.operation);
  Stream choices = choices_of_end(request).named("request.failure");
  look_for_the_leader(client, choices);
}

// ---------------------------------------------------------------------------------------------------- probing

void Workload::probe() {
  first_probe_ = world_.cluster().oracle().next_operation();
  for (std::size_t number = 0; number < clients_.size(); ++number) {
    clients_[number].is_probing_write = clients_[number].is_probing_read = true;
    probes_left_ += 2;
    probe_again(number);
  }
}

void Workload::probe_again(std::size_t number) {
  world_.after(kProbePause, [this, number] {
    Client& client = clients_[number];
    if (!client.is_probing_write && !client.is_probing_read) return;
    const auto leader = world_.cluster().leader();
    if (leader && client.waiting == 0) {
      Request request{.client = number, .act = ++client.acts};
      Stream choices = choices_of(request);
      const std::size_t node = front_ != nullptr ? choose_node(client, choices).value_or(*leader) : *leader;
      if (client.is_probing_write) write(request, node, {make_entry(choices)});
      ++request.place;
      if (client.is_probing_read) read(request, node);
    }
    probe_again(number);
  });
}

std::size_t Workload::waiting() const {
  std::size_t sum = 0;
  for (const Client& client : clients_) sum += client.waiting;
  return sum;
}

void Workload::succeeded(OperationId operation, bool& is_probing) {
  if (!is_probing || operation < first_probe_) return;
  is_probing = false;
  --probes_left_;
}

}  // namespace timestore::sim
