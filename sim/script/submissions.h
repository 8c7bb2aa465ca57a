// The nodes of a scenario that find the leader for their clients, with the decisions of engine/client.
//
// Submissions are s1, s2, ... in the order in which they were made. What a node hands on to another does not travel by
// itself: the scenario says when the request arrives, when its answer does, and what is lost. Time stands still, but
// where a node has to wait.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/client/submission.h"
#include "sim/world/cluster.h"

namespace timestore::sim::script {

class Submissions {
 public:
  explicit Submissions(Cluster& cluster) : cluster_(cluster) {}
  Submissions(const Submissions&) = delete;
  Submissions& operator=(const Submissions&) = delete;

  std::size_t size() const { return all_.size(); }
  std::size_t node(std::size_t number) const { return all_[number].node; }  // that its client has asked

  // Each only hands over: nodes act when they settle. Those that name one require that it has not ended.
  void submit(std::size_t node, std::vector<TimeEntry> entries);  // requires that the node is up
  [[nodiscard]] Result<std::size_t> arrive(std::size_t number);   // the request, at the node that is returned
  [[nodiscard]] Result<void> answer(std::size_t number);          // the answer arrives at the node that asked
  [[nodiscard]] Result<void> lose(std::size_t number);            // neither does, and that node's patience ends

  void go_on();  // where a node has heard of its own attempt since
  std::vector<std::string> take_news() { return std::exchange(news_, {}); }

 private:
  struct Submission {
    std::size_t node = 0;
    OperationId operation = 0;
    client::Submission decisions;
    client::Attempts::Step step = {};  // the last one
    std::optional<client::SubmitAnswer> answer = std::nullopt;
    bool goes_on = false;
  };

  client::Leadership leadership(std::size_t node) const;
  Result<Submission*> on_its_way(std::size_t number);
  void go_on(std::size_t number);
  void try_here(std::size_t number);
  void end(std::size_t number);
  void tell(std::size_t number, const std::string& what);
  Guid make_id();

  Cluster& cluster_;
  Time now_ = 1;
  std::uint64_t last_id_ = 0;
  std::deque<Submission> all_;
  std::vector<std::string> news_;
};

}  // namespace timestore::sim::script
