#include "sim/checkers/deletes.h"

#include <algorithm>
#include <string>

#include "engine/base/mark.h"

namespace timestore::sim {

namespace {

constexpr const char* kSignature = "delete ";
constexpr std::uint8_t kSignatureByte = 0xde;

}  // namespace

void sign(DeleteOrder& order, std::uint64_t operation) {
  if (order.ids.empty()) {
    order.names.push_back({.kind = DeletedName::Kind::kDevice, .name = kSignature + std::to_string(operation)});
    return;
  }
  Guid& id = order.ids.emplace_back();
  id.bytes.fill(kSignatureByte);
  for (std::size_t byte = 0; byte < sizeof operation; ++byte) {
    id.bytes[byte] = static_cast<std::uint8_t>(operation >> (8 * byte));
  }
}

std::uint64_t operation_of(const DeleteOrder& order) {
  if (order.ids.empty()) {
    const std::string& name = order.names.back().name;
    return name.starts_with(kSignature) ? std::stoull(name.substr(std::string(kSignature).size())) : 0;
  }
  const Guid& id = order.ids.back();
  if (id.bytes.back() != kSignatureByte) return 0;
  std::uint64_t operation = 0;
  for (std::size_t byte = 0; byte < sizeof operation; ++byte) {
    operation |= std::uint64_t{id.bytes[byte]} << (8 * byte);
  }
  return operation;
}

bool Deletes::is_possible(const Delete& each, std::uint64_t operation) {
  return rules_.require(each.commits.size() <= each.possible,
                        "a delete is done once for each time that it may have been, and not if it is called undone",
                        [&] {
                          return facts("op", operation, "possible", each.possible, "committed", each.commits.size(),
                                       "last at index", each.commits.empty() ? 0 : each.commits.rbegin()->first);
                        });
}

void Deletes::committed(raft::Index index, const DeleteOrder& order) {
  const std::uint64_t operation = operation_of(order);
  const auto found = deletes_.find(operation);
  if (!rules_.require(found != deletes_.end() && found->second.order == order,
                      "what is deleted is what somebody asked for",
                      [&] { return facts("op", operation, "index", index); })) {
    return;
  }
  found->second.commits.emplace(index, model_.result(index));
  is_possible(found->second, operation);
}

raft::Index Deletes::ended(std::uint64_t operation, const client::WriteEnd& end) {
  using Kind = client::WriteEnd::Kind;
  Delete& each = deletes_.at(operation);
  switch (end.kind) {
    case Kind::kApplied: {
      const auto commit = std::find_if(each.commits.begin(), each.commits.end(), [&](const auto& made) {
        return made.first <= end.applied && made.second == end.result;
      });
      const bool is_so =
          rules_.require(commit != each.commits.end(), "what is said of a delete is what the log says",
                         [&] { return facts("op", operation, "applied", end.applied, "deleted", end.result.deleted); });
      if (!is_so) return 0;
      TIMESTORE_MARK("deletes: a delete was answered");
      if (end.result.deleted > 0) TIMESTORE_MARK("deletes: somebody was told that points are gone");
      return commit->first;
    }
    case Kind::kUnknown:
      TIMESTORE_MARK("deletes: the outcome of a delete is unknown");
      return 0;
    case Kind::kNotLeader:
    case Kind::kBusy:
    case Kind::kDiskFull:
    case Kind::kTooEarly:
      --each.possible;
      is_possible(each, operation);
      return 0;
  }
  return 0;
}

}  // namespace timestore::sim
