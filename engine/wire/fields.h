// The fields of every message, named once: what both codecs, comparisons and the tests' generators follow.
//
// A field is described by a line: its tag in frames (frame.h), its name in JSON and in sentences, the member, and the
// largest value of a number. A field that the original does not know is kExtra: JSON has the property where the value
// is not the default, and its absence means the default. All other properties are written and read by hand (codec.cc).
// To which cluster a sender belongs has several properties in JSON, where it is told (codec.h).
//
// To add a field: the member in engine/raft/message.h, with what its absence means, and its line here, with the
// record's next tag. The tests make their messages from these lines. A record whose description lacks a member does not
// compile, and a tag is never used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/raft/message.h"

namespace timestore::raft {

inline constexpr std::uint64_t kMaxExact = std::uint64_t{1} << 53;  // in every JSON reader, as kMaxTerm is

enum class InJson : std::uint8_t { kByHand, kExtra };

template <typename Owner, typename Kind>
struct Field {
  using Value = Kind;
  unsigned tag;  // 1 to 63
  std::string_view name;
  Value Owner::*member;
  std::uint64_t max;  // of a number
  InJson json;
};

inline constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

template <typename Owner, typename Value>
constexpr Field<Owner, Value> field(unsigned tag, std::string_view name, Value Owner::*member,
                                    std::uint64_t max = kAnyNumber) {
  return {tag, name, member, max, InJson::kByHand};
}

template <typename Owner, typename Value>
constexpr Field<Owner, Value> extra(unsigned tag, std::string_view name, Value Owner::*member, std::uint64_t max = 1) {
  return {tag, name, member, max, InJson::kExtra};
}

// The description of a record: a std::tuple of its fields, in the order of their tags.
template <typename Record>
inline constexpr auto kFields = nullptr;

template <>
inline constexpr auto kFields<Position> = std::tuple(field(1, "term", &Position::term, kMaxTerm),
                                                     field(2, "index", &Position::index, kMaxIndex));

template <>
inline constexpr auto kFields<Entry> = std::tuple(field(1, "term", &Entry::term, kMaxTerm),
                                                  field(2, "kind", &Entry::kind, 3),
                                                  field(3, "command", &Entry::payload));

template <>
inline constexpr auto kFields<ClusterId> = std::tuple(field(1, "high", &ClusterId::high),
                                                      field(2, "low", &ClusterId::low));

template <>
inline constexpr auto kFields<Belonging> = std::tuple(field(1, "told", &Belonging::is_told, 1),
                                                      field(2, "cluster", &Belonging::cluster),
                                                      field(3, "settled", &Belonging::is_settled, 1),
                                                      field(4, "blank", &Belonging::is_blank, 1));

template <>
inline constexpr auto kFields<SnapshotMeta> = std::tuple(field(1, "applied", &SnapshotMeta::applied),
                                                         field(2, "stateHash", &SnapshotMeta::state_hash),
                                                         field(3, "sizeBytes", &SnapshotMeta::size_bytes, kMaxExact),
                                                         field(4, "fileChecksum", &SnapshotMeta::checksum));

template <>
inline constexpr auto kFields<VoteRequest> = std::tuple(field(1, "term", &VoteRequest::term, kMaxTerm),
                                                        field(2, "candidateId", &VoteRequest::candidate),
                                                        field(3, "lastLogIndex", &VoteRequest::last_index, kMaxIndex),
                                                        field(4, "lastLogTerm", &VoteRequest::last_term, kMaxTerm),  //
                                                        extra(5, "founds", &VoteRequest::founds),
                                                        extra(6, "forced", &VoteRequest::forced),
                                                        extra(7, "belonging", &VoteRequest::belonging));

template <>
inline constexpr auto kFields<VoteResponse> = std::tuple(field(1, "term", &VoteResponse::term, kMaxTerm),
                                                         field(2, "voteGranted", &VoteResponse::granted),
                                                         field(3, "judged", &VoteResponse::judged),
                                                         extra(4, "belonging", &VoteResponse::belonging));

template <>
inline constexpr auto kFields<PreVoteRequest> =
    std::tuple(field(1, "term", &PreVoteRequest::term, kMaxTerm), field(2, "candidateId", &PreVoteRequest::candidate),
               field(3, "lastLogIndex", &PreVoteRequest::last_index, kMaxIndex),
               field(4, "lastLogTerm", &PreVoteRequest::last_term, kMaxTerm),
               extra(5, "founds", &PreVoteRequest::founds), extra(6, "belonging", &PreVoteRequest::belonging));

template <>
inline constexpr auto kFields<PreVoteResponse> = std::tuple(
    field(1, "term", &PreVoteResponse::term, kMaxTerm), field(2, "proposedTerm", &PreVoteResponse::proposed, kMaxTerm),
    field(3, "voteGranted", &PreVoteResponse::granted),
    extra(4, "level", &PreVoteResponse::level, std::numeric_limits<Level>::max()),
    extra(5, "holdsLevel", &PreVoteResponse::holds_level), extra(6, "belonging", &PreVoteResponse::belonging));

template <>
inline constexpr auto kFields<AppendRequest> = std::tuple(
    field(1, "term", &AppendRequest::term, kMaxTerm), field(2, "leaderId", &AppendRequest::leader),
    field(3, "prevLogIndex", &AppendRequest::prev_index, kMaxIndex),
    field(4, "prevLogTerm", &AppendRequest::prev_term, kMaxTerm),
    field(5, "leaderCommit", &AppendRequest::leader_commit, kMaxIndex),
    field(6, "round", &AppendRequest::round, kMaxRound),  // by hand: its absence means an original
    extra(7, "recalled", &AppendRequest::recalled, kMaxRound), extra(8, "snapshot", &AppendRequest::from_snapshot),
    extra(9, "admits", &AppendRequest::admits, kMaxIndex),  //
    extra(10, "founds", &AppendRequest::founds), field(11, "entries", &AppendRequest::entries),
    extra(12, "belonging", &AppendRequest::belonging));

template <>
inline constexpr auto kFields<AppendResponse> = std::tuple(
    field(1, "term", &AppendResponse::term, kMaxTerm), field(2, "success", &AppendResponse::success),
    field(3, "matchIndex", &AppendResponse::match, kMaxIndex),
    field(4, "prevLogIndex", &AppendResponse::prev_index, kMaxIndex), field(5, "hint", &AppendResponse::hint),
    field(6, "round", &AppendResponse::round, kMaxRound), extra(7, "novice", &AppendResponse::novice),
    extra(8, "level", &AppendResponse::level, std::numeric_limits<Level>::max()),
    extra(9, "holdsLevel", &AppendResponse::holds_level),
    extra(10, "appliedIndex", &AppendResponse::applied, kMaxIndex), extra(11, "diskFull", &AppendResponse::full),
    extra(12, "belonging", &AppendResponse::belonging), extra(13, "contradicted", &AppendResponse::contradicted));

template <>
inline constexpr auto kFields<SnapshotRequest> = std::tuple(field(1, "term", &SnapshotRequest::term, kMaxTerm),
                                                            field(2, "nodeId", &SnapshotRequest::follower),
                                                            field(3, "wanted", &SnapshotRequest::wanted),
                                                            field(4, "offset", &SnapshotRequest::offset, kMaxExact),
                                                            extra(5, "belonging", &SnapshotRequest::belonging));

template <>
inline constexpr auto kFields<SnapshotResponse> = std::tuple(field(1, "term", &SnapshotResponse::term, kMaxTerm),
                                                             field(2, "meta", &SnapshotResponse::meta),
                                                             field(3, "offset", &SnapshotResponse::offset, kMaxExact),
                                                             field(4, "checksum", &SnapshotResponse::checksum),
                                                             field(5, "bytes", &SnapshotResponse::bytes),
                                                             extra(6, "belonging", &SnapshotResponse::belonging));

template <>
inline constexpr auto kFields<TimeoutNow> = std::tuple(field(1, "term", &TimeoutNow::term, kMaxTerm),
                                                       field(2, "leaderId", &TimeoutNow::leader),
                                                       field(3, "round", &TimeoutNow::round, kMaxRound),
                                                       extra(4, "belonging", &TimeoutNow::belonging));

template <>
inline constexpr auto kFields<NotOurs> = std::tuple(field(1, "term", &NotOurs::term, kMaxTerm),
                                                    extra(2, "belonging", &NotOurs::belonging));

// --- What follows from it -------------------------------------------------------------------------------------------

template <typename Record>
inline constexpr bool is_record = !std::is_same_v<std::remove_const_t<decltype(kFields<Record>)>, std::nullptr_t>;

// Calls `visit` with each field of the record, in the order of tags.
template <typename Record, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, kFields<Record>);
}

