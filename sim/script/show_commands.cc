// Looking: what nodes hold and what is on its way. Looking changes nothing.
#include "sim/script/commands.h"
#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

void say_all(Stage& stage, std::vector<std::string> lines) {
  for (std::string& line : lines) stage.say(Detail::kEndings, std::move(line));
}

Result<void> show(Stage& stage, Words& words) {
  std::vector<std::size_t> nodes;
  if (words.empty()) {
    for (std::size_t number = 0; number < stage.size(); ++number) nodes.push_back(number);
  } else {
    auto given = take_nodes(stage, words);
    if (!given) return tl::unexpected(given.error());
    nodes = std::move(*given);
  }
  say_all(stage, draw(stage.cluster(), nodes));
  return words.end();
}

Result<void> messages(Stage& stage, Words& words) {
  const auto chosen = take_messages(stage, words);
  if (!chosen) return tl::unexpected(chosen.error());
  for (const MessageId id : *chosen) stage.say(Detail::kEndings, describe(id, stage.cluster().messages().at(id)));
  if (chosen->empty()) stage.say(Detail::kEndings, "none");
  return {};
}

Result<void> progress(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  const auto* leader = std::get_if<raft::Leader>(&stage.cluster().core(*number).role);
  if (leader == nullptr) return fail(Cluster::name(*number) + " does not lead: only a leader follows the others.");
  say_all(stage, draw_progress(*leader));
  return words.end();
}

Result<void> stored(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  const auto entries = stage.cluster().stored(*number);
  if (!entries) return tl::unexpected(entries.error());
  stage.say(Detail::kEndings, describe(*entries));
  return words.end();
}

}  // namespace

const Chapter& show_chapter() {
  static const Chapter kChapter{
      "Looking",
      "Looking changes nothing.",
      {
          {"show [NODE...]",
           "Draws the nodes as the paper does: a line each, with the term of every entry of the log by its index. What "
           "is not durable yet stands in parentheses.",
           show},
          {"messages [SELECTOR]", "Lists what is on its way.", messages},
          {"progress LEADER", "Lists what a leader knows of its followers.", progress},
          {"stored NODE", "Lists the time entries in the node's series file as it stands, in the order of storing.",
           stored},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
