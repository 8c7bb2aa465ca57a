// Every scenario under tests/scenarios is a test of its own, under the name of its file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/script/script.h"

namespace timestore::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLines = 200;  // a story longer than that is two

fs::path folder() { return fs::path(TIMESTORE_SOURCE_ROOT) / "tests/scenarios"; }

std::vector<std::string> scenarios() {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    if (entry.path().extension() == ".txt") files.push_back(fs::relative(entry.path(), folder()).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const std::string& file) {
  std::ifstream stream(folder() / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string test_name(const std::string& file) {
  std::string name = file.substr(0, file.size() - std::string(".txt").size());
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
  return name;
}

class Scenario : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenario, holds) {
  const std::string text = read(GetParam());
  const ScriptResult result = run_script(text);
  for (const ScriptFailure& failure : result.failures) {
    ADD_FAILURE_AT((folder() / GetParam()).c_str(), static_cast<int>(failure.line)) << failure.message;
  }
  EXPECT_EQ(result.text == text, result.failures.empty()) << "what changes in the text is told as a failure";
  EXPECT_LE(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), kMaxLines);
  EXPECT_NE(text.find("\n> expect "), std::string::npos) << "a scenario claims something";
}

INSTANTIATE_TEST_SUITE_P(, Scenario, ::testing::ValuesIn(scenarios()),
                         [](const ::testing::TestParamInfo<std::string>& file) { return test_name(file.param); });

}  // namespace
}  // namespace timestore::sim
