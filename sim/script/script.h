// Scenarios: the protocol as readable text, run against whole simulated nodes.
//
// A scenario is a text file of prose, commands and outputs. A line that begins with "> " is a command; the lines below
// it that begin with "| " are what it printed; everything else is prose. Nothing happens between two commands, so a
// scenario decides on every tick, message and disk write itself. The commands, each with its help, stand in
// commands.cc.
//
// Two kinds of truth: outputs, which can be rewritten from what is observed and are reviewed as a diff, and the
// commands `expect ...`, which are claims and are never rewritten. After every command the oracle's checkers are asked.
#pragma once

#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace timestore::sim {

struct ScriptOptions {
  bool rewrite = false;  // replaces the outputs in the files by what is observed
};

// Runs the files one after the other and reports each failure with file, line and diff. Returns the exit status: 0 all
// hold, 1 a failure, 2 a file that cannot be read or written.
[[nodiscard]] int run_scripts(std::span<const std::string> files, const ScriptOptions& options, std::ostream& out);

// The whole language: its shape, then every command with its help.
void print_script_help(std::ostream& out);

// What is wrong at a line of a scenario, in sentences; a difference of outputs comes as a diff.
struct ScriptFailure {
  std::size_t line = 0;  // from 1
  std::string message;
};

struct ScriptResult {
  std::string text;                     // the scenario with the observed outputs
  std::vector<ScriptFailure> failures;  // of outputs all, of the rest the first: it ends the scenario
};

[[nodiscard]] ScriptResult run_script(std::string_view text);

}  // namespace timestore::sim
