// Members: who is to belong to the cluster, and what it takes until they do.
#include <algorithm>

#include "sim/script/commands.h"
#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

constexpr std::size_t kPatienceTicks = 300;  // what has not come by then does not come by itself
constexpr std::string_view kWishes[] = {"add", "promote", "remove", "replace"};

// "add n4 [as learner]", "promote n4", "remove n3 [forced]", "replace n3 by n4".
Result<raft::Change> take_wish(Stage& stage, Words& words) {
  using Kind = raft::Change::Kind;
  auto wish = words.take("add|promote|remove|replace");
  if (!wish) return tl::unexpected(wish.error());
  const auto known = std::find(std::begin(kWishes), std::end(kWishes), *wish);
  if (known == std::end(kWishes)) {
    return fail("\"" + *wish + "\" is no change of members. " + suggestion(*wish, kWishes));
  }
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());

  raft::Change change{.kind = Kind::kAdd, .member = Cluster::member(*number), .replaced = {}, .is_forced = false};
  if (*wish == "promote") {
    change.kind = Kind::kPromote;
  } else if (*wish == "remove") {
    change.kind = Kind::kRemove;
    change.is_forced = words.take_if("forced");
  } else if (*wish == "replace") {
    auto by = words.take("by NEW");
    if (!by) return tl::unexpected(by.error());
    if (*by != "by") return fail("Who comes stands after \"by\": replace n3 by n4.");
    const auto successor = words.take_node(stage.size());
    if (!successor) return tl::unexpected(successor.error());
    change = {.kind = Kind::kReplace, .member = Cluster::member(*successor), .replaced = Cluster::name(*number)};
  } else if (words.take_if("as")) {
    if (!words.take_if("learner")) return fail("Who is added becomes a voter, or is added \"as learner\".");
    change.kind = Kind::kAddLearner;
  }
  change.level = stage.cluster().release(*to_node(change.member.id, stage.size())).level;
  if (auto ended = words.end(); !ended) return tl::unexpected(ended.error());
  return change;
}

Result<void> change(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto wish = take_wish(stage, words);
  if (!wish) return tl::unexpected(wish.error());
  stage.clients().change_members(*number, std::move(*wish));
  stage.act(*number);
  return {};
}

Result<void> members(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.say(Detail::kEndings, describe(stage.cluster().core(*number).configuration()));
  return words.end();
}

// A tick for everybody, and then whatever was said because of it.
Result<void> pass_time(Stage& stage) {
  for (std::size_t number = 0; number < stage.size(); ++number) {
    if (!stage.cluster().is_up(number)) continue;
    stage.cluster()[number].tick();
    stage.act(number);
  }
  return stage.settle();
}

// "NODE CLAIM...": what of it is seen otherwise.
Result<std::string> take_awaited(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  if (words.empty()) return words.take("CLAIM");
  return seen_otherwise(stage, *number, words);
}

Result<void> await_claims(Stage& stage, Words& words) {
  for (std::size_t ticks = 0;; ++ticks) {
    Words again = words;
    const auto wrong = take_awaited(stage, again);
    if (!wrong || wrong->empty()) words = again;
    if (!wrong) return tl::unexpected(wrong.error());
    if (wrong->empty()) return {};
    if (ticks == kPatienceTicks) return fail("After " + std::to_string(kPatienceTicks) + " ticks is seen:" + *wrong);
    if (auto passed = pass_time(stage); !passed) return passed;
  }
}

Result<void> await(Stage& stage, Words& words) {
  const Detail detail = stage.detail();
  stage.set_detail(std::min(detail, Detail::kNodes));
  auto awaited = await_claims(stage, words);
  stage.set_detail(detail);
  return awaited;
}

}  // namespace

Result<std::size_t> take_change(Stage& stage, Words& words) {
  auto word = words.take("CHANGE");
  if (!word) return tl::unexpected(word.error());
  const std::size_t count = stage.clients().changes().size();
  const auto number = to_number(word->starts_with('c') ? word->substr(1) : "", "CHANGE");
  if (number && *number >= 1 && *number <= count) return *number - 1;
  return fail("\"" + *word + "\" is no change of this scenario" +
              (count == 0 ? ": there is none yet." : ": the newest is c" + std::to_string(count) + "."));
}

const Chapter& member_chapter() {
  static const Chapter kChapter{
      "Members",
      "Changes are named c1, c2, ... in the order in which they are asked for. Who is to join is one of the outsiders "
      "of the cluster, started with `start`, or a node that was removed.",
      {
          {"change NODE add|promote|remove|replace MEMBER [as learner | forced | by NEW]",
           "Somebody asks this node for other members. `add n4`: it learns, and votes when it has caught up; `add n4 "
           "as learner`: it only learns; `promote n4`: a learner is to vote after all; `remove n3`; `remove n3 "
           "forced`: even if those who answer now are no majority without it; `replace n3 by n4`: n3 goes in the same "
           "step in which n4 becomes a voter. It is refused for one of these reasons: not-leader, not-ready (nothing "
           "is committed in the leader's term yet), busy (another change, or a handover, is on its way), "
           "unknown-member, already-member, loses-quorum, last-voter, too-old (it does not know the cluster's level).",
           change},
          {"members NODE", "Tells whom the node takes for members: those of the newest configuration in its log.",
           members},
          {"await NODE CLAIM...",
           "Lets time pass for all nodes, and delivers what is not held, until all of this can be expected of the "
           "node. Like settle, it does not show the single messages.",
           await},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
