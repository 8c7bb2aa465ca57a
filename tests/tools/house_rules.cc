#include "tests/tools/house_rules.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>

#include "tests/tools/source_text.h"

namespace timestore::house {
namespace {

namespace fs = std::filesystem;

// A room may include from itself and from the rooms listed with it, and from nowhere else of the tree.
struct Room {
  std::string_view folder;
  std::vector<std::string_view> knows;
};

const std::vector<Room>& rooms() {
  static const std::vector<Room> kRooms = {
      {"engine/base/", {}},
      {"engine/raft/", {"engine/base/"}},
      {"engine/wire/", {"engine/base/", "engine/raft/"}},
      {"engine/series/", {"engine/base/", "engine/store/points/"}},
      {"engine/formats/", {"engine/base/", "engine/series/", "engine/store/points/"}},
      {"engine/store/sqlite/", {"engine/base/"}},
      {"engine/store/points/", {"engine/base/"}},
      {"engine/store/segments/", {"engine/base/", "engine/store/points/", "engine/store/sqlite/"}},
      {"engine/query/", {"engine/base/", "engine/store/points/"}},
      {"engine/store/log/", {"engine/base/", "engine/raft/", "engine/store/sqlite/"}},
      {"engine/machine/", {"engine/base/", "engine/raft/"}},
      {"engine/store/series/",
       {"engine/base/", "engine/raft/", "engine/series/", "engine/machine/", "engine/query/", "engine/store/points/",
        "engine/store/segments/", "engine/store/sqlite/"}},
      {"engine/replica/", {"engine/base/", "engine/raft/", "engine/machine/", "engine/store/log/"}},
      {"engine/client/",
       {"engine/base/", "engine/raft/", "engine/series/", "engine/machine/", "engine/store/series/",
        "engine/replica/"}},
      {"sim/words/", {"engine/base/"}},
      {"sim/disk/", {"engine/base/", "engine/store/sqlite/", "sim/words/"}},
      {"sim/checkers/",
       {"engine/base/", "engine/raft/", "engine/series/", "engine/store/", "engine/client/", "sim/words/"}},
      {"sim/world/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/"}},
      {"sim/clients/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/"}},
      {"sim/faults/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/", "sim/clients/"}},
      {"sim/run/",
       {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/", "sim/clients/", "sim/faults/"}},
      {"sim/script/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/"}},
      {"net/http/", {"engine/base/"}},
      {"net/swagger/", {}},
      {"net/base/", {"engine/base/", "engine/raft/", "engine/client/"}},
      {"net/peers/", {"engine/", "net/base/"}},
      {"net/node/", {"engine/", "net/base/", "net/peers/"}},
      {"net/access/", {"engine/", "net/base/", "net/peers/", "net/node/", "net/http/"}},
      {"net/api/", {"engine/", "net/base/", "net/peers/", "net/node/", "net/http/", "net/access/", "net/swagger/"}},
      {"net/members/", {"engine/", "net/base/", "net/peers/", "net/node/", "net/http/", "net/access/", "net/api/"}},
      {"net/process/",
       {"engine/", "net/base/", "net/peers/", "net/node/", "net/http/", "net/access/", "net/api/", "net/members/"}},
      {"tools/", {"engine/", "net/", "sim/"}},
      {"bench/", {"engine/", "net/", "sim/"}},
      {"tests/", {"engine/", "net/", "sim/", "tools/", "bench/"}},
  };
  return kRooms;
}

constexpr std::array<std::string_view, 6> kTopFolders = {"engine", "sim", "net", "tools", "bench", "tests"};

// Words that a line may not have. A word stands for itself, not for a part of a longer one; but what begins or ends
// with an asterisk may be longer there. Blanks in the line do not count: "time(0)" is found in "time( 0 )", too.
struct Ban {
  std::vector<std::string_view> words;
  std::string_view sentence;
};

