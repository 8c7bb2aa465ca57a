// Clients: what they propose and what they read.
#include "sim/script/commands.h"

namespace timestore::sim::script {

namespace {

constexpr std::int64_t kTimestamp =
    1'700'000'000'000'000'000;  // of every time entry: a device's entries keep their order

// A client's own id, in the form of a random UUID.
Guid to_guid(std::uint64_t number) {
  Guid guid;
  guid.bytes[6] = 0x40;
  guid.bytes[8] = 0x80;
  for (std::size_t i = 0; i < 4; ++i) guid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return guid;
}

// "a=1" or "a=1@7".
Result<TimeEntry> to_entry(const std::string& word) {
  const auto setting = to_setting(word);
  if (!setting) return fail("\"" + word + "\" is no time entry: DEVICE=VALUE, or DEVICE=VALUE@ID.");
  const std::size_t at = setting->second.find('@');
  const auto value = to_integer(setting->second.substr(0, at), "A value");
  if (!value) return tl::unexpected(value.error());
  TimeEntry entry{.device_id = setting->first, .timestamp_ns = kTimestamp, .value = static_cast<double>(*value)};
  if (at != std::string::npos) {
    const auto id = to_number(setting->second.substr(at + 1), "An id");
    if (!id) return tl::unexpected(id.error());
    entry.id = to_guid(*id);
  }
  return entry;
}

Result<void> propose(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto entries = take_entries(words);
  if (!entries) return tl::unexpected(entries.error());
  stage.clients().propose(*number, std::move(*entries));
  stage.act(*number);
  return {};
}

Result<void> retry(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  const auto proposal = take_proposal(stage, words);
  if (!proposal) return tl::unexpected(proposal.error());
  stage.clients().retry(*number, *proposal);
  stage.act(*number);
  return words.end();
}

Result<void> give_up(Stage& stage, Words& words) {
  const auto proposal = take_proposal(stage, words);
  if (!proposal) return tl::unexpected(proposal.error());
  const Proposal& given_up = stage.clients().proposals()[*proposal];
  if (given_up.fate != Proposal::Fate::kPending) return fail("It has its fate already.");
  const std::size_t node = given_up.node;
  stage.clients().give_up(*proposal);
  stage.act(node);
  return words.end();
}

Result<void> read(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto device = words.take("DEVICE");
  if (!device) return tl::unexpected(device.error());
  if (!words.take_if("by")) {
    stage.clients().read(*number, *device);
    stage.act(*number);
    return words.end();
  }
  const auto leader = take_running_node(stage, words);
  if (!leader) return tl::unexpected(leader.error());
  stage.clients().read_by(*number, *leader, *device);
  stage.act(*leader);
  return words.end();
}

Result<void> begin_read(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.cluster().begin_slow_read(*number);
  return words.end();
}

Result<void> end_read(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.cluster().end_slow_read(*number);
  return words.end();
}

}  // namespace

Result<std::vector<TimeEntry>> take_entries(Words& words) {
  std::vector<TimeEntry> entries;
  do {
    auto word = words.take("DEVICE=VALUE");
    if (!word) return tl::unexpected(word.error());
    auto entry = to_entry(*word);
    if (!entry) return tl::unexpected(entry.error());
    entries.push_back(std::move(*entry));
  } while (!words.empty());
  return entries;
}

Result<std::size_t> take_proposal(Stage& stage, Words& words) {
  auto word = words.take("PROPOSAL");
  if (!word) return tl::unexpected(word.error());
  const std::size_t count = stage.clients().proposals().size();
  const auto number = to_number(word->starts_with('p') ? word->substr(1) : "", "PROPOSAL");
  if (number && *number >= 1 && *number <= count) return *number - 1;
  return fail("\"" + *word + "\" is no proposal of this scenario" +
              (count == 0 ? ": there is none yet." : ": the newest is p" + std::to_string(count) + "."));
}

Result<std::size_t> take_read(Stage& stage, Words& words) {
  auto word = words.take("READ");
  if (!word) return tl::unexpected(word.error());
  const std::size_t count = stage.clients().reads().size();
  const auto number = to_number(word->starts_with('r') ? word->substr(1) : "", "READ");
  if (number && *number >= 1 && *number <= count) return *number - 1;
  return fail("\"" + *word + "\" is no read of this scenario" +
              (count == 0 ? ": there is none yet." : ": the newest is r" + std::to_string(count) + "."));
}

const Chapter& client_chapter() {
  static const Chapter kChapter{
      "Clients",
      "Proposals are named p1, p2, ... and reads r1, r2, ..., in the order in which they are made.",
      {
          {"propose NODE DEVICE=VALUE[@ID]...",
           "A client writes one time entry, or several in one atomic batch, by way of this node. @ID is an id that the "
           "client gives, a number; other ids are given by the leader.",
           propose},
          {"retry NODE PROPOSAL", "The client writes the same again, with the ids that it knows by now.", retry},
          {"give-up PROPOSAL", "The client waits no longer.", give_up},
          {"read NODE DEVICE [by LEADER]",
           "A client reads everything of a device, linearizably, from this node. `by`: the leader named grants the "
           "read, and it is answered by this node once it has applied so far.",
           read},
          {"begin-read NODE",
           "Somebody begins to read the node's series file and takes their time: until `end-read` they see it as it is "
           "now.",
           begin_read},
          {"end-read NODE", "The slow reader has read enough.", end_read},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
