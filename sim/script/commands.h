// The commands of scenarios: each has its usage and help beside its handler.
#pragma once

#include <ostream>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "sim/script/stage.h"
#include "sim/script/words.h"

namespace timestore::sim::script {

struct Command {
  std::string_view usage;  // its first word is the command's name; WORDS in capitals stand for something
  std::string_view help;   // sentences
  Result<void> (*run)(Stage& stage, Words& words);

  std::string_view name() const { return usage.substr(0, usage.find(' ')); }
};

// A chapter of the language.
struct Chapter {
  std::string_view title;
  std::string_view note;  // words that its usages share
  std::vector<Command> commands;
};

[[nodiscard]] const Chapter& node_chapter();        // node_commands.cc
[[nodiscard]] const Chapter& disk_chapter();        // disk_commands.cc
[[nodiscard]] const Chapter& network_chapter();     // network_commands.cc
[[nodiscard]] const Chapter& client_chapter();      // client_commands.cc
[[nodiscard]] const Chapter& submission_chapter();  // submission_commands.cc
[[nodiscard]] const Chapter& member_chapter();      // member_commands.cc
[[nodiscard]] const Chapter& show_chapter();        // show_commands.cc
[[nodiscard]] const Chapter& expect_chapter();      // expect_commands.cc

// Runs one line. An error says what was expected of the line or of the nodes.
[[nodiscard]] Result<void> run_command(Stage& stage, std::string_view line);
void print_commands(std::ostream& out);

// ---- shared by the chapters
[[nodiscard]] Result<std::size_t> take_running_node(Stage& stage, Words& words);
[[nodiscard]] Result<std::vector<std::size_t>> take_nodes(Stage& stage, Words& words);   // "all", or one or more
[[nodiscard]] Result<std::vector<MessageId>> take_messages(Stage& stage, Words& words);  // a SELECTOR; may find none
[[nodiscard]] Result<std::size_t> take_proposal(Stage& stage, Words& words);  // its place among the proposals
[[nodiscard]] Result<std::size_t> take_read(Stage& stage, Words& words);
[[nodiscard]] Result<std::vector<TimeEntry>> take_entries(
    Words& words);  // "DEVICE=VALUE[@ID]...", to the end of the line
[[nodiscard]] Result<std::size_t> take_change(Stage& stage, Words& words);
// What of "ASPECT=VALUE...", to the end of the line, is seen otherwise: " ASPECT=SEEN..."; empty: nothing.
[[nodiscard]] Result<std::string> seen_otherwise(Stage& stage, std::size_t number, Words& words);
[[nodiscard]] bool is_link(std::string_view word);
[[nodiscard]] Result<std::vector<Link>> to_links(std::string_view word, std::size_t cluster_size);

}  // namespace timestore::sim::script
