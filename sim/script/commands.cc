#include "sim/script/commands.h"

#include <algorithm>

namespace timestore::sim::script {

namespace {

constexpr std::string_view kQuietly = "quietly";

const std::vector<const Chapter*>& chapters() {
  static const std::vector<const Chapter*> kChapters = {&node_chapter(),   &disk_chapter(),       &network_chapter(),
                                                        &client_chapter(), &submission_chapter(), &member_chapter(),
                                                        &show_chapter(),   &expect_chapter()};
  return kChapters;
}

const Command* find(std::string_view name) {
  for (const Chapter* chapter : chapters()) {
    for (const Command& command : chapter->commands) {
      if (command.name() == name) return &command;
    }
  }
  return nullptr;
}

std::vector<std::string_view> names() {
  std::vector<std::string_view> names{kQuietly};
  for (const Chapter* chapter : chapters()) {
    for (const Command& command : chapter->commands) names.push_back(command.name());
  }
  return names;
}

// The sentences in lines of at most 100 letters, indented.
void print_wrapped(std::ostream& out, std::string_view indentation, std::string_view text) {
  std::string line;
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > 100) {
      out << indentation << line << "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  out << indentation << line << "\n";
}

}  // namespace

Result<void> run_command(Stage& stage, std::string_view line) {
  Words words(line);
  const Detail detail = stage.detail();
  if (words.take_if(kQuietly)) stage.set_detail(Detail::kEndings);
  auto name = words.take("a command");
  if (!name) return tl::unexpected(name.error());
  const Command* command = find(*name);
  if (command == nullptr) {
    return fail("There is no command \"" + *name + "\". " + suggestion(*name, names()) +
                " `timestore-sim script --help` prints the language.");
  }
  if (!stage.is_open() && command->name() != "cluster") {
    return fail("There are no nodes yet. A scenario begins with a cluster: `cluster 3`.");
  }
  Result<void> result = command->run(stage, words);
  stage.set_detail(detail);
  if (!result && words.is_misread()) return fail(result.error().message + "\nUsage: " + std::string(command->usage));
  return result;
}

void print_commands(std::ostream& out) {
  for (const Chapter* chapter : chapters()) {
    out << "\n" << chapter->title << "\n";
    if (!chapter->note.empty()) print_wrapped(out, "  ", chapter->note);
    for (const Command& command : chapter->commands) {
      out << "\n  " << command.usage << "\n";
      print_wrapped(out, "      ", command.help);
    }
  }
}

Result<std::size_t> take_running_node(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (number && !stage.cluster().is_up(*number)) {
    return fail(Cluster::name(*number) + " is down. Start it first: `start " + Cluster::name(*number) + "`.");
  }
  return number;
}

Result<std::vector<std::size_t>> take_nodes(Stage& stage, Words& words) {
  std::vector<std::size_t> nodes;
  if (words.take_if("all")) {
    for (std::size_t number = 0; number < stage.size(); ++number) nodes.push_back(number);
    return nodes;
  }
  do {
    const auto number = words.take_node(stage.size());
    if (!number) return tl::unexpected(number.error());
    nodes.push_back(*number);
  } while (!words.empty() && words.peek().starts_with('n'));
  return nodes;
}

}  // namespace timestore::sim::script
