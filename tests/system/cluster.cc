#include "tests/system/cluster.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace timestore::system {

Cluster::Cluster(std::size_t size, Settings settings, std::string further_peers)
    : settings_(settings), further_peers_(std::move(further_peers)), founders_(size) {
  for (std::size_t number = 1; number <= size; ++number) {
    Node& node = nodes_.emplace_back();
    node.id = "node" + std::to_string(number);
    node.port = free_port();
    std::filesystem::create_directory(scratch_.path() / node.id);
  }
}

std::size_t Cluster::add_joining(std::size_t asked) {
  Node node;
  node.id = "node" + std::to_string(size() + 1);
  node.port = free_port();
  node.joins = url(asked);
  std::filesystem::create_directory(scratch_.path() / node.id);
  nodes_.push_back(std::move(node));
  return size() - 1;
}

void Cluster::clean(std::size_t node) {
  std::filesystem::remove_all(folder(node));
  std::filesystem::create_directory(folder(node));
}

void Cluster::wipe(std::size_t node, std::size_t asked) {
  clean(node);
  nodes_[node].joins = url(asked);
}

void Cluster::move(std::size_t node) { nodes_[node].port = free_port(); }

std::vector<int> Cluster::ports() const {
  std::vector<int> ports;
  for (const Node& node : nodes_) ports.push_back(node.port);
  return ports;
}

std::string Cluster::log(std::size_t node) const {
  std::ifstream file(scratch_.file(id(node) + ".log"));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Cluster::peers_of(std::size_t node) const {
  std::string peers = further_peers_;
  for (std::size_t peer = 0; peer < founders_; ++peer) {
    if (peer == node) continue;
    if (!peers.empty()) peers += ',';
    peers += (settings_ == Settings::kFlags ? id(peer) + "=" : "") + url(peer);
  }
  return peers;
}

Command Cluster::command(std::size_t node) const {
  const std::string log = scratch_.file(id(node) + ".log");
  Command command{.arguments = {timestored_binary()}, .environment = {}, .output_path = log, .error_path = log};
  if (settings_ == Settings::kEnvironment) {
    // One of them names its address; the others listen on every interface, as the original's containers do.
    const std::string host = node == 1 ? "127.0.0.1" : "+";
    command.environment = {{"Raft__NodeId", id(node)},
                           {"Raft__Peers", peers_of(node)},
                           {"Database__Path", database(node)},
                           {"ASPNETCORE_URLS", "http://" + host + ":" + std::to_string(port(node))}};
    return command;
  }
  for (const std::string& argument :
       {std::string("--node-id"), id(node), std::string("--listen"), url(node).substr(sizeof("http://") - 1),
        std::string("--database"), database(node), std::string("--log-level"), std::string("info")}) {
    command.arguments.push_back(argument);
  }
  const std::string peers = nodes_[node].joins ? "" : peers_of(node);
  if (nodes_[node].joins) command.arguments.insert(command.arguments.end(), {"--join", *nodes_[node].joins});
  if (!peers.empty()) command.arguments.insert(command.arguments.end(), {"--peers", peers});
  command.arguments.insert(command.arguments.end(), further_flags_.begin(), further_flags_.end());
  return command;
}

Cluster::~Cluster() {
  for (std::size_t node = 0; node < size(); ++node) expect_not_to_have_died(node);
}

void Cluster::expect_not_to_have_died(std::size_t node) {
  const auto& process = nodes_[node].process;
  EXPECT_FALSE(process && process->died()) << id(node) << " ended by itself (" << *process->await_exit(0s) << ")";
}

void Cluster::launch(std::size_t node) {
  expect_not_to_have_died(node);
  nodes_[node].paused = false;
  nodes_[node].process = std::make_unique<Process>(command(node));
}

void Cluster::start(std::size_t node) {
  launch(node);
  const bool answers = await([&] { return status(node).has_value() || !is_running(node); });
  EXPECT_TRUE(answers && is_running(node)) << id(node) << " does not start";
}

void Cluster::start_all() {
  for (std::size_t node = 0; node < size(); ++node) launch(node);
  for (std::size_t node = 0; node < size(); ++node) {
    EXPECT_TRUE(await([&] { return status(node).has_value(); })) << id(node) << " does not start";
  }
}

void Cluster::kill9_all() {
  for (Node& node : nodes_) {
    if (node.process) node.process->send_signal(SIGKILL);
  }
  for (Node& node : nodes_) {
    if (node.process) node.process->kill9();
  }
}

void Cluster::pause(std::size_t node) {
  nodes_[node].paused = true;
  nodes_[node].process->send_signal(SIGSTOP);
}

void Cluster::resume(std::size_t node) {
  nodes_[node].paused = false;
  nodes_[node].process->send_signal(SIGCONT);
}

std::optional<Status> Cluster::status(std::size_t node) const {
  const Answer answer = client(node).get("/raft/status");
  if (answer.status != 200) return std::nullopt;
  const Json json(answer.body);
  return Status{.state = json.text("/state").value_or(""),
                .leader_id = json.text("/leaderId").value_or(""),
                .term = json.integer("/term").value_or(-1),
                .commit_index = json.integer("/commitIndex").value_or(-1),
                .applied_index = json.integer("/appliedIndex").value_or(-1),
                .last_log_index = json.integer("/lastLogIndex").value_or(-1)};
}

std::optional<std::size_t> Cluster::await_leader() {
  std::optional<std::size_t> leader;
  const auto is_agreed_on = [&] {
    leader.reset();
    std::vector<std::string> believed;
    for (std::size_t node = 0; node < size(); ++node) {
      if (!is_running(node) || nodes_[node].paused) continue;
      const auto now = status(node);
      if (!now) return false;
      believed.push_back(now->leader_id);
      if (now->state == "Leader") leader = node;
    }
    return leader && std::all_of(believed.begin(), believed.end(), [&](auto& name) { return name == id(*leader); });
  };
  return await(is_agreed_on) ? leader : std::nullopt;
}

std::size_t Cluster::follower_of(std::size_t leader) {
  std::size_t node = (leader + 1) % size();
  while (node != leader && !is_running(node)) node = (node + 1) % size();
  return node;
}

std::vector<Status> Cluster::statuses_of_running() {
  std::vector<Status> statuses;
  for (std::size_t node = 0; node < size(); ++node) {
    if (is_running(node)) statuses.push_back(status(node).value_or(Status{}));
  }
  return statuses;
}

bool Cluster::await_agreement() {
  return await([&] {
    const std::vector<Status> statuses = statuses_of_running();
    if (statuses.empty()) return false;
    const std::int64_t index = statuses.front().last_log_index;
    return index >= 0 && std::all_of(statuses.begin(), statuses.end(), [index](const Status& status) {
             return status.last_log_index == index && status.commit_index == index && status.applied_index == index;
           });
  });
}

std::string Cluster::content_of(std::size_t node) const {
  const Answer answer = client(node).get("/api/timeseries?level=none");
  EXPECT_EQ(answer.status, 200) << id(node) << ": " << answer;
  return answer.body;
}

}  // namespace timestore::system
