// Claims: what must hold at this point, whatever the outputs say. They print nothing and are never rewritten.
#include <algorithm>
#include <span>

#include "sim/script/commands.h"
#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

std::string log_of(const raft::State& core) { return or_none(join(terms_of(core.trail), ",")); }

std::string yes_or_no(bool is_so) { return is_so ? "yes" : "no"; }

// "n1,n2", which is one word.
std::string ids_of(const std::vector<raft::Member>& members) {
  std::string text;
  for (const raft::Member& member : members) text += (text.empty() ? "" : ",") + member.id;
  return or_none(text);
}

// "n4,n5/n1": n5 in place of n1.
std::string joining_of(const raft::Configuration& members) {
  std::string text;
  for (const raft::Joining& next : members.joining) {
    text += (text.empty() ? "" : ",") + next.id + (next.replaces.empty() ? "" : "/" + next.replaces);
  }
  return or_none(text);
}

// The followers that lack what the leader's log no longer holds.
std::string lagging(const raft::State& core) {
  std::string text;
  const auto* leader = std::get_if<raft::Leader>(&core.role);
  if (leader == nullptr) return text;
  for (const auto& [peer, progress] : leader->peers) {
    if (progress.mode == raft::Progress::Mode::kSnapshot) text += (text.empty() ? "" : ",") + peer;
  }
  return text;
}

// "a=1 b=2" becomes "a:1,b:2", which is one word.
std::string stored_text(std::span<const TimeEntry> entries) {
  std::string text;
  for (const TimeEntry& entry : entries) {
    if (!text.empty()) text += ",";
    text += entry.device_id + ":" + std::to_string(static_cast<std::int64_t>(entry.value));
  }
  return or_none(text);
}

struct Aspect {
  std::string_view name;
  std::string (*of)(Stage& stage, std::size_t number);
};

constexpr Aspect kAspects[] = {
    {"role", [](Stage& stage, std::size_t number) { return std::string(name_of(stage.cluster().core(number).role)); }},
    {"term", [](Stage& stage, std::size_t number) { return std::to_string(stage.cluster().core(number).term()); }},
    {"vote",
     [](Stage& stage, std::size_t number) { return stage.cluster().core(number).hard_state.vote.value_or("none"); }},
    {"leader", [](Stage& stage, std::size_t number) { return or_none(stage.cluster().core(number).leader); }},
    {"log", [](Stage& stage, std::size_t number) { return log_of(stage.cluster().core(number)); }},
    {"base", [](Stage& stage, std::size_t number) { return describe(stage.cluster().core(number).trail.base()); }},
    {"commit", [](Stage& stage, std::size_t number) { return std::to_string(stage.cluster().core(number).commit); }},
    {"durable", [](Stage& stage, std::size_t number) { return std::to_string(stage.cluster().core(number).durable); }},
    {"applied", [](Stage& stage, std::size_t number) { return std::to_string(stage.cluster().core(number).applied); }},
    {"lagging", [](Stage& stage, std::size_t number) { return or_none(lagging(stage.cluster().core(number))); }},
    {"fetching", [](Stage& stage, std::size_t number) { return yes_or_no(stage.cluster()[number].is_fetching()); }},
    {"lending", [](Stage& stage, std::size_t number) { return yes_or_no(stage.cluster()[number].is_lending()); }},
    {"voters",
     [](Stage& stage, std::size_t number) { return ids_of(stage.cluster().core(number).configuration().voters); }},
    {"before",
     [](Stage& stage, std::size_t number) { return ids_of(stage.cluster().core(number).configuration().outgoing); }},
    {"learners",
     [](Stage& stage, std::size_t number) { return ids_of(stage.cluster().core(number).configuration().learners); }},
    {"joining",
     [](Stage& stage, std::size_t number) { return joining_of(stage.cluster().core(number).configuration()); }},
    {"novice",
     [](Stage& stage, std::size_t number) { return yes_or_no(stage.cluster().core(number).hard_state.novice); }},
    {"level", [](Stage& stage, std::size_t number) { return std::to_string(stage.cluster().core(number).level()); }},
    {"cluster",
     [](Stage& stage, std::size_t number) {
       const raft::State& core = stage.cluster().core(number);
       if (!core.cluster().is_known()) return std::string("none");
       return std::string(raft::is_settled(core) ? "settled" : "drawn");
     }},
    {"waits",
     [](Stage& stage, std::size_t number) {
       std::string text;
       for (const raft::NodeId& id : raft::awaited_founders(stage.cluster().core(number))) {
         text += (text.empty() ? "" : ",") + id;
       }
       return or_none(text);
     }},
    {"stored",
     [](Stage& stage, std::size_t number) {
       const auto entries = stage.cluster().stored(number);
       return entries ? stored_text(*entries) : entries.error().message;
     }},
};

