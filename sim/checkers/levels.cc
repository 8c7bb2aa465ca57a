#include "sim/checkers/levels.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "engine/raft/level.h"

namespace timestore::sim {

namespace {

// Of a command, by its first two bytes; 0 of a text.
raft::Level version_of(const raft::Entry& entry) {
  const std::string_view command = entry.payload.view();
  const bool is_envelope = entry.kind == raft::EntryKind::kCommand && command.size() > 1 && command[0] == '\xc1';
  return is_envelope ? static_cast<unsigned char>(command[1]) : 0;
}

raft::Level level_of(const raft::Entry& entry) {
  return entry.kind == raft::EntryKind::kLevel ? raft::decode_level(entry.payload.view()).value_or(0) : 0;
}

raft::Level at(const std::map<raft::Index, raft::Level>& rising, raft::Index index) {
  return std::prev(rising.upper_bound(index))->second;
}

void note(std::map<raft::Index, raft::Level>& rising, raft::Index index, raft::Level level) {
  if (level > rising.rbegin()->second) rising.emplace(index, level);
}

}  // namespace

void Levels::started(std::size_t node, const raft::State& core) {
  Account& account = accounts_[node];
  account.level = core.options.level;
  account.holds = core.options.holds_level;
  account.most = std::max(account.most, account.level);
  account.term = 0;
  account.told.clear();
  rules_.require(core.level() == at(levels_, core.commit),
                 "a node that starts again knows the level of what it applied",
                 [&] { return facts("node", node + 1, "level", core.level(), "applied", core.commit); });
}

void Levels::hear(Account& account, const raft::State& core, std::span<const raft::Input> inputs) {
  if (account.term != core.term()) account.told.clear();
  account.term = core.term();
  for (const raft::Input& input : inputs) {
    const auto* receipt = std::get_if<raft::Receive>(&input);
    const auto* answer = receipt ? std::get_if<raft::AppendResponse>(&receipt->message) : nullptr;
    if (answer == nullptr || answer->term != core.term()) continue;
    Told& told = account.told[receipt->from];
    told = {.level = answer->level, .holds = answer->holds_level, .most = std::max(told.most, answer->level)};
  }
}

void Levels::check_entry(std::size_t node, const Account& account, const raft::State& core, const raft::Entry& entry) {
  const raft::Level version = version_of(entry);
  rules_.require(version <= levels_.rbegin()->second, "what a level brings is used when the level is committed",
                 [&] { return facts("node", node + 1, "version", version, "level", levels_.rbegin()->second); });
  const bool is_text_of_many = entry.kind == raft::EntryKind::kCommand && entry.payload.view().starts_with("[{");
  rules_.require(!is_text_of_many || account.level == raft::kOriginalLevel,
                 "a batch is proposed only when all members read it",
                 [&] { return facts("node", node + 1, "level", levels_.rbegin()->second); });
  const raft::Level level = level_of(entry);
  if (level == 0) return;
  for (const raft::Member& member : core.configuration().members()) {
    const auto found = account.told.find(member.id);
    const Told told = member.id == core.id          ? Told{account.level, account.holds, account.level}
                      : found == account.told.end() ? Told{}
                                                    : found->second;
    rules_.require(told.level >= level, "the level rises when all members have told it in this term",
                   [&] { return facts("node", node + 1, "level", level, "member", member.id, "told", told.level); });
    rules_.require(!told.holds, "the level does not rise while a member holds it",
                   [&] { return facts("node", node + 1, "level", level, "member", member.id); });
  }
}

void Levels::stepped(std::size_t node, const raft::State& core, std::span<const raft::Input> inputs,
                     const raft::Effects& effects) {
  Account& account = accounts_[node];
  hear(account, core, inputs);
  if (effects.write) {
    for (const raft::Entry& entry : effects.write->entries) {
      if (core.is_leader() && entry.term == core.term()) check_entry(node, account, core, entry);
      highest_ = std::max(highest_, level_of(entry));
    }
  }
  rules_.require(core.level() == at(levels_, core.commit), "all nodes know the same level at the same entry",
                 [&] { return facts("node", node + 1, "level", core.level(), "commit", core.commit); });
}

void Levels::sends(std::size_t node, const raft::Send& send) {
  if (const auto* answer = std::get_if<raft::AppendResponse>(&send.message)) {
    rules_.require(answer->level <= accounts_[node].level, "nobody tells a level that it does not know",
                   [&] { return facts("node", node + 1, "level", answer->level); });
  }
  const auto* append = std::get_if<raft::AppendRequest>(&send.message);
  if (append == nullptr || append->term != accounts_[node].term) return;
  const auto told = accounts_[node].told.find(send.to);
  if (told != accounts_[node].told.end() && told->second.most > 0) return;
  for (const raft::Entry& entry : append->entries) {
    rules_.require(version_of(entry) == 0 && level_of(entry) == 0,
                   "who tells no level gets nothing that levels brought",
                   [&] { return facts("node", node + 1, "to", send.to); });
  }
}

void Levels::committed(raft::Index index, const raft::Entry& entry) {
  note(levels_, index, level_of(entry));
  note(commands_, index, version_of(entry));
}

void Levels::applied(std::size_t node, raft::Index applied) {
  const raft::Level newest = std::max(at(commands_, applied), at(levels_, applied));
  rules_.require(newest <= accounts_[node].level, "nobody applies what it does not know", [&] {
    return facts("node", node + 1, "applied", applied, "which needs", newest, "and knows", accounts_[node].level);
  });
}

}  // namespace timestore::sim
