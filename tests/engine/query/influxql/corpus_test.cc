// Queries that a real InfluxDB 1.6 has answered (tests/tools/record_influxql.py), and where we answer otherwise, with
// the reason: differences.txt. All other answers are the same, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "tests/engine/query/influxql/asked.h"
#include "tests/engine/query/influxql/line_store.h"

namespace timestore::query::influxql {
namespace {

struct Recorded {
  std::string query = {};
  std::string with = {};
  std::string reason = {};
  std::string answer = {};
};

std::string text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<Recorded> records_of(const std::filesystem::path& path) {
  std::vector<Recorded> records;
  std::istringstream text(text_of_file(path));
  for (std::string line; std::getline(text, line);) {
    const auto rest = [&](size_t size) { return line.substr(std::min(size, line.size())); };
    if (line.starts_with("query:")) records.push_back({.query = rest(7)});
    if (line.starts_with("with:")) records.back().with = rest(6);
    if (line.starts_with("reason:")) records.back().reason = rest(8);
    if (line.starts_with("answer:")) records.back().answer += rest(8) + "\n";
  }
  return records;
}

class Corpus : public testing::Test {
 protected:
  Corpus() {
    std::string lines;
    for (const auto& entry : std::filesystem::directory_iterator(TIMESTORE_CORPUS)) {
      if (entry.path().extension() == ".lines") lines += text_of_file(entry.path());
      if (entry.path().extension() == ".queries") files_.push_back(entry.path());
    }
    std::sort(files_.begin(), files_.end());
    store_ = store_of_lines(lines);
  }

  std::string ask(const Recorded& record, MemorySource::Layout layout = {}) {
    MemorySource source(store_, layout);
    std::string text = asked({.source = source}, record.query, record.with);
    while (text.ends_with("\n\n")) text.pop_back();
    return text.empty() || text.back() != '\n' ? text + "\n" : text;
  }

  MemoryStore store_;
  std::vector<std::filesystem::path> files_;
};

TEST_F(Corpus, answers_are_those_of_influxdb_but_for_differences_that_have_a_reason) {
  std::map<std::pair<std::string, std::string>, Recorded> differences;
  for (Recorded& record : records_of(std::filesystem::path(TIMESTORE_CORPUS) / "differences.txt")) {
    EXPECT_FALSE(record.reason.empty()) << record.query;
    const auto key = std::pair(record.query, record.with);
    differences[key] = std::move(record);
  }
  const char* report = std::getenv("TIMESTORE_CORPUS_REPORT");  // a file for what differs now
  std::ofstream differing(report != nullptr ? report : "/dev/null");
  size_t asked = 0;
  size_t used = 0;
  for (const auto& file : files_) {
    for (const Recorded& record : records_of(file)) {
      ++asked;
      const std::string answer = ask(record);
      const auto known = differences.find({record.query, record.with});
      if (known != differences.end()) ++used;
      const std::string& wanted = known == differences.end() ? record.answer : known->second.answer;
      EXPECT_TRUE(answer != record.answer || known == differences.end()) << record.query << " differs no more";
      if (answer != record.answer) {
        std::istringstream lines(answer);
        differing << "query: " << record.query << "\n";
        if (!record.with.empty()) differing << "with: " << record.with << "\n";
        for (std::string line; std::getline(lines, line);) differing << "answer: " << line << "\n";
      }
      EXPECT_EQ(answer, wanted) << file.filename() << ": " << record.query << "\n" << record.with;
    }
  }
  EXPECT_EQ(used, differences.size());
  RecordProperty("queries", static_cast<int>(asked));
  RecordProperty("differences", static_cast<int>(used));
}

TEST_F(Corpus, answers_do_not_depend_on_how_points_are_stored) {
  size_t count = 0;
  for (const auto& file : files_) {
    for (const Recorded& record : records_of(file)) {
      if (++count % 4 != 0) continue;
      const std::string answer = ask(record);
      for (const size_t size : {size_t{1}, size_t{7}}) {
        EXPECT_EQ(ask(record, {.max_batch = size, .statistics_in_percent = 50, .seed = size}), answer) << record.query;
      }
    }
  }
}

}  // namespace
}  // namespace timestore::query::influxql