template <typename Record>
inline constexpr std::size_t field_count = std::tuple_size_v<std::remove_const_t<decltype(kFields<Record>)>>;

// The number of members of an aggregate: of the initializers that it takes.
struct Anything {
  template <typename Value>
  operator Value() const;  // NOLINT: it converts to whatever a member is
};
template <typename Record, typename... Initializers>
consteval std::size_t member_count() {
  if constexpr (requires { Record{Initializers{}..., Anything{}}; }) {
    return member_count<Record, Initializers..., Anything>();
  } else {
    return sizeof...(Initializers);
  }
}

template <typename Record>
consteval bool is_described() {
  unsigned last_tag = 0;
  bool rises = true;
  for_each_field<Record>([&](const auto& each) {
    rises = rises && each.tag > last_tag && each.tag < 64;
    last_tag = each.tag;
  });
  return rises && member_count<Record>() == field_count<Record>;
}

template <typename... Kinds>
consteval bool are_described(const std::variant<Kinds...>*) {
  return (is_described<Kinds>() && ...);
}
static_assert(are_described(static_cast<const Message*>(nullptr)) && is_described<Position>() &&
                  is_described<SnapshotMeta>() && is_described<Entry>() && is_described<ClusterId>() &&
                  is_described<Belonging>(),
              "each member of a message has its line above, with a tag of its own");

// The name of the first field in which two records differ; empty: in none.
template <typename Record>
std::string_view difference(const Record& left, const Record& right) {
  std::string_view name;
  for_each_field<Record>([&](const auto& each) {
    if (name.empty() && left.*each.member != right.*each.member) name = each.name;
  });
  return name;
}

}  // namespace timestore::raft