// What would make two runs of the engine or the simulator differ.
const std::vector<Ban>& bans() {
  static const std::vector<Ban> kBans = {
      {{"system_clock", "steady_clock", "high_resolution_clock", "utc_clock", "file_clock", "clock_gettime",
        "gettimeofday", "timespec_get", "std::time(", "::time(", "time(nullptr)", "time(NULL)", "time(0)"},
       "reads a clock"},
      {{"std::jthread", "std::thread", "std::mutex", "std::shared_mutex", "std::recursive_mutex", "std::timed_mutex",
        "std::condition_variable*", "std::async", "std::future", "std::promise", "std::this_thread", "std::atomic*",
        "pthread_*"},
       "uses threads"},
      {{"random_device", "rand(", "srand(", "drand48", "getrandom", "arc4random*"},
       "draws from a source of randomness that no seed decides"},
      {{"unordered_map", "unordered_set", "unordered_multimap", "unordered_multiset"},
       "uses a container whose order is not decided"},
      {{"*_distribution", "std::generate_canonical", "std::shuffle", "std::sample", "std::default_random_engine"},
       "uses an algorithm that differs between standard libraries"},
      {{"std::hash"}, "uses a hash that differs between standard libraries"},
  };
  return kBans;
}

bool has_word(std::string_view line, std::string_view word) {
  const bool may_begin_before = word.front() == '*';
  const bool may_go_on = word.back() == '*' || !is_word(word.back());
  if (may_begin_before) word.remove_prefix(1);
  if (word.back() == '*') word.remove_suffix(1);
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = may_begin_before || at == 0 || !is_word(line[at - 1]);
    if (begins && (may_go_on || end == line.size() || !is_word(line[end]))) return true;
  }
  return false;
}

// Without the blanks that part no words.
std::string squeezed(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool parts = !text.empty() && i + 1 < line.size() && is_word(text.back()) && is_word(line[i + 1]);
    if (line[i] != ' ' || parts) text += line[i];
  }
  return text;
}

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

const Room* room_of(std::string_view file) {
  const auto found =
      std::find_if(rooms().begin(), rooms().end(), [&](const Room& room) { return file.starts_with(room.folder); });
  return found == rooms().end() ? nullptr : &*found;
}

bool may_include(const Room& room, std::string_view included) {
  return included.starts_with(room.folder) ||
         std::any_of(room.knows.begin(), room.knows.end(),
                     [&](std::string_view folder) { return included.starts_with(folder); });
}

// Whether the CMakeLists.txt of this file's folder, or of one above it, names the file by its path from there.
bool is_named_for_cmake(const fs::path& root, const fs::path& file) {
  for (fs::path folder = file.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    std::istringstream words(read(root / folder / "CMakeLists.txt"));
    const std::string name = file.lexically_relative(folder).generic_string();
    for (std::string word; words >> word;) {
      if (word == name || word == name + ")") return true;
    }
  }
  return false;
}

// The path between the quotes of an #include "path"; empty when the line is none.
std::string_view included_by(std::string_view line) {
  const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  for (const std::string_view part : {"#", "include", "\""}) {
    skip_blanks();
    if (!line.starts_with(part)) return {};
    line.remove_prefix(part.size());
  }
  return line.substr(0, line.find('"'));
}

// The name of the constant that a line without blanks before it defines; empty when it defines none.
std::string constant_in(std::string_view line) {
  const bool is_constant =
      line.starts_with("constexpr ") || line.starts_with("inline constexpr ") || line.starts_with("const ");
  std::size_t end = line.find_first_of("={");
  if (!is_constant || end == std::string_view::npos) return {};
  while (end > 0 && line[end - 1] == ' ') --end;
  std::size_t begin = end;
  while (begin > 0 && is_word(line[begin - 1])) --begin;
  return std::string(line.substr(begin, end - begin));
}

// The headers' constants, by name, and where each stands.
using Constants = std::map<std::string, std::string>;

// One file under examination; its violations gather in found.
struct Examination {
  const fs::path& root;
  std::string file;
  std::vector<std::string> lines;
  std::string bare;                     // without comments and strings
  std::vector<std::string> bare_lines;  // the same, line by line
  std::vector<Violation>& found;

  Examination(const fs::path& tree, std::string name, std::vector<Violation>& gathered)
      : root(tree), file(std::move(name)), found(gathered) {
    const std::string text = read(root / file);
    lines = lines_of(text);
    bare = without_comments_and_strings(text);
    bare_lines = lines_of(bare);
  }

  void report(int line, std::string sentence) const { found.push_back({file, line, std::move(sentence)}); }

