// Messages made from their descriptions: whoever adds a field finds it in every test here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/prng.h"
#include "engine/raft/configuration.h"
#include "engine/wire/codec.h"
#include "engine/wire/fields.h"

namespace timestore::raft::testing {

struct Wishes {
  bool is_full = false;  // no field holds its default, where the others allow it
  bool is_text = false;  // JSON can carry it
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed, Wishes wishes = {}) : prng_(seed), wishes_(wishes) {}

  template <typename Record>
  Record make() {
    Record record{};
    for_each_field<Record>([&](const auto& field) { draw(record.*field.member, field.max); });
    settle(record);
    return record;
  }

  Message message(std::size_t alternative) {
    return message(alternative, std::make_index_sequence<std::variant_size_v<Message>>{});
  }

 private:
  template <std::size_t... kAlternatives>
  Message message(std::size_t alternative, std::index_sequence<kAlternatives...>) {
    Message made;
    ((alternative == kAlternatives ? void(made = make<std::variant_alternative_t<kAlternatives, Message>>()) : void()),
     ...);
    return made;
  }

  template <typename Number>
  requires std::is_integral_v<Number>
  void draw(Number& number, std::uint64_t max) {
    max = std::min(max, std::uint64_t{std::numeric_limits<Number>::max()});
    const std::uint64_t least = wishes_.is_full ? 1 : 0;
    const std::uint64_t small = std::min<std::uint64_t>(max, least + prng_.below(200));
    const std::uint64_t any = std::max(least, max == kAnyNumber ? prng_.next() : prng_.below(max + 1));
    const std::uint64_t choices[] = {least, max, small, any};
    number = static_cast<Number>(choices[prng_.below(4)]);
  }

  void draw(EntryKind&, std::uint64_t) {}  // it follows from the command

  void draw(NodeId& id, std::uint64_t) {
    id = prng_.chance(1, 8) ? std::string(kMaxNodeIdBytes, 'n') : "node" + std::to_string(prng_.below(1000));
    if (prng_.chance(1, 8)) id += "\"\\\u00e9";
    if (id.size() > kMaxNodeIdBytes) id = "\u00e9";
  }

  void draw(Payload& payload, std::uint64_t) {
    std::string bytes;
    for (std::uint64_t rest = wishes_.is_full ? 1 + prng_.below(300) : prng_.below(300); rest > 0; --rest) {
      bytes += static_cast<char>(wishes_.is_text ? prng_.below(128) : prng_.below(256));
    }
    if (prng_.chance(1, 8)) bytes = std::string(kMembersTextStart) + bytes;
    if (prng_.chance(1, 8) && !wishes_.is_full) bytes.clear();
    payload = Payload(std::move(bytes));
  }

  void draw(std::vector<Entry>& entries, std::uint64_t) {
    for (std::uint64_t rest = wishes_.is_full ? 1 + prng_.below(4) : prng_.below(5); rest > 0; --rest) {
      entries.push_back(make<Entry>());
    }
  }

  template <typename Record>
  requires is_record<Record>
  void draw(Record& record, std::uint64_t) { record = make<Record>(); }

  template <typename Record>
  void settle(Record&) {}
  void settle(Entry& entry) { entry.kind = kind_of(entry.payload.view()); }
  void settle(AppendRequest& request) {
    request.term = std::max<Term>(request.term, 1);
    request.prev_term = std::min(request.prev_term, request.term);
    request.prev_index = std::min<Index>(request.prev_index, kMaxIndex - request.entries.size());
    Term least = std::max<Term>(request.prev_term, 1);
    for (Entry& entry : request.entries) {
      entry.term = least = prng_.chance(1, 2) ? least : least + prng_.below(request.term - least + 1);
    }
  }
  void settle(Belonging& belonging) {
    if (!belonging.is_told) belonging = {};
  }
  void settle(AppendResponse& response) {
    response.success = prng_.chance(1, 2);
    if (response.success) response.hint = {};
    if (!response.success) response.match = 0;
  }

  Prng prng_;
  Wishes wishes_;
};

inline constexpr std::size_t kMessageKinds = std::variant_size_v<Message>;

// The request that an answer of this kind belongs to; of the same term, so that all of the answer counts.
inline Message asked_by(const Message& answer) {
  if (const auto* response = std::get_if<AppendResponse>(&answer)) {
    return AppendRequest{.term = response->term, .leader = "n1", .prev_index = 3, .round = 4, .entries = {}};
  }
  if (std::holds_alternative<VoteResponse>(answer)) return VoteRequest{.term = 12, .candidate = "n1"};
  return PreVoteRequest{.term = 12, .candidate = "n1"};
}

}  // namespace timestore::raft::testing
