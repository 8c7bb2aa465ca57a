// The network: which messages arrive, when, how often, and in which order.
#include <algorithm>
#include <set>

#include "sim/script/commands.h"
#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

// "n2", or "*" for every node.
Result<std::vector<std::size_t>> to_ends(std::string_view word, std::size_t cluster_size) {
  std::vector<std::size_t> ends;
  if (word == "*") {
    for (std::size_t number = 0; number < cluster_size; ++number) ends.push_back(number);
    return ends;
  }
  const auto number = to_node(word, cluster_size);
  if (!number) return tl::unexpected(number.error());
  ends.push_back(*number);
  return ends;
}

struct Selector {
  enum class Pick : std::uint8_t { kAll, kOldest, kNewest, kReversed };
  std::vector<MessageId> ids;
  std::set<Link> links;
  std::optional<MessageKind> kind;
  std::optional<raft::Term> term;
  Pick pick = Pick::kAll;
};

constexpr std::string_view kPicks[] = {"all", "oldest", "newest", "reversed"};

Result<void> take_selector_word(Stage& stage, const std::string& word, Selector& selector) {
  if (word.starts_with('#')) {
    const auto id = to_number(word.substr(1), "A message's id");
    if (!id) return tl::unexpected(id.error());
    if (!stage.cluster().messages().contains(*id)) return fail("There is no message " + word + " on its way.");
    selector.ids.push_back(*id);
    return {};
  }
  if (is_link(word)) {
    const auto links = to_links(word, stage.size());
    if (!links) return tl::unexpected(links.error());
    selector.links.insert(links->begin(), links->end());
    return {};
  }
  if (const auto setting = to_setting(word); setting && setting->first == "term") {
    const auto term = to_number(setting->second, "A term");
    if (!term) return tl::unexpected(term.error());
    selector.term = *term;
    return {};
  }
  if (const auto kind = std::find(std::begin(kMessageKinds), std::end(kMessageKinds), word);
      kind != std::end(kMessageKinds)) {
    selector.kind = static_cast<MessageKind>(kind - std::begin(kMessageKinds));
    return {};
  }
  if (const auto pick = std::find(std::begin(kPicks), std::end(kPicks), word); pick != std::end(kPicks)) {
    selector.pick = static_cast<Selector::Pick>(pick - std::begin(kPicks));
    return {};
  }
  std::vector<std::string_view> known{"#7", "n1->n2", "term=2"};
  known.insert(known.end(), std::begin(kMessageKinds), std::end(kMessageKinds));
  known.insert(known.end(), std::begin(kPicks), std::end(kPicks));
  return fail("\"" + word + "\" selects no messages. " + suggestion(word, known));
}

bool matches(const Selector& selector, const Wire& wire) {
  if (!selector.links.empty() && !selector.links.contains({wire.from, wire.to})) return false;
  if (selector.kind && kind_of(wire.message) != *selector.kind) return false;
  return !selector.term || std::visit([](const auto& any) { return any.term; }, wire.message) == *selector.term;
}

std::string on_their_way(Stage& stage) {
  std::string text;
  for (const auto& [id, wire] : stage.cluster().messages()) text += "\n  " + describe(id, wire);
  return text.empty() ? " Nothing is on its way." : " On their way are:" + text;
}

// What a command acts on: at least one message.
Result<std::vector<MessageId>> take_some_messages(Stage& stage, Words& words) {
  auto chosen = take_messages(stage, words);
  if (chosen && chosen->empty()) return fail("No message is selected." + on_their_way(stage));
  return chosen;
}

Result<void> deliver(Stage& stage, Words& words) {
  const auto chosen = take_some_messages(stage, words);
  if (!chosen) return tl::unexpected(chosen.error());
  for (const MessageId id : *chosen) stage.deliver(id, false);
  return {};
}

Result<void> duplicate(Stage& stage, Words& words) {
  const auto chosen = take_some_messages(stage, words);
  if (!chosen) return tl::unexpected(chosen.error());
  for (const MessageId id : *chosen) stage.deliver(id, true);
  return {};
}

Result<void> drop(Stage& stage, Words& words) {
  const auto chosen = take_some_messages(stage, words);
  if (!chosen) return tl::unexpected(chosen.error());
  for (const MessageId id : *chosen) stage.cluster().drop(id);
  return {};
}

Result<void> copy(Stage& stage, Words& words) {
  std::string selector;
  while (!words.empty() && words.peek() != "to") selector += words.take() + " ";
  Words selected(selector);
  const auto chosen = take_some_messages(stage, selected);
  if (!chosen) return tl::unexpected(chosen.error());
  if (!words.take_if("to")) return words.take("to NODE").and_then([](const std::string&) { return Result<void>(); });
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  for (const MessageId id : *chosen) {
    const Wire& wire = stage.cluster().messages().at(id);
    if (kind_of(wire.message) != MessageKind::kAppend) return fail("Only an append means the same to every follower.");
    stage.cluster()[*number].receive(Cluster::name(wire.from), wire.message, 0);
    stage.act(*number);
  }
  return words.end();
}

