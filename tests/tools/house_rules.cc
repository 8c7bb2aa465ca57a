#include "tests/tools/house_rules.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string_view>

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
      {"engine/series/", {"engine/base/"}},
      {"engine/store/sqlite/", {"engine/base/"}},
      {"engine/store/log/", {"engine/base/", "engine/raft/", "engine/store/sqlite/"}},
      {"engine/store/series/", {"engine/base/", "engine/raft/", "engine/series/", "engine/store/sqlite/"}},
      {"engine/replica/", {"engine/base/", "engine/raft/", "engine/series/", "engine/store/"}},
      {"sim/words/", {"engine/base/"}},
      {"sim/disk/", {"engine/base/", "engine/store/sqlite/", "sim/words/"}},
      {"sim/checkers/",
       {"engine/base/", "engine/raft/", "engine/series/", "engine/store/", "engine/replica/", "sim/words/"}},
      {"sim/world/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/"}},
      {"sim/clients/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/"}},
      {"sim/faults/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/", "sim/clients/"}},
      {"sim/run/",
       {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/", "sim/clients/", "sim/faults/"}},
      {"sim/script/", {"engine/", "sim/words/", "sim/disk/", "sim/checkers/", "sim/world/"}},
      {"net/http/", {"engine/base/"}},
      {"net/swagger/", {}},
      {"net/base/", {"engine/base/", "engine/raft/"}},
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

struct Ban {
  std::regex pattern;
  std::string_view sentence;
};

// What would make two runs of the engine or the simulator differ.
const std::vector<Ban>& bans() {
  static const std::vector<Ban> kBans = {
      {std::regex(R"(\b(system|steady|high_resolution|utc|file)_clock\b|\b(clock_gettime|gettimeofday|timespec_get)\b)"
                  R"(|\b(std::|::)time\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\))"),
       "reads a clock"},
      {std::regex(R"(\bstd::(jthread|thread|mutex|shared_mutex|recursive_mutex|timed_mutex|condition_variable\w*|async)"
                  R"(|future|promise|this_thread|atomic\w*)\b|\bpthread_\w+)"),
       "uses threads"},
      {std::regex(R"(\brandom_device\b|\b(std::)?s?rand\s*\(|\bdrand48\b|\bgetrandom\b|\barc4random\w*)"),
       "draws from a source of randomness that no seed decides"},
      {std::regex(R"(\bunordered_(multi)?(map|set)\b)"), "uses a container whose order is not decided"},
      {std::regex(R"(\bstd::(\w+_distribution|generate_canonical|shuffle|sample|default_random_engine)\b)"),
       "uses an algorithm that differs between standard libraries"},
      {std::regex(R"(\bstd::hash\b)"), "uses a hash that differs between standard libraries"},
  };
  return kBans;
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

// One file under examination; its violations gather in found.
struct Examination {
  const fs::path& root;
  std::string file;
  std::string text;
  std::vector<Violation>& found;

  void report(int line, std::string sentence) const { found.push_back({file, line, std::move(sentence)}); }

  void check_includes() const {
    static const std::regex kInclude(R"(^\s*#\s*include\s*"([^"]+)\")");
    const Room* room = room_of(file);
    if (room == nullptr) return report(0, "stands in no room of the house");
    int number = 0;
    for (const std::string& line : lines_of(text)) {
      ++number;
      std::smatch match;
      if (!std::regex_search(line, match, kInclude)) continue;
      const std::string included = match[1];
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
    for (const std::string& line : lines_of(without_comments_and_strings(text))) {
      ++number;
      for (const Ban& ban : bans()) {
        if (std::regex_search(line, ban.pattern)) report(number, std::string(ban.sentence));
      }
    }
  }

  void check_length() const {
    const auto count = std::count(text.begin(), text.end(), '\n');
    if (count > kMaxFileLines) report(0, "has " + std::to_string(count) + " lines");
  }

  void check_test_is_built() const {
    if (!file.ends_with("_test.cc") || is_named_for_cmake(root, file)) return;
    report(0, "is a test that no CMakeLists.txt names: it never runs");
  }

  // RapidCheck takes an assertion's expression apart, so that && and || there evaluate both sides, even of
  // `result || is_mild(result.error())`.
  void check_assertions() const {
    static const std::regex kTakenApart(R"(\bRC_(ASSERT|PRE|ASSERT_FALSE)\((?!\(.*\)\);).*(&&|\|\|))");
    int number = 0;
    for (const std::string& line : lines_of(without_comments_and_strings(text))) {
      ++number;
      if (std::regex_search(line, kTakenApart)) report(number, "asserts && or || without parentheses of their own");
    }
  }

  void check_unfinished() const {
    static const std::regex kUnfinished(
        "\\b(TO"
        "DO|FIX"
        "ME|XX"
        "X)\\b");
    int number = 0;
    for (const std::string& line : lines_of(text)) {
      ++number;
      if (std::regex_search(line, kUnfinished)) report(number, "marks unfinished work");
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

// Where the raw string literal whose R stands at start ends: one past its closing quote.
std::size_t end_of_raw_string(const std::string& source, std::size_t start) {
  const std::size_t open = source.find('(', start);
  if (open == std::string::npos) return source.size();
  const std::string closing = ")" + source.substr(start + 2, open - start - 2) + "\"";
  const std::size_t close = source.find(closing, open);
  return close == std::string::npos ? source.size() : close + closing.size();
}

// Where the quoted literal that opens at start ends: one past its closing quote, or at the line's end.
std::size_t end_of_quoted(const std::string& source, std::size_t start) {
  for (std::size_t i = start + 1; i < source.size(); ++i) {
    if (source[i] == '\\') {
      ++i;
    } else if (source[i] == source[start] || source[i] == '\n') {
      return i + 1;
    }
  }
  return source.size();
}

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

}  // namespace

std::string without_comments_and_strings(const std::string& source) {
  std::string bare = source;
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (bare[i] != '\n') bare[i] = ' ';
    }
    return to;
  };
  std::size_t i = 0;
  while (i < source.size()) {
    const bool after_word = i > 0 && is_word(source[i - 1]);  // 1'000 is a number, and FOR"x" no raw string
    if (source.compare(i, 2, "//") == 0) {
      i = blank(i, std::min(source.find('\n', i), source.size()));
    } else if (source.compare(i, 2, "/*") == 0) {
      const std::size_t close = source.find("*/", i + 2);
      i = blank(i, close == std::string::npos ? source.size() : close + 2);
    } else if (source.compare(i, 2, "R\"") == 0 && !after_word) {
      i = blank(i, end_of_raw_string(source, i));
    } else if (source[i] == '"' || (source[i] == '\'' && !after_word)) {
      i = blank(i, end_of_quoted(source, i));
    } else {
      ++i;
    }
  }
  return bare;
}

std::vector<Violation> violations(const fs::path& root) {
  std::vector<Violation> found;
  for (const std::string& file : source_files(root)) {
    const Examination examination{root, file, read(root / file), found};
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
