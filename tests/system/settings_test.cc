// A wrong setting is one clear sentence and exit status 2 before anything is opened; a right one works, however it is
// given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>

#include "tests/system/cluster.h"

namespace timestore::system::settings_test {
namespace {

using ::testing::HasSubstr;

Entry some_entry() {
  return {.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 0.5, .attributes = {}};
}

class Settings : public ::testing::Test {
 protected:
  Settings() : port_(free_port()) {}

  std::string listen() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string database() const { return scratch_.file("node1.db"); }

  // Right settings of a single node, with one flag's value replaced, or left out where the value is empty.
  std::vector<std::string> with(const std::string& flag, const std::string& value) const {
    std::vector<std::string> arguments = {timestored_binary()};
    bool is_replaced = false;
    for (const auto& [name, given] : std::vector<std::pair<std::string, std::string>>{
             {"--node-id", "node1"}, {"--listen", listen()}, {"--database", database()}}) {
      is_replaced = is_replaced || name == flag;
      const std::string& chosen = name == flag ? value : given;
      if (!chosen.empty()) arguments.insert(arguments.end(), {name, chosen});
    }
    if (!is_replaced) arguments.insert(arguments.end(), {flag, value});
    return arguments;
  }

  static void expect_one_sentence(const std::string& text) {
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_TRUE(text.ends_with("\n")) << text;
    EXPECT_GT(text.size(), 20U) << text;
  }

  void expect_refused(const std::vector<std::string>& arguments, const std::string& named) {
    const Outcome outcome = run_to_end(arguments);
    const std::string what = ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.status, 2) << what << outcome.error;
    expect_one_sentence(outcome.error);
    EXPECT_THAT(outcome.error, HasSubstr(named)) << what;
    EXPECT_EQ(outcome.output, "") << what;
    EXPECT_TRUE(scratch_.is_empty()) << what << " left something behind";
  }

  // A node that is not part of a Cluster, whose output is in node.log.
  Process start(const std::vector<std::string>& arguments) {
    return Process({.arguments = arguments,
                    .environment = {},
                    .output_path = scratch_.file("node.log"),
                    .error_path = scratch_.file("node.log")});
  }

  void expect_to_write_and_read() {
    Client client(port_);
    ASSERT_TRUE(await([&] { return client.post(kSeries, to_json(some_entry())).status == 200; }));
    EXPECT_EQ(entries_in(client.get(kSeries).body), std::vector{some_entry()});
  }