  void check_includes() const {
    const Room* room = room_of(file);
    if (room == nullptr) return report(0, "stands in no room of the house");
    int number = 0;
    for (const std::string& line : lines) {
      ++number;
      const std::string included(included_by(line));
      if (included.empty()) continue;
      if (room_of(included) == nullptr) {
        report(number, "includes \"" + included + "\", which is not a path from the root of the tree");
      } else if (!may_include(*room, included)) {
        report(number, std::string(room->folder) + " must not know " + included);
      }
    }
  }

  void check_bans() const {
    if (!file.starts_with("engine/") && !file.starts_with("sim/")) return;
    int number = 0;
    for (const std::string& line : bare_lines) {
      ++number;
      const std::string text = squeezed(line);
      for (const Ban& ban : bans()) {
        const auto stands_there = [&](std::string_view word) { return has_word(text, word); };
        if (std::any_of(ban.words.begin(), ban.words.end(), stands_there)) report(number, std::string(ban.sentence));
      }
    }
  }

  void check_length() const {
    if (lines.size() > kMaxFileLines) report(0, "has " + std::to_string(lines.size()) + " lines");
    for (const Extent& function : functions_of(bare)) {
      const int length = function.last_line - function.first_line + 1;
      if (length > kMaxFunctionLines) {
        report(function.first_line, "begins a function of " + std::to_string(length) + " lines");
      }
    }
  }

  // Files are compiled together, so a constant of one hides what another means by the same name, without a word.
  void check_constants(const Constants& of_headers) const {
    if (!file.ends_with(".cc") || file.starts_with("tests/")) return;
    int number = 0;
    for (const std::string& line : bare_lines) {
      ++number;
      const auto same = of_headers.find(constant_in(line));
      if (same != of_headers.end()) report(number, "defines " + same->first + ", which " + same->second + " does too");
    }
  }

  void check_test_is_built() const {
    if (!file.ends_with("_test.cc") || is_named_for_cmake(root, file)) return;
    report(0, "is a test that no CMakeLists.txt names: it never runs");
  }

  // RapidCheck takes an assertion's expression apart, so that && and || there evaluate both sides, even of
  // `result || is_mild(result.error())`.
  void check_assertions() const {
    int number = 0;
    for (const std::string& line : bare_lines) {
      ++number;
      for (const std::string_view assertion : {"RC_ASSERT(", "RC_PRE(", "RC_ASSERT_FALSE("}) {
        const std::size_t at = line.find(assertion);
        if (at == std::string::npos) continue;
        const std::string_view rest = std::string_view(line).substr(at + assertion.size());
        const bool is_whole = rest.starts_with('(') && rest.find("));") != std::string_view::npos;
        const bool joins = rest.find("&&") != std::string_view::npos || rest.find("||") != std::string_view::npos;
        if (joins && !is_whole) report(number, "asserts && or || without parentheses of their own");
      }
    }
  }

  void check_unfinished() const {
    int number = 0;
    for (const std::string& line : lines) {
      ++number;
      for (const std::string_view word : {"TO"
                                          "DO",
                                          "FIX"
                                          "ME",
                                          "XX"
                                          "X"}) {
        if (has_word(line, word)) report(number, "marks unfinished work");
      }
    }
  }
};

std::vector<std::string> source_files(const fs::path& root) {
  std::vector<std::string> files;
  for (const std::string_view folder : kTopFolders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".h" || extension == ".cc")) {
        files.push_back(entry.path().lexically_relative(root).generic_string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Constants constants_of_headers(const fs::path& root, const std::vector<std::string>& files) {
  Constants constants;
  for (const std::string& file : files) {
    if (!file.ends_with(".h") || file.starts_with("tests/")) continue;
    for (const std::string& line : lines_of(without_comments_and_strings(read(root / file)))) {
      const std::string name = constant_in(line);
      if (!name.empty()) constants.emplace(name, file);
    }
  }
  return constants;
}

}  // namespace

std::vector<Violation> violations(const fs::path& root) {
  std::vector<Violation> found;
  const std::vector<std::string> files = source_files(root);
  const Constants of_headers = constants_of_headers(root, files);
  for (const std::string& file : files) {
    const Examination examination(root, file, found);
    examination.check_constants(of_headers);
    examination.check_includes();
    examination.check_bans();
    examination.check_length();
    examination.check_test_is_built();
    examination.check_assertions();
    examination.check_unfinished();
  }
  return found;
}

}  // namespace timestore::house