Result<std::vector<Link>> take_links(Stage& stage, Words& words) {
  std::vector<Link> links;
  do {
    auto word = words.take("LINK");
    if (!word) return tl::unexpected(word.error());
    const auto some = to_links(*word, stage.size());
    if (!some) return tl::unexpected(some.error());
    links.insert(links.end(), some->begin(), some->end());
  } while (!words.empty());
  return links;
}

Result<void> cut(Stage& stage, Words& words) {
  const auto links = take_links(stage, words);
  if (!links) return tl::unexpected(links.error());
  for (const Link link : *links) stage.cluster().set_link(link.from, link.to, true);
  return {};
}

Result<void> heal(Stage& stage, Words& words) {
  const auto links = take_links(stage, words);
  if (!links) return tl::unexpected(links.error());
  for (const Link link : *links) stage.cluster().set_link(link.from, link.to, false);
  return {};
}

Result<void> settle(Stage& stage, Words& words) {
  std::set<Link> links;
  if (!words.empty()) {
    const auto given = take_links(stage, words);
    if (!given) return tl::unexpected(given.error());
    links.insert(given->begin(), given->end());
  }
  const Detail detail = stage.detail();
  stage.set_detail(std::min(detail, Detail::kNodes));
  auto settled = stage.settle(links);
  stage.set_detail(detail);
  return settled;
}

}  // namespace

bool is_link(std::string_view word) { return word.find("->") != std::string_view::npos; }

Result<std::vector<Link>> to_links(std::string_view word, std::size_t cluster_size) {
  const std::size_t arrow = word.find("->");
  if (arrow == std::string_view::npos) {
    return fail("\"" + std::string(word) +
                "\" is no link. One direction is n1->n2, both are n1<->n2, and * is every node.");
  }
  const bool is_both = arrow > 0 && word[arrow - 1] == '<';
  const auto from = to_ends(word.substr(0, is_both ? arrow - 1 : arrow), cluster_size);
  if (!from) return tl::unexpected(from.error());
  const auto to = to_ends(word.substr(arrow + 2), cluster_size);
  if (!to) return tl::unexpected(to.error());
  std::vector<Link> links;
  for (const std::size_t one : *from) {
    for (const std::size_t other : *to) {
      if (one == other) continue;
      links.push_back({one, other});
      if (is_both) links.push_back({other, one});
    }
  }
  return links;
}

Result<std::vector<MessageId>> take_messages(Stage& stage, Words& words) {
  Selector selector;
  while (!words.empty()) {
    if (auto taken = take_selector_word(stage, words.take(), selector); !taken) return tl::unexpected(taken.error());
  }
  std::vector<MessageId> chosen = selector.ids;
  if (chosen.empty()) {
    for (const auto& [id, wire] : stage.cluster().messages()) {
      if (matches(selector, wire)) chosen.push_back(id);
    }
  }
  switch (selector.pick) {
    case Selector::Pick::kAll:
      break;
    case Selector::Pick::kOldest:
      if (chosen.size() > 1) chosen.resize(1);
      break;
    case Selector::Pick::kNewest:
      if (chosen.size() > 1) chosen.erase(chosen.begin(), chosen.end() - 1);
      break;
    case Selector::Pick::kReversed:
      std::reverse(chosen.begin(), chosen.end());
      break;
  }
  return chosen;
}

const Chapter& network_chapter() {
  static const Chapter kChapter{
      "Network",
      "A LINK is n1->n2, n1<->n2 or n1->*. A SELECTOR is any of LINK, a kind (pre-vote-request, pre-vote-answer, "
      "vote-request, vote-answer, append, append-answer, timeout-now), term=N, and one of oldest, newest, all, "
      "reversed; or #ID... as they are listed. The term of a pre-vote-request is the one that it asks about.",
      {
          {"deliver [SELECTOR]", "These messages arrive, in the order of sending. What they cause waits.", deliver},
          {"duplicate [SELECTOR]", "These messages arrive, and will arrive once more.", duplicate},
          {"copy [SELECTOR] to NODE",
           "These appends arrive at another follower too, as if their leader had sent them there without asking first "
           "where it stands. It finds no way to answer.",
           copy},
          {"drop [SELECTOR]", "These messages are lost.", drop},
          {"settle [LINK...]",
           "Delivers everything, or everything on these links, the oldest first, until nothing is left. Does not show "
           "the single messages, and leaves held links alone.",
           settle},
          {"cut LINK...", "What is sent on these links from now on is lost. What is on its way still arrives.", cut},
          {"heal LINK...", "Messages pass again. All of them: heal *->*", heal},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