  Scratch scratch_;
  int port_;
};

TEST_F(Settings, each_wrong_one_is_one_sentence_and_nothing_is_opened) {
  struct Case {
    const char* flag;
    std::string value;
    const char* named;
  };
  for (const auto& [flag, value, named] :
       {Case{"--node-id", "", "node-id"},
        {"--node-id", std::string(65, 'n'), "node-id"},
        {"--node-id", "node 1", "node-id"},
        {"--node-id", "a\nb", "node-id"},
        {"--listen", "", "listen"},
        {"--listen", "127.0.0.1", "listen"},
        {"--listen", "127.0.0.1:0", "listen"},
        {"--listen", "127.0.0.1:65536", "listen"},
        {"--listen", "127.0.0.1:http", "listen"},
        {"--listen", "127.0.0.1:-1", "listen"},
        {"--peers", "node2", "peers"},
        {"--peers", "node2=127.0.0.1:5002", "peers"},
        {"--peers", "node2=ftp://127.0.0.1:5002", "peers"},
        {"--peers", "node2=https://127.0.0.1:5002", "peers"},
        {"--peers", "=http://127.0.0.1:5002", "peers"},
        {"--peers", "node2=http://127.0.0.1:99999", "peers"},
        {"--peers", "node1=http://127.0.0.1:5002", "peers"},
        {"--peers", "node2=http://127.0.0.1:5002,node2=http://127.0.0.1:5003", "peers"},
        {"--peers", "node2=http://127.0.0.1:5002,node3=http://127.0.0.1:5002", "peers"},
        {"--database", "", "database"},
        {"--database", "/", "database"},
        {"--log-level", "loud", "log-level"},
        {"--log-format", "xml", "log-format"},
        {"--config", "/no/such/file.toml", "/no/such/file.toml"},
        {"--no-such-flag", "1", "no-such-flag"}}) {
    expect_refused(with(flag, value), named);
  }
  expect_refused({timestored_binary()}, "node-id");
  std::vector<std::string> superfluous = with("--log-level", "info");
  superfluous.push_back("superfluous");
  expect_refused(superfluous, "superfluous");
}

TEST_F(Settings, a_wrong_one_in_the_originals_environment_is_a_sentence_too) {
  const std::vector<std::string> program = {timestored_binary()};
  const std::map<std::string, std::string> right = {{"Raft__NodeId", "node1"},
                                                    {"Raft__Peers", ""},
                                                    {"Database__Path", database()},
                                                    {"ASPNETCORE_URLS", "http://" + listen()}};
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"ASPNETCORE_URLS", "https://+:5236"}, {"Raft__Peers", "127.0.0.1"}, {"Raft__NodeId", "not a name"}}) {
    auto environment = right;
    environment[name] = value;
    const Outcome outcome = run_to_end(program, environment);
    EXPECT_EQ(outcome.status, 2) << name << ": " << outcome.error;
    expect_one_sentence(outcome.error);
    EXPECT_TRUE(scratch_.is_empty()) << name;
  }
}

