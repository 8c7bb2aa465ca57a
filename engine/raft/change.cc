#include "engine/raft/change.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/raft/object_reader.h"

namespace timestore::raft {

namespace {

using Outcome = tl::expected<Configuration, Refusal>;

template <typename Item>
void insert(std::vector<Item>& items, Item item) {
  const auto place = std::find_if(items.begin(), items.end(), [&](const Item& other) { return other.id > item.id; });
  items.insert(place, std::move(item));
}

template <typename Item>
void erase(std::vector<Item>& items, const NodeId& id) {
  std::erase_if(items, [&](const Item& item) { return item.id == id; });
}

Outcome refused(Refusal refusal) { return tl::unexpected(refusal); }

bool is_well_formed(const Member& member) {
  return is_node_id(member.id) && member.url.size() <= kMaxUrlBytes && simdjson::validate_utf8(member.url);
}

// Takes a voter out, with the old voters beside the new ones from now on.
void retire(Configuration& configuration, const NodeId& voter) {
  configuration.outgoing = configuration.voters;
  erase(configuration.voters, voter);
  for (Joining& next : configuration.joining) {
    if (next.replaces == voter) next.replaces.clear();  // it has gone already
  }
}

Outcome with_learner(Configuration next, const Change& change) {
  if (!is_well_formed(change.member)) return refused(Refusal::kMalformed);
  if (next.is_member(change.member.id)) return refused(Refusal::kAlreadyMember);
  if (next.members().size() >= kMaxMembers) return refused(Refusal::kTooMany);
  insert(next.learners, change.member);
  return next;
}

Outcome with_joining(Configuration next, const NodeId& id, const NodeId& replaces) {
  if (!next.is_learner(id)) return refused(Refusal::kUnknownMember);
  if (next.is_joining(id)) return refused(Refusal::kAlreadyMember);
  insert(next.joining, Joining{.id = id, .replaces = replaces});
  return next;
}

Outcome with_future_voter(Configuration next, const Change& change) {
  if (!next.is_learner(change.member.id)) {
    Outcome larger = with_learner(std::move(next), change);
    if (!larger) return larger;
    next = std::move(*larger);
  }
  return with_joining(std::move(next), change.member.id, change.replaced);
}

Outcome with_url(Configuration next, const Member& moved) {
  if (!is_well_formed(moved)) return refused(Refusal::kMalformed);
  for (auto* members : {&next.voters, &next.learners}) {
    const auto is_it = [&](const Member& member) { return member.id == moved.id; };
    const auto member = std::find_if(members->begin(), members->end(), is_it);
    if (member == members->end()) continue;
    if (member->url == moved.url) return refused(Refusal::kAlreadyMember);
    member->url = moved.url;
    return next;
  }
  return refused(Refusal::kUnknownMember);
}

Outcome removal(Configuration next, const NodeId& id) {
  if (next.is_learner(id)) {
    erase(next.learners, id);
    erase(next.joining, id);
    return next;
  }
  if (!next.is_voter(id)) return refused(Refusal::kUnknownMember);
  if (next.voters.size() == 1) return refused(Refusal::kLastVoter);
  retire(next, id);
  return next;
}

}  // namespace

Outcome changed(const Configuration& now, const Change& change) {
  TIMESTORE_CHECK(!now.is_joint(), "one change follows the other");
  switch (change.kind) {
    case Change::Kind::kAdd: {
      Change add = change;
      add.replaced.clear();
      return with_future_voter(now, add);
    }
    case Change::Kind::kAddLearner:
      return with_learner(now, change);
    case Change::Kind::kPromote:
      return with_joining(now, change.member.id, "");
    case Change::Kind::kRemove:
      return removal(now, change.member.id);
    case Change::Kind::kReplace:
      if (!now.is_voter(change.replaced)) return refused(Refusal::kUnknownMember);
      if (now.is_replaced(change.replaced)) return refused(Refusal::kBusy);
      return with_future_voter(now, change);
    case Change::Kind::kMove:
      return with_url(now, change.member);
  }
  return refused(Refusal::kMalformed);
}

Configuration promoted(const Configuration& now, const NodeId& joining) {
  TIMESTORE_CHECK(!now.is_joint() && now.is_joining(joining), "who is promoted is joining");
  const auto is_it = [&](const auto& item) { return item.id == joining; };
  const Member member = *std::find_if(now.learners.begin(), now.learners.end(), is_it);
  const NodeId replaces = std::find_if(now.joining.begin(), now.joining.end(), is_it)->replaces;
  Configuration next = now;
  erase(next.joining, joining);
  erase(next.learners, joining);
  if (replaces.empty()) {
    next.outgoing = next.voters;
  } else {
    retire(next, replaces);
  }
  insert(next.voters, member);
  return next;
}

Configuration left(const Configuration& joint) {
  TIMESTORE_CHECK(joint.is_joint(), "only a joint configuration is left");
  Configuration next = joint;
  next.outgoing.clear();
  return next;
}

}  // namespace timestore::raft
