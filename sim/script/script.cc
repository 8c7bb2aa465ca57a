#include "sim/script/script.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "engine/base/check.h"
#include "sim/script/commands.h"
#include "sim/script/document.h"

namespace timestore::sim {

namespace {

using script::Part;
using script::Stage;

constexpr std::string_view kExpectViolation = "expect violation";

// A broken TIMESTORE_CHECK ends the scenario, not the process: the one exception of this folder, caught in run_parts().
struct BrokenCheck {
  std::string sentence;
};

class CheckTrap {
 public:
  CheckTrap()
      : before_(std::exchange(check_handler, [](const char* sentence, const char* file, int line) {
          throw BrokenCheck{std::string(sentence) + " (" + file + ":" + std::to_string(line) + ")"};
        })) {}
  ~CheckTrap() { check_handler = before_; }
  CheckTrap(const CheckTrap&) = delete;
  CheckTrap& operator=(const CheckTrap&) = delete;

 private:
  CheckHandler before_;
};

// One scenario on its way.
class Scenario {
 public:
  explicit Scenario(std::vector<Part> parts) : parts_(std::move(parts)) {}

  ScriptResult run() && {
    const CheckTrap trap;
    try {
      run_parts();
    } catch (const BrokenCheck& broken) {
      fail_at(parts_[current_], "A check of our own is broken: " + broken.sentence);
    }
    return {script::to_text(parts_), std::move(failures_)};
  }

 private:
  void run_parts() {
    for (current_ = 0; current_ < parts_.size() && parts_[current_].line > 0; ++current_) {
      if (!run_part(parts_[current_])) return;
    }
    if (!stage_.is_open()) {
      failures_.push_back({1, "There is no scenario here. It begins with a cluster: `> cluster 3`."});
      return;
    }
    current_ = current_ > 0 ? current_ - 1 : 0;
    stage_.cluster().oracle().finish();
    check_violation(parts_[current_]);
  }

  // False: the scenario has ended here.
  bool run_part(Part& part) {
    auto ran = script::run_command(stage_, part.command);
    std::vector<std::string> observed = stage_.take_lines();
    if (!ran) {
      fail_at(part, ran.error().message);
      return false;
    }
    if (observed != part.output) {
      fail_at(part,
              "It printed something else (- expected, + observed):\n" + script::difference(part.output, observed));
      part.output = std::move(observed);
    }
    return check_violation(part);
  }

  bool check_violation(const Part& part) {
    if (!stage_.is_open() || part.command.starts_with(kExpectViolation)) return true;
    const auto& violation = stage_.cluster().oracle().violation();
    if (!violation || is_violation_expected()) return true;
    fail_at(part, "A sentence is broken (" + violation->checker + "): " + violation->rule + "\n" + violation->detail);
    return false;
  }

  // By the next command.
  bool is_violation_expected() const {
    return current_ + 1 < parts_.size() && parts_[current_ + 1].command.starts_with(kExpectViolation);
  }

  void fail_at(const Part& part, const std::string& message) {
    failures_.push_back({part.line, "> " + part.command + "\n" + message});
  }

  std::vector<Part> parts_;
  std::size_t current_ = 0;
  std::vector<ScriptFailure> failures_;
  Stage stage_;
};

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  return stream.good();
}

// "file:line: message", the further lines indented.
void print(std::ostream& out, const std::string& file, const ScriptFailure& failure) {
  out << file << ":" << failure.line << ": ";
  std::istringstream lines(failure.message);
  bool is_first = true;
  for (std::string line; std::getline(lines, line); is_first = false) out << (is_first ? "" : "    ") << line << "\n";
}

}  // namespace

ScriptResult run_script(std::string_view text) {
  auto parts = script::parse_document(text);
  if (!parts) return {std::string(text), {{parts.error().line, parts.error().message}}};
  return Scenario(std::move(*parts)).run();
}

int run_scripts(std::span<const std::string> files, const ScriptOptions& options, std::ostream& out) {
  std::size_t failed = 0;
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) {
      out << file << ": cannot be read.\n";
      return 2;
    }
    ScriptResult result = run_script(*text);
    if (options.rewrite && result.text != *text) {
      if (!write_file(file, result.text)) {
        out << file << ": cannot be written.\n";
        return 2;
      }
      out << file << ": rewritten\n";
      result = run_script(result.text);  // what is left are broken claims
    }
    for (const ScriptFailure& failure : result.failures) print(out, file, failure);
    if (!result.failures.empty()) ++failed;
  }
  out << files.size() - failed << " of " << files.size() << " scenarios hold.\n";
  return failed == 0 ? 0 : 1;
}

void print_script_help(std::ostream& out) {
  out << "timestore-sim script [--rewrite] FILE...\n"
         "\n"
         "A scenario is a text of prose and commands, run against whole simulated nodes. A line that begins with \"> "
         "\"\n"
         "is a command; the lines directly below it that begin with \"| \" are what it prints; all else is prose.\n"
         "\n"
         "Nothing happens between two commands: time passes when a command ticks, a message arrives when a command\n"
         "delivers it. Disks work at once, unless they are held. Every node's election time-out is 10 ticks unless "
         "the\n"
         "cluster's options say otherwise. After each command the simulator's checkers are asked: a broken sentence\n"
         "fails the scenario. What is printed can be rewritten with --rewrite, and is then reviewed as a diff; claims\n"
         "(`expect`) never change.\n"
         "\n"
         "A position is written term/index: 2/7 is entry 7, of term 2. `quietly COMMAND...` tells only what\n"
         "clients hear.\n";
  script::print_commands(out);
}

}  // namespace timestore::sim