TEST_F(Settings, help_and_version_are_told) {
  const Outcome help = run_to_end({timestored_binary(), "--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* flag :
       {"--node-id", "--listen", "--peers", "--database", "--config", "--log-level", "--log-format"}) {
    EXPECT_THAT(help.output, HasSubstr(flag));
  }
  const Outcome version = run_to_end({timestored_binary(), "--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, ::testing::ContainsRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(Settings, a_node_without_peers_is_a_cluster_of_one) {
  {
    Process node = start(with("--log-level", "info"));
    expect_to_write_and_read();
  }
  Process again = start(with("--log-level", "info"));
  expect_to_write_and_read();
}

TEST_F(Settings, they_may_stand_in_a_file) {
  write_file(scratch_.file("node1.toml"), "node-id = \"node1\"\nlisten = \"" + listen() + "\"\ndatabase = \"" +
                                              database() + "\"\nlog-format = \"json\"\n");
  Process node = start({timestored_binary(), "--config", scratch_.file("node1.toml")});
  expect_to_write_and_read();
  EXPECT_TRUE(std::filesystem::exists(database()));
}

TEST_F(Settings, a_flag_is_stronger_than_a_file) {
  write_file(scratch_.file("node1.toml"), "node-id = \"node1\"\nlisten = \"127.0.0.1:1\"\n");
  Process node = start(
      {timestored_binary(), "--config", scratch_.file("node1.toml"), "--listen", listen(), "--database", database()});
  expect_to_write_and_read();
}

TEST_F(Settings, a_wrong_file_is_a_sentence) {
  const Scratch elsewhere(Scratch::Keep::kNever);
  write_file(elsewhere.file("node1.toml"), "colour = \"red\"\n");
  expect_refused(with("--config", elsewhere.file("node1.toml")), "colour");
  write_file(elsewhere.file("node1.toml"), "log-level = \"loud\"\n");
  expect_refused(with("--config", elsewhere.file("node1.toml")), "loud");
}

TEST_F(Settings, a_fault_in_a_file_is_told_with_its_line_and_a_hint) {
  const Scratch elsewhere(Scratch::Keep::kNever);
  const std::string file = elsewhere.file("node1.toml");
  write_file(file, "# mine\nlog_level = \"warn\"\n");
  expect_refused(with("--config", file), file + ", line 2: \"log_level\" is no setting");
  expect_refused(with("--config", file), "Did you mean log-level?");
  write_file(file, "\n\ntick-ms = \"often\"\n");
  expect_refused(with("--config", file), file + ", line 3: tick-ms must be a whole number");
  write_file(file, "log-level = \"loud\"\n");
  expect_refused(with("--config", file), file + ", line 1: --log-level \"loud\"");
  write_file(file, "[server]\nlog-level = \"warn\"\n");
  expect_refused(with("--config", file), "sections");
}

TEST_F(Settings, what_is_empty_in_the_environment_says_nothing_and_a_typing_error_is_told) {
  Process node({.arguments = {timestored_binary(), "--node-id", "node1"},
                .environment = {{"Raft__Peers", ""},
                                {"Raft__NodeId", ""},
                                {"Raft_Peers", "http://127.0.0.1:1"},
                                {"Database__Path", database()},
                                {"ASPNETCORE_URLS", "HTTP://" + listen()}},
                .output_path = scratch_.file("node.log"),
                .error_path = scratch_.file("node.log")});
  expect_to_write_and_read();
  EXPECT_THAT(read_file(scratch_.file("node.log")),
              HasSubstr("Raft_Peers, which is ignored. Did you mean Raft__Peers?"));
}

TEST_F(Settings, are_read_again_on_sighup_and_other_signals_end_nothing) {
  const std::string file = scratch_.file("node1.toml");
  const std::string log = scratch_.file("node.log");
  const auto write = [&](const std::string& more) {
    write_file(file, "node-id = \"node1\"\nlisten = \"" + listen() + "\"\ndatabase = \"" + database() + "\"\n" + more);
  };
  const auto is_said = [&](const char* sentence) {
    return await([&] { return read_file(log).find(sentence) != std::string::npos; });
  };
  write("log-level = \"warn\"\n");
  Process node = start({timestored_binary(), "--config", file});
  expect_to_write_and_read();
  EXPECT_EQ(read_file(log).find("listens on"), std::string::npos);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGXFSZ, SIGPIPE}) node.send_signal(signal);
  write("log-level = \"info\"\ntick-ms = 20\n");
  node.send_signal(SIGHUP);
  EXPECT_TRUE(is_said("The log level is info."));
  EXPECT_TRUE(is_said("These settings changed and count from the next start on: tick-ms."));
  write("log-level = \"loud\"\n");
  node.send_signal(SIGHUP);
  EXPECT_TRUE(is_said("The settings stay as they are"));
  expect_to_write_and_read();
  node.send_signal(SIGTERM);
  EXPECT_EQ(node.await_exit(), 0) << read_file(log);
}

TEST_F(Settings, a_directory_that_is_missing_is_not_made) {
  const Outcome outcome = run_to_end(with("--database", scratch_.file("mount/data/node1.db")));
  EXPECT_EQ(outcome.status, 1) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr("mkdir -p " + scratch_.file("mount/data")));
  EXPECT_TRUE(scratch_.is_empty());
}

// Who does not answer is told apart: where nobody listens, where a name is unknown.
TEST_F(Settings, who_cannot_be_asked_at_the_first_start_is_told_with_the_reason) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
  const std::string log = scratch_.file("node.log");
  const auto is_said = [&](const std::string& sentence) {
    return await([&] { return read_file(log).find(sentence) != std::string::npos; });
  };
  {
    Process node = start(with("--join", nobody));
    EXPECT_TRUE(is_said("This node is not let in yet: nothing listens at " + nobody.substr(7))) << read_file(log);
  }
  std::vector<std::string> learns = with("--peers", nobody + ",http://no-such-host.invalid:5001");
  std::replace(learns.begin(), learns.end(), database(), scratch_.file("other.db"));
  Process node = start(learns);
  EXPECT_TRUE(is_said("Waiting for " + nobody + " to tell its node id (nothing listens at")) << read_file(log);
  EXPECT_TRUE(is_said("the host name no-such-host.invalid cannot be resolved")) << read_file(log);
}