std::vector<std::string_view> aspect_names() {
  std::vector<std::string_view> names{"up", "down"};
  for (const Aspect& aspect : kAspects) names.push_back(aspect.name);
  return names;
}

Result<void> expect_node(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  const std::string name = Cluster::name(*number);
  const bool is_up = stage.cluster().is_up(*number);
  if (words.empty()) return fail("What is expected of " + name + "? " + suggestion("?", aspect_names()));
  if (words.take_if("down")) return is_up ? fail(name + " is up.") : words.end();
  if (!is_up) return fail(name + " is down.");
  if (words.take_if("up")) return words.end();

  const auto wrong = seen_otherwise(stage, *number, words);
  if (!wrong) return tl::unexpected(wrong.error());
  return wrong->empty() ? Result<void>() : fail("Of " + name + " is seen:" + *wrong);
}

Result<void> expect_proposal(Stage& stage, Words& words) {
  const auto number = take_proposal(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto expected = words.take("FATE");
  if (!expected) return tl::unexpected(expected.error());
  if (std::find(std::begin(kProposalFates), std::end(kProposalFates), *expected) == std::end(kProposalFates)) {
    return fail("\"" + *expected + "\" is no fate of a proposal. " + suggestion(*expected, kProposalFates));
  }
  const std::string_view fate = kProposalFates[static_cast<std::size_t>(stage.clients().proposals()[*number].fate)];
  if (fate != *expected) return fail("It is " + std::string(fate) + ".");
  return words.end();
}

Result<void> expect_read(Stage& stage, Words& words) {
  static constexpr std::string_view kStates[] = {"pending", "pending", "granted", "refused"};
  const auto number = take_read(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto expected = words.take("pending|refused|granted");
  if (!expected) return tl::unexpected(expected.error());
  if (std::find(std::begin(kStates), std::end(kStates), *expected) == std::end(kStates)) {
    return fail("\"" + *expected + "\" is no end of a read. " + suggestion(*expected, std::span(kStates).subspan(1)));
  }
  const ReadRequest& request = stage.clients().reads()[*number];
  const std::string_view state = kStates[static_cast<std::size_t>(request.state)];
  if (state != *expected) return fail("It is " + std::string(state) + ".");
  if (words.empty()) return {};
  const auto setting = to_setting(words.take());
  if (!setting || setting->first != "sees") return fail("After granted may follow sees=DEVICE:VALUE,... or sees=none.");
  const std::string seen = stored_text(request.seen.entries);
  if (seen != setting->second) return fail("It sees " + seen + ".");
  return words.end();
}

Result<void> expect_change(Stage& stage, Words& words) {
  const auto number = take_change(stage, words);
  if (!number) return tl::unexpected(number.error());
  auto expected = words.take("FATE");
  if (!expected) return tl::unexpected(expected.error());
  if (std::find(std::begin(kChangeFates), std::end(kChangeFates), *expected) == std::end(kChangeFates)) {
    return fail("\"" + *expected + "\" is no fate of a change. " + suggestion(*expected, kChangeFates));
  }
  const ChangeRequest& request = stage.clients().changes()[*number];
  const std::string_view fate = kChangeFates[static_cast<std::size_t>(request.fate)];
  if (fate != *expected) return fail("It is " + std::string(fate) + ".");
  if (words.empty()) return {};
  const std::string reason = words.take();
  if (std::find(std::begin(kRefusals), std::end(kRefusals), reason) == std::end(kRefusals)) {
    return fail("\"" + reason + "\" is no reason to refuse. " + suggestion(reason, kRefusals));
  }
  const std::string_view given = kRefusals[static_cast<std::size_t>(request.refusal)];
  if (given != reason) return fail("The reason is " + std::string(given) + ".");
  return words.end();
}

Result<void> expect_messages(Stage& stage, Words& words) {
  const auto count = words.take_number("COUNT");
  if (!count) return tl::unexpected(count.error());
  const auto chosen = take_messages(stage, words);
  if (!chosen) return tl::unexpected(chosen.error());
  if (chosen->size() == *count) return {};
  std::string list;
  for (const MessageId id : *chosen) list += "\n  " + describe(id, stage.cluster().messages().at(id));
  return fail("They are " + std::to_string(chosen->size()) + (list.empty() ? "." : ":") + list);
}

Result<void> expect_leader(Stage& stage, Words& words) {
  auto expected = words.take("NODE");
  if (!expected) return tl::unexpected(expected.error());
  const auto leader = stage.cluster().leader();
  const std::string seen = leader ? Cluster::name(*leader) : "none";
  if (seen != *expected) return fail("The leader of the highest term is " + seen + ".");
  return words.end();
}

Result<void> expect_violation(Stage& stage, Words& words) {
  std::string expected;
  while (!words.empty()) expected += (expected.empty() ? "" : " ") + words.take();
  const auto& violation = stage.cluster().oracle().violation();
  if (!violation) return fail("Nothing is broken.");
  if (violation->rule.find(expected) == std::string::npos) {
    return fail("Another sentence is broken: " + violation->rule + " (" + violation->detail + ")");
  }
  return {};
}

Result<void> expect(Stage& stage, Words& words) {
  static constexpr std::string_view kSubjects[] = {"n1", "p1", "r1", "c1", "messages", "leader", "violation"};
  if (words.empty()) return fail("What is expected? " + suggestion("?", kSubjects));
  if (words.take_if("messages")) return expect_messages(stage, words);
  if (words.take_if("leader")) return expect_leader(stage, words);
  if (words.take_if("violation")) return expect_violation(stage, words);
  switch (words.peek().front()) {
    case 'n':
      return expect_node(stage, words);
    case 'p':
      return expect_proposal(stage, words);
    case 'r':
      return expect_read(stage, words);
    case 'c':
      return expect_change(stage, words);
    default:
      return fail("Nothing is known of \"" + words.peek() + "\". " + suggestion(words.peek(), kSubjects));
  }
}

}  // namespace

Result<std::string> seen_otherwise(Stage& stage, std::size_t number, Words& words) {
  std::string wrong;
  while (!words.empty()) {
    const std::string word = words.take();
    const auto setting = to_setting(word);
    const auto aspect = std::find_if(std::begin(kAspects), std::end(kAspects),
                                     [&](const Aspect& each) { return setting && each.name == setting->first; });
    if (aspect == std::end(kAspects)) {
      return fail("\"" + word + "\" cannot be expected of a node. " +
                  suggestion(setting ? setting->first : word, aspect_names()));
    }
    const std::string seen = aspect->of(stage, number);
    if (seen != setting->second) wrong += " " + std::string(aspect->name) + "=" + seen;
  }
  return wrong;
}

const Chapter& expect_chapter() {
  static const Chapter kChapter{
      "Claims",
      "They print nothing, and --rewrite never changes them.",
      {
          {"expect SUBJECT CLAIM...",
           "`expect n1 up`, `expect n1 down`, or any of role=leader term=2 vote=n1 leader=n1 log=1,1,2 (the terms by "
           "index, of what it holds) base=1/4 (what was last forgotten of it) commit=3 durable=3 applied=3 "
           "stored=a:1,b:2 lagging=n2 (of a leader: who needs a snapshot), with none for nothing, and fetching=yes, "
           "lending=no (a snapshot). Of the members that the node knows: voters=n1,n2,n4 before=n1,n2,n3 (while joint) "
           "learners=n4 joining=n4/n3 (n4 is to vote, in place of n3), and novice=yes (its disk was empty, and no "
           "leader has admitted it). `expect p1 stored`: or pending, conflict (its id is stored with other content), "
           "refused (it was in no log), superseded (it was, and never will be committed), unknown, busy. `expect r1 "
           "granted sees=a:1,a:2`, or pending, refused. `expect c1 refused busy`, or committed, pending, superseded, "
           "unknown. `expect messages COUNT [SELECTOR]`. `expect leader n1`, or none. `expect violation WORDS...`: the "
           "command above has broken a sentence of the oracle that contains these words; any other violation fails the "
           "scenario.",
           expect},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
