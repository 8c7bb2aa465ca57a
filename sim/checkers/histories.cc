#include "sim/checkers/histories.h"

#include <algorithm>
#include <utility>

#include "sim/checkers/model.h"

namespace timestore::sim {

namespace {

constexpr std::size_t kMaxDevices = 8;
constexpr std::size_t kMaxReadEntries = 1024;  // a device with longer ones is searched no further
constexpr std::size_t kWindowCalls = 40;
constexpr std::size_t kMaxConfigurations = 20'000;
constexpr std::uint32_t kEmpty = UINT32_MAX;
constexpr std::uint64_t windows_of(std::size_t calls) { return (calls + kWindowCalls - 1) / kWindowCalls; }

constexpr const char* kRule = "some order of the operations explains every answer";

bool has_nil_ids(const std::vector<TimeEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const TimeEntry& entry) { return entry.id.is_nil(); });
}

std::string in_words(const std::vector<std::uint64_t>& operations) {
  std::string text;
  for (const std::uint64_t operation : operations) text += " " + std::to_string(operation);
  return text;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------- gathering

Histories::Device* Histories::device(const std::string& name) {
  const auto found = devices_.find(name);
  if (found != devices_.end()) return &found->second;
  if (devices_.size() >= kMaxDevices) return nullptr;
  Device& device = devices_[name];
  device.name = name;
  return &device;
}

Content Histories::content_of(Device& device, const TimeEntry& entry) {
  const auto slot = device.slots.emplace(entry.id, static_cast<std::uint32_t>(device.contents.size())).first->second;
  if (slot == device.contents.size()) device.contents.emplace_back();
  std::vector<TimeEntry>& known = device.contents[slot];
  const auto same = std::find_if(known.begin(), known.end(), [&](const TimeEntry& other) {
    return is_identical(entry, other) || same_content(entry, other);
  });
  const auto number = static_cast<std::uint32_t>(same - known.begin());
  if (same == known.end()) known.push_back(entry);
  return {.slot = slot, .number = number};
}

// Most of what a read sees, the one before it has seen in the same order.
std::vector<Content> Histories::contents_of(Device& device, const std::vector<TimeEntry>& entries) {
  std::vector<Content> contents;
  contents.reserve(entries.size());
  std::size_t next = 0;
  for (const TimeEntry& entry : entries) {
    const std::size_t limit = std::min(next + 4, device.last_read.size());
    std::size_t like = next;
    for (; like < limit; ++like) {
      const Content& seen = device.last_read[like];
      if (is_identical(device.contents[seen.slot][seen.number], entry)) break;
    }
    if (like < limit) {
      contents.push_back(device.last_read[like]);
      next = like + 1;
    } else {
      contents.push_back(content_of(device, entry));
    }
  }
  device.last_read = contents;
  return contents;
}

void Histories::write_begins(OperationId operation, const std::vector<TimeEntry>& entries) {
  if (!is_active_) return;
  open_.emplace(operation, Open{.begin = ++clock_, .entries = entries});
  for (const TimeEntry& entry : entries) {
    device(entry.device_id);
    if (entry.id.is_nil()) continue;
    const auto [known, is_new] = device_of_id_.emplace(entry.id, entry.device_id);
    if (!is_new && known->second != entry.device_id) known->second.clear();
  }
}

void Histories::write_ends(OperationId operation, const client::WriteEnd& end) {
  if (!is_active_) return;
  const auto open = open_.extract(operation);
  if (open.empty()) return;
  ++clock_;
  switch (end.kind) {
    case client::WriteEnd::Kind::kNotLeader:
    case client::WriteEnd::Kind::kBusy:
    case client::WriteEnd::Kind::kDiskFull:
    case client::WriteEnd::Kind::kTooEarly:
      return;
    case client::WriteEnd::Kind::kApplied:
    case client::WriteEnd::Kind::kUnknown:
      return add_write(operation, open.mapped().begin, end);
  }
}

void Histories::add_write(OperationId operation, std::uint64_t begin, const client::WriteEnd& end) {
  using Outcome = ApplyResult::Outcome;
  const bool is_answered = end.kind == client::WriteEnd::Kind::kApplied;
  const bool is_conflict = is_answered && end.result.outcome == Outcome::kConflict;
  if (is_answered && !is_conflict && end.result.outcome != Outcome::kStored) return;
  if (is_conflict) {
    const bool is_local = std::all_of(end.entries.begin(), end.entries.end(), [&](const TimeEntry& entry) {
      const auto known = device_of_id_.find(entry.id);
      return entry.device_id == end.entries.front().device_id &&
             (known == device_of_id_.end() || !known->second.empty());
    });
    if (!is_local) return;
  }
  const bool is_told = !has_nil_ids(end.entries);
  std::map<std::string_view, Call> calls;  // by device
  for (const TimeEntry& entry : end.entries) {
    Device* on = device(entry.device_id);
    if (on == nullptr) {
      ++calls_elsewhere_;
      continue;
    }
    if (!is_told) {
      on->closed_since = std::min(on->closed_since, begin);
      continue;
    }
    calls[on->name].contents.push_back(content_of(*on, entry));
  }
  for (auto& [name, call] : calls) {
    call.kind = is_conflict ? Call::Kind::kConflict : is_answered ? Call::Kind::kStored : Call::Kind::kMaybe;
    call.operation = operation;
    call.begin = begin;
    call.end = is_answered ? clock_ : Call::kNever;
    if (is_conflict) call.conflicts = end.result.conflicts;
    devices_.find(name)->second.calls.push_back(std::move(call));
  }
}

void Histories::read_begins(OperationId operation, const std::string& device_id) {
  if (!is_active_) return;
  if (Device* on = device(device_id)) {
    open_.emplace(operation, Open{.begin = ++clock_, .entries = {}, .device = on});
  } else {
    ++calls_elsewhere_;
  }
}

void Histories::read_ends(OperationId operation, const std::vector<TimeEntry>& entries) {
  if (!is_active_) return;
  const auto open = open_.extract(operation);
  if (open.empty()) return;
  Device& on = *open.mapped().device;
  const std::uint64_t begin = open.mapped().begin;
  if (entries.size() > kMaxReadEntries) on.closed_since = std::min(on.closed_since, begin);
  if (begin >= on.closed_since) {
    ++on.unheard_reads;
    return;
  }
  on.calls.push_back({.kind = Call::Kind::kRead,
                      .operation = operation,
                      .begin = begin,
                      .end = ++clock_,
                      .contents = contents_of(on, entries),
                      .conflicts = {}});
}

// ---------------------------------------------------------------------------------------------------- searching

// What is certainly in the slots when the window begins, and the calls that count in it.
struct Histories::Window {
  std::vector<std::uint32_t> before;  // by slot: the number of the content, or kEmpty
  std::size_t filled = 0;
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  std::vector<const Call*> calls;

  bool holds(const Content& content) const { return before[content.slot] == content.number; }
  bool holds_all(const Call& call) const {
    return std::all_of(call.contents.begin(), call.contents.end(), [&](const Content& each) { return holds(each); });
  }
  // False: the slot holds something else already.
  bool put(const Content& content) {
    if (before[content.slot] == kEmpty) {
      before[content.slot] = content.number;
      ++filled;
    }
    return holds(content);
  }
};

void Histories::search() {
  for (auto& [operation, open] : open_) {  // unanswered to this day
    if (!open.entries.empty()) add_write(operation, open.begin, {.result = {}, .entries = std::move(open.entries)});
  }
  open_.clear();
  left_out_ += windows_of(calls_elsewhere_);
  for (auto& [name, device] : devices_) {
    if (!rules_.any()) search(device);
  }
}

void Histories::search(Device& device) {
  std::vector<Call>& calls = device.calls;
  std::sort(calls.begin(), calls.end(), [](const Call& left, const Call& right) { return left.begin < right.begin; });
  const auto unknown =
      std::count_if(calls.begin(), calls.end(), [&](const Call& call) { return call.begin >= device.closed_since; });
  left_out_ += windows_of(static_cast<std::size_t>(unknown) + device.unheard_reads);
  std::vector<const Call*> by_end;
  for (const Call& call : calls) {
    if (call.kind == Call::Kind::kStored || call.kind == Call::Kind::kRead) by_end.push_back(&call);
  }
  std::sort(by_end.begin(), by_end.end(), [](const Call* left, const Call* right) { return left->end < right->end; });

  Window window;
  window.before.assign(device.contents.size(), kEmpty);
  auto ended = by_end.begin();
  for (std::size_t first = 0; first < calls.size(); first += kWindowCalls) {
    const std::size_t after = std::min(first + kWindowCalls, calls.size());
    window.from = calls[first].begin;
    window.until = std::min(after < calls.size() ? calls[after].begin : Call::kNever, device.closed_since);
    if (window.from >= device.closed_since) return;
    for (; ended != by_end.end() && (*ended)->end < window.from; ++ended) {
      for (const Content& content : (*ended)->contents) {
        if (!rules_.require(window.put(content), kRule, [&] {
              return facts("device", device.name, "operation", (*ended)->operation) +
                     " tells of an id with other content than is stored";
            })) {
          return;
        }
      }
    }
    for (std::size_t call = first; call < after; ++call) {
      if (calls[call].begin < window.until) window.calls.push_back(&calls[call]);
    }
    if (!search(device, window)) return;
    std::erase_if(window.calls, [&](const Call* call) {
      const bool stores = call->kind == Call::Kind::kStored || call->kind == Call::Kind::kMaybe;
      return !stores || call->end < window.until || window.holds_all(*call);
    });
  }
}

bool Histories::search(const Device& device, const Window& window) {
  History history;
  std::vector<std::uint8_t> uses(window.before.size(), 0);  // of each slot, by reads and by different puts
  for (const Call* call : window.calls) {
    const bool is_within = call->begin >= window.from && call->end < window.until;
    const bool stores = call->kind == Call::Kind::kStored || call->kind == Call::Kind::kMaybe;
    if (stores ? window.holds_all(*call) : !is_within) continue;
    Call part = *call;
    if (call->kind == Call::Kind::kRead) {
      const std::size_t old = std::erase_if(part.contents, [&](const Content& each) { return window.holds(each); });
      if (!rules_.require(old == window.filled, kRule, [&] {
            return facts("device", device.name, "read", call->operation, "lacks what was stored before",
                         window.filled - old);
          })) {
        return false;
      }
    } else if (stores && call->end >= window.until) {
      part.kind = Call::Kind::kMaybe;
      part.end = Call::kNever;
    }
    for (const Content& content : part.contents) {
      std::uint8_t& used = uses[content.slot];
      used = static_cast<std::uint8_t>(std::min(used + (call->kind == Call::Kind::kRead ? 2 : 1), 2));
    }
    history.calls.push_back(std::move(part));
  }
  // What nobody saw, and nobody else could have been hindered by, may as well never have happened.
  std::erase_if(history.calls, [&](const Call& call) {
    return call.kind == Call::Kind::kMaybe && std::all_of(call.contents.begin(), call.contents.end(),
                                                          [&](const Content& each) { return uses[each.slot] < 2; });
  });
  if (history.calls.size() > History::kMaxCalls) {
    ++left_out_;
    return true;
  }
  for (std::uint32_t slot = 0; slot < uses.size(); ++slot) {
    if (uses[slot] > 0 && window.before[slot] != kEmpty) {
      history.before.push_back({.slot = slot, .number = window.before[slot]});
    }
  }
  const SearchResult result = find_order(history, kMaxConfigurations);
  ++(result.verdict == SearchResult::Verdict::kTooCostly ? left_out_ : searched_);
  return rules_.require(result.verdict != SearchResult::Verdict::kUnexplained, kRule, [&] {
    return facts("device", device.name, "operations of the window", history.calls.size(),
                 "those that fit nowhere:", in_words(result.stuck));
  });
}

}  // namespace timestore::sim