TEST_F(Settings, logs_as_json_are_one_object_a_line) {
  {
    Process node = start(with("--log-format", "json"));
    expect_to_write_and_read();
    node.send_signal(SIGTERM);
    EXPECT_EQ(node.await_exit(), 0);
  }
  const std::string log = read_file(scratch_.file("node.log"));
  std::istringstream lines(log);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(Json(line).is_valid() && line.starts_with("{")) << line;
  }
  EXPECT_GT(count, 0);
}

TEST_F(Settings, a_port_in_use_is_said_and_stops_the_node) {
  Process first = start(with("--log-level", "info"));
  expect_to_write_and_read();
  std::vector<std::string> second = with("--database", scratch_.file("other.db"));
  const Outcome outcome = run_to_end(second);
  ASSERT_TRUE(outcome.status) << "it runs beside the first one";
  EXPECT_EQ(*outcome.status, 1) << "it may be free later";
  EXPECT_THAT(outcome.error, HasSubstr(std::to_string(port_)));
  EXPECT_TRUE(first.is_running());
}

TEST_F(Settings, two_nodes_do_not_share_a_database) {
  Process first = start(with("--log-level", "info"));
  expect_to_write_and_read();
  const Outcome outcome = run_to_end(with("--listen", "127.0.0.1:" + std::to_string(free_port())));
  ASSERT_TRUE(outcome.status) << "it runs beside the first one";
  EXPECT_EQ(*outcome.status, 1) << "the other one may end";
  EXPECT_THAT(outcome.error, HasSubstr("node1"));
  EXPECT_TRUE(first.is_running());
  expect_to_write_and_read();
}

TEST_F(Settings, a_file_that_is_not_ours_is_refused_and_left_alone) {
  const std::string letter = "Dear Sir or Madam,\n" + std::string(8000, 'x');
  write_file(database(), letter);
  const Outcome outcome = run_to_end(with("--log-level", "info"));
  ASSERT_TRUE(outcome.status) << "it runs on somebody's letter";
  EXPECT_EQ(*outcome.status, 78);
  EXPECT_THAT(outcome.error, HasSubstr(database()));
  EXPECT_EQ(read_file(database()), letter);
}

// A typing error such as Raft_Peers lets a node found a cluster alone. With its peers it would then be a second one.
TEST_F(Settings, that_name_peers_do_not_go_with_the_files_of_a_node_that_was_alone) {
  {
    Process node = start(with("--log-level", "info"));
    expect_to_write_and_read();
  }
  for (const char* flag : {"--peers", "--join"}) {
    const Outcome outcome = run_to_end(with(flag, "http://127.0.0.1:" + std::to_string(free_port())));
    ASSERT_TRUE(outcome.status) << "it runs with " << flag;
    EXPECT_EQ(*outcome.status, 78) << outcome.error;
    EXPECT_THAT(outcome.error, ::testing::AllOf(HasSubstr("founded alone"), HasSubstr(flag)));
  }
  Process node = start(with("--log-level", "info"));
  expect_to_write_and_read();
}

TEST_F(Settings, another_nodes_files_are_refused) {
  {
    Process node = start(with("--log-level", "info"));
    expect_to_write_and_read();
    node.send_signal(SIGTERM);
    EXPECT_EQ(node.await_exit(), 0);
  }
  const Outcome outcome = run_to_end(with("--node-id", "node2"));
  ASSERT_TRUE(outcome.status) << "it runs under another name";
  EXPECT_EQ(*outcome.status, 78) << "no restart cures that";
  EXPECT_THAT(outcome.error, ::testing::AllOf(HasSubstr("node1"), HasSubstr("node2")));
  Process node = start(with("--log-level", "info"));
  expect_to_write_and_read();
}

}  // namespace
}  // namespace timestore::system::settings_test
