#include "tests/system/scratch.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "engine/base/check.h"

namespace timestore::system {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBytes = 4000;

void print_end_of_log(const fs::path& log) {
  const std::string text = read_file(log.string());
  const std::size_t start = text.size() > kShownBytes ? text.find('\n', text.size() - kShownBytes) : 0;
  std::cerr << "--- " << log.filename().string() << " ends with ---\n"
            << (start < text.size() ? text.substr(start) : "");
}

}  // namespace

Scratch::~Scratch() {
  if (keep_ == Keep::kNever || !::testing::Test::HasFailure()) return;
  directory_.keep();
  std::cerr << "The files of the failed test are kept in " << path() << "\n";
  for (const auto& file : fs::directory_iterator(path())) {
    if (file.path().extension() == ".log") print_end_of_log(file.path());
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  TIMESTORE_CHECK(file.good(), "a test can write its own file");
}

}  // namespace timestore::system
