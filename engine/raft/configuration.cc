#include "engine/raft/configuration.h"

#include <cstddef>
#include <iterator>

#include "engine/base/json_text.h"
#include "engine/raft/object_reader.h"

namespace timestore::raft {

namespace {

bool is_before(const Member& one, const Member& other) { return one.id < other.id; }

void append_members(std::string& out, std::string_view label, const std::vector<Member>& members) {
  out += label;
  out += '[';
  for (const Member& member : members) {
    if (&member != &members.front()) out += ',';
    out += R"({"id":)";
    append_json_string(out, member.id);
    out += R"(,"url":)";
    append_json_string(out, member.url);
    out += member.other;
    out += '}';
  }
  out += ']';
}

std::vector<Member> read_members(ObjectReader& reader, std::string_view name) {
  std::vector<Member> members;
  const auto array = reader.optional_array(name);
  if (!array) return members;
  for (const simdjson::dom::element element : *array) {
    ObjectReader::Object object;
    if (element.get(object) != simdjson::SUCCESS) {
      reader.complain(name, "must hold objects only");
      return {};
    }
    ObjectReader member = reader.element(object, name, members.size());
    members.push_back(
        {.id = member.node_id("id"), .url = std::string(member.text("url")), .other = member.others({"id", "url"})});
    if (members.back().url.size() > kMaxUrlBytes) member.complain("url", "is too long");
    const bool in_order = members.size() < 2 || is_before(members[members.size() - 2], members.back());
    if (!in_order) member.complain("id", "must be above the id before it");
  }
  return members;
}

std::vector<Joining> read_joining(ObjectReader& reader) {
  constexpr std::string_view kName = "joining";
  std::vector<Joining> joining;
  const auto array = reader.optional_array(kName);
  if (!array) return joining;
  for (const simdjson::dom::element element : *array) {
    ObjectReader::Object object;
    if (element.get(object) != simdjson::SUCCESS) {
      reader.complain(kName, "must hold objects only");
      return {};
    }
    ObjectReader inner = reader.element(object, kName, joining.size());
    joining.push_back({.id = inner.node_id("id"), .replaces = NodeId(inner.text("replaces"))});
    const bool in_order = joining.size() < 2 || joining[joining.size() - 2].id < joining.back().id;
    if (!in_order) inner.complain("id", "must be above the id before it");
  }
  return joining;
}

Configuration read_configuration(ObjectReader& reader) {
  Configuration configuration;
  configuration.voters = read_members(reader, "voters");
  configuration.outgoing = read_members(reader, "outgoing");
  configuration.learners = read_members(reader, "learners");
  if (configuration.voters.empty()) reader.complain("voters", "must not be empty");
  for (const Member& learner : configuration.learners) {
    if (configuration.is_voter(learner.id)) reader.complain("learners", "must not hold a voter");
  }
  configuration.joining = read_joining(reader);
  for (const Joining& next : configuration.joining) {
    if (!configuration.is_learner(next.id)) reader.complain("joining", "must hold learners only");
    const bool is_known = next.replaces.empty() || Configuration::holds(configuration.voters, next.replaces);
    if (!is_known) reader.complain("joining", "must replace voters only");
  }
  return configuration;
}

}  // namespace

bool Configuration::is_joining(const NodeId& id) const {
  return std::any_of(joining.begin(), joining.end(), [&](const Joining& next) { return next.id == id; });
}

bool Configuration::is_replaced(const NodeId& id) const {
  return std::any_of(joining.begin(), joining.end(), [&](const Joining& next) { return next.replaces == id; });
}

std::vector<Member> Configuration::electorate() const {
  if (!is_joint()) return voters;
  std::vector<Member> all;
  std::set_union(voters.begin(), voters.end(), outgoing.begin(), outgoing.end(), std::back_inserter(all), is_before);
  return all;
}

std::vector<Member> Configuration::members() const {
  std::vector<Member> counted = electorate();
  if (learners.empty()) return counted;
  std::vector<Member> all;
  std::set_union(counted.begin(), counted.end(), learners.begin(), learners.end(), std::back_inserter(all), is_before);
  return all;
}

std::string encode(const Configuration& configuration) {
  std::string out(kMembersTextStart);
  append_members(out, R"({"voters":)", configuration.voters);
  append_members(out, R"(,"outgoing":)", configuration.outgoing);
  append_members(out, R"(,"learners":)", configuration.learners);
  if (!configuration.joining.empty()) {
    out += R"(,"joining":[)";
    for (const Joining& next : configuration.joining) {
      if (&next != &configuration.joining.front()) out += ',';
      out += R"({"id":)";
      append_json_string(out, next.id);
      out += R"(,"replaces":)";
      append_json_string(out, next.replaces);
      out += '}';
    }
    out += ']';
  }
  out += "}}";
  return out;
}

Result<Configuration> decode_configuration(std::string_view text) {
  return decode_object<Configuration>(text, [](ObjectReader& outer) {
    const auto object = outer.object("members");
    if (!object) return Configuration{};
    ObjectReader reader = outer.inner(*object);
    return read_configuration(reader);
  });
}

}  // namespace timestore::raft
