// The line of words in which a leader answers another node.
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "engine/client/submission.h"

namespace timestore::client {

namespace {

using Kind = WriteEnd::Kind;
using Applied = ApplyResult::Outcome;

constexpr std::array<std::pair<std::string_view, Applied>, 10> kApplied = {{{"nothing", Applied::kNothing},
                                                                            {"stored", Applied::kStored},
                                                                            {"conflict", Applied::kConflict},
                                                                            {"malformed", Applied::kMalformed},
                                                                            {"expired", Applied::kExpired},
                                                                            {"retention", Applied::kRetention},
                                                                            {"type-conflict", Applied::kTypeConflict},
                                                                            {"partly-stored", Applied::kPartlyStored},
                                                                            {"deleted", Applied::kDeleted},
                                                                            {"too-scattered", Applied::kTooScattered}}};
constexpr std::array<std::pair<std::string_view, Kind>, 5> kNotApplied = {{{"not-leader", Kind::kNotLeader},
                                                                           {"busy", Kind::kBusy},
                                                                           {"disk-full", Kind::kDiskFull},
                                                                           {"too-early", Kind::kTooEarly},
                                                                           {"unknown", Kind::kUnknown}}};

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const std::string_view word = take_word(text);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} && end == word.data() + word.size() && !word.empty();
}

}  // namespace

std::string encode_submit_answer(const SubmitAnswer& answer) {
  std::string text;
  if (answer.end.kind == Kind::kApplied) {
    for (const auto& [word, outcome] : kApplied) {
      if (outcome == answer.end.result.outcome) text = word;
    }
    text += " " + std::to_string(answer.end.applied);
    if (tells_edge(answer.end.result.outcome)) text += " " + std::to_string(answer.end.result.edge_ns);
    if (tells_type(answer.end.result.outcome)) text += " " + std::to_string(answer.end.result.stored_type);
    if (tells_deleted(answer.end.result.outcome)) text += " " + std::to_string(answer.end.result.deleted);
    for (const std::uint32_t ordinal : answer.end.result.conflicts) text += " " + std::to_string(ordinal);
    return text;
  }
  for (const auto& [word, kind] : kNotApplied) {
    if (kind == answer.end.kind) text = word;
  }
  if (!answer.hint.leader.empty()) text += " " + std::to_string(answer.hint.term) + " " + answer.hint.leader;
  return text;
}

Result<SubmitAnswer> decode_submit_answer(std::string_view text) {
  SubmitAnswer answer;
  const std::string_view first = take_word(text);
  for (const auto& [word, outcome] : kApplied) {
    if (word != first) continue;
    answer.end.kind = Kind::kApplied;
    answer.end.result.outcome = outcome;
    if (!take_number(text, answer.end.applied)) return fail("An answer to a write that was handed on has no index.");
    if (tells_edge(outcome) && !take_number(text, answer.end.result.edge_ns)) {
      return fail("An answer to a write that was handed on tells of no edge of retention.");
    }
    if (tells_type(outcome) && !take_number(text, answer.end.result.stored_type)) {
      return fail("An answer to a write that was handed on tells of no type.");
    }
    if (tells_deleted(outcome) && !take_number(text, answer.end.result.deleted)) {
      return fail("An answer to a delete that was handed on does not say how much is gone.");
    }
    while (!text.empty()) {
      if (!take_number(text, answer.end.result.conflicts.emplace_back())) {
        return fail("An answer to a write that was handed on names no entries in conflict.");
      }
    }
    return answer;
  }
  for (const auto& [word, kind] : kNotApplied) {
    if (word != first) continue;
    answer.end.kind = kind;
    if (!text.empty() && !take_number(text, answer.hint.term)) {
      return fail("An answer to a write that was handed on names no term of a leader.");
    }
    answer.hint.leader = text;
    return answer;
  }
  return fail("An answer to a write that was handed on says nothing that is known here.");
}

}  // namespace timestore::client
