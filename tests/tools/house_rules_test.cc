// The tree keeps the rules of the house, and the alarm rings: each rule is broken once in a small bad tree.
#include "tests/tools/house_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/scratch_directory.h"

namespace timestore::house {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string printed(const std::vector<Violation>& found) {
  std::string text;
  for (const Violation& violation : found) {
    text += violation.file + ":" + std::to_string(violation.line) + ": " + violation.sentence + "\n";
  }
  return text;
}

class SmallTree : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_.path() / file).parent_path());
    std::ofstream(root_.file(file)) << text;
  }

  std::string complaints() { return printed(violations(root_.path())); }

 private:
  ScratchDirectory root_;
};

TEST(HouseRules, our_tree_keeps_them) {
  ASSERT_TRUE(fs::exists(fs::path(TIMESTORE_SOURCE_ROOT) / "engine/base/result.h")) << "this is not our tree";
  const auto found = violations(TIMESTORE_SOURCE_ROOT);
  EXPECT_TRUE(found.empty()) << printed(found);
}

TEST_F(SmallTree, the_arrows_of_the_drawing_are_allowed) {
  write("engine/raft/step.cc",
        "#include \"engine/raft/step.h\"\n#include \"engine/base/result.h\"\n#include <vector>\n");
  write("engine/replica/replica.cc", "#include \"engine/store/log/log_file.h\"\n#include \"engine/raft/step.h\"\n");
  write("net/access/access.cc", "#include \"engine/replica/replica.h\"\n#include \"net/node/node.h\"\n");
  write("sim/run/run.cc", "#include \"sim/faults/faults.h\"\n#include \"sim/world/world.h\"\n");
  write("tools/timestored.cc", "#include \"net/process/service.h\"\n");
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(SmallTree, every_forbidden_arrow_is_found) {
  struct Arrow {
    const char* from;
    const char* to;
  };
  for (const auto& [from, to] : {
           Arrow{"engine/base/a.h", "engine/raft/b.h"},
           {"engine/raft/a.h", "engine/series/b.h"},
           {"engine/series/a.h", "engine/raft/b.h"},
           {"engine/store/log/a.h", "engine/store/series/b.h"},
           {"engine/store/sqlite/a.h", "engine/raft/b.h"},
           {"engine/store/log/a.h", "engine/replica/b.h"},
           {"engine/store/log/a.h", "engine/machine/b.h"},
           {"engine/replica/a.h", "engine/series/b.h"},
           {"engine/replica/a.h", "engine/store/series/b.h"},
           {"engine/machine/a.h", "engine/replica/b.h"},
           {"engine/store/series/a.h", "engine/replica/b.h"},
           {"engine/replica/a.h", "engine/client/b.h"},
           {"engine/replica/a.h", "net/base/b.h"},
           {"engine/store/log/a.h", "sim/words/b.h"},
           {"engine/raft/a.h", "tools/b.h"},
           {"engine/raft/a.h", "tests/b.h"},
           {"sim/run/a.h", "net/base/b.h"},
           {"sim/words/a.h", "sim/world/b.h"},
           {"sim/disk/a.h", "sim/checkers/b.h"},
           {"sim/checkers/a.h", "sim/disk/b.h"},
           {"sim/checkers/a.h", "engine/wire/b.h"},
           {"sim/world/a.h", "sim/run/b.h"},
           {"sim/world/a.h", "sim/faults/b.h"},
           {"sim/clients/a.h", "sim/faults/b.h"},
           {"sim/faults/a.h", "sim/run/b.h"},
           {"sim/script/a.h", "sim/run/b.h"},
           {"sim/run/a.h", "sim/script/b.h"},
           {"net/process/a.h", "sim/words/b.h"},
           {"net/process/a.h", "tools/b.h"},
           {"net/http/a.h", "net/base/b.h"},
           {"net/base/a.h", "net/peers/b.h"},
           {"net/peers/a.h", "net/node/b.h"},
           {"net/node/a.h", "net/http/b.h"},
           {"net/access/a.h", "net/api/b.h"},
           {"net/api/a.h", "net/members/b.h"},
           {"net/members/a.h", "net/process/b.h"},
           {"tools/a.h", "bench/b.h"},
       }) {
    write(from, std::string("// A header.\n#include \"") + to + "\"\n");
    EXPECT_THAT(complaints(), HasSubstr(std::string(from) + ":2: ")) << from << " -> " << to;
    write(from, "");
  }
}

TEST_F(SmallTree, a_relative_include_cannot_hide_an_arrow) {
  write("engine/raft/a.h", "#include \"../../net/base/b.h\"\n");
  write("engine/series/a.h", "#  include \"b.h\"\n");
  EXPECT_THAT(complaints(), HasSubstr("engine/raft/a.h:1: "));
  EXPECT_THAT(complaints(), HasSubstr("engine/series/a.h:1: "));
}

TEST_F(SmallTree, what_differs_between_runs_is_banned_from_engine_and_sim_alone) {
  for (const char* statement : {
           "auto now = std::chrono::steady_clock::now();",
           "auto now = time(nullptr);",
           "std::thread worker;",
           "std::lock_guard<std::mutex> guard(m);",
           "std::random_device seed;",
           "int x = rand();",
           "std::unordered_map<int, int> m;",
           "#include <unordered_set>",
           "std::uniform_int_distribution<int> d(1, 6);",
           "std::shuffle(a, b, c);",
           "std::hash<int> h;",
           "std::atomic<int> n;",
           "std::condition_variable_any c;",
           "auto now = ::time( NULL );",
           "auto now = std :: time (&t);",
           "pthread_self();",
           "std::normal_distribution<double> d;",
       }) {
    write("engine/raft/a.cc", statement);
    write("sim/run/a.cc", statement);
    write("net/node/a.cc", statement);
    EXPECT_THAT(complaints(), HasSubstr("engine/raft/a.cc:1: ")) << statement;
    EXPECT_THAT(complaints(), HasSubstr("sim/run/a.cc:1: ")) << statement;
    EXPECT_THAT(complaints(), Not(HasSubstr("net/node/a.cc"))) << statement;
  }
}

TEST_F(SmallTree, comments_and_strings_break_no_ban) {
  write("engine/raft/a.cc",
        "// no std::thread here\n"
        "/* nor a std::mutex,\n   nor steady_clock */\n"
        "const char* a = \"std::thread \\\" rand()\";\n"
        "const char* b = R\"x(std::mutex \" )x\";\n"
        "int c = 1'000; char d = '\"'; int brand(int); int runtime(int); int e = brand(runtime(0));\n"
        "int unordered_mapping; int steady_clocks; int xtime(int); int f = xtime(0);\n");
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(SmallTree, code_after_a_string_or_comment_is_still_read) {
  write("engine/raft/a.cc", "const char* a = \"//\"; int b = 1'000 + 2'000; std::mutex c; /* */ std::thread d;\n");
  EXPECT_THAT(complaints(), HasSubstr("engine/raft/a.cc:1: uses threads"));
}

TEST_F(SmallTree, a_file_of_400_lines_is_the_longest) {
  std::string text(kMaxFileLines, '\n');
  write("net/node/a.cc", text);
  EXPECT_THAT(complaints(), IsEmpty());
  write("net/node/a.cc", text + '\n');
  EXPECT_THAT(complaints(), HasSubstr("net/node/a.cc:0: has 401 lines"));
}

TEST_F(SmallTree, a_function_of_70_lines_is_the_longest) {
  const auto lines = [](int count) {
    std::string text;
    for (int line = 0; line < count; ++line) text += "  work();\n";
    return text;
  };
  const auto complaint = [](int line) {
    return "net/http/a.cc:" + std::to_string(line) + ": begins a function of 71 lines\n";
  };
  const std::string longest = lines(68) + "}\n";
  const std::string too_long = lines(69) + "}\n";
  struct Beginning {
    const char* text;  // up to the brace of the function's body, which is on the text's last line
    int line;          // where the function begins
  };
  for (const auto& [beginning, line] : {
           Beginning{"namespace a::b {\n\nvoid f(int x) {\n", 3},
           {"namespace {\nclass A {\n public:\n  A() = default;\n\n private:\n  bool f() const noexcept {\n", 7},
           {"#define OPEN {\n#if LONG && \\\n  MORE\ntemplate <typename A, typename = B<A>> struct S {\n  auto f() {\n",
            5},
           {"TEST_F(Suite, a_claim) { // {\n", 1},
           {"const Table kTable = {\n    {\"a\", [](int x) {\n", 2},
       }) {
    write("net/http/a.cc", beginning + longest);
    EXPECT_THAT(complaints(), IsEmpty()) << beginning;
    write("net/http/a.cc", beginning + too_long);
    EXPECT_EQ(complaints(), complaint(line)) << beginning;
  }
  // A head of several lines counts, and the braces in it are not the body's.
  const std::string head = "// What it is.\nA::A(Options o = {},\n     int x)\n    : b_{1},\n      c_(2) {\n";
  write("net/http/a.cc", head + lines(65) + "}\n");
  EXPECT_THAT(complaints(), IsEmpty());
  write("net/http/a.cc", head + lines(66) + "}\n");
  EXPECT_EQ(complaints(), complaint(2));
}

TEST_F(SmallTree, many_functions_and_long_tables_are_no_long_function) {
  std::string text = "namespace a {\nstruct S {\n";
  for (int number = 0; number < 40; ++number) text += "  int f() { return g({1}); }\n  int h = 0;\n";
  text += "};\nconstexpr int kTable[] = {\n";
  for (int number = 0; number < 100; ++number) text += "    {1},\n";
  write("net/http/a.cc", text + "};\n}\n");
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(SmallTree, unfinished_work_is_found_in_comments_too) {
  write("tests/a.cc",
        "int a;\n// TO"
        "DO: more\n");
  write("tools/a.cc",
        "// FIX"
        "ME\n");
  EXPECT_THAT(complaints(), HasSubstr("tests/a.cc:2: "));
  EXPECT_THAT(complaints(), HasSubstr("tools/a.cc:1: "));
}

TEST_F(SmallTree, a_test_that_no_cmake_file_names_is_found) {
  write("tests/net/CMakeLists.txt",
        "timestore_test(test_net SOURCES named_test.cc deeper/named_test.cc)\n# not_named\n");
  for (const char* file :
       {"named_test.cc", "deeper/named_test.cc", "unnamed_test.cc", "med_test.cc", "deeper/med_test.cc", "helper.cc"}) {
    write(std::string("tests/net/") + file, "int a;\n");
  }
  EXPECT_EQ(complaints(),
            "tests/net/deeper/med_test.cc:0: is a test that no CMakeLists.txt names: it never runs\n"
            "tests/net/med_test.cc:0: is a test that no CMakeLists.txt names: it never runs\n"
            "tests/net/unnamed_test.cc:0: is a test that no CMakeLists.txt names: it never runs\n");
}

TEST_F(SmallTree, a_constant_that_hides_that_of_a_header_is_found) {
  write("net/base/limits.h", "inline constexpr int kMaxBytes = 1;\n");
  write("net/api/some.cc", "constexpr int kMaxBytes = 2;\nint other() {\n  constexpr int kMaxBytes = 3;\n}\n");
  write("net/api/other.cc",
        "constexpr Limits kLimits{.bytes = kMaxBytes};\nconstexpr std::array<int, kMaxBytes> kAll = {};\n");
  EXPECT_EQ(complaints(), "net/api/some.cc:1: defines kMaxBytes, which net/base/limits.h does too\n");
}

TEST_F(SmallTree, a_file_outside_every_room_is_found) {
  for (const char* file : {"engine/loose.cc", "engine/store/loose.cc", "sim/loose.cc", "net/loose.cc"}) {
    write(file, "int a;\n");
    EXPECT_THAT(complaints(), HasSubstr(std::string(file) + ":0: "));
  }
}

TEST_F(SmallTree, assertions_that_rapidcheck_takes_apart_are_found) {
  write("engine/raft/one_test.cc",
        "RC_ASSERT(result || result.error().empty());\n"
        "RC_ASSERT((result || result.error().empty()));\n"
        "RC_ASSERT(a == (b && c));\n"
        "RC_PRE(a && b);\n"
        "RC_ASSERT(a == b);\n");
  write("engine/raft/CMakeLists.txt", "one_test.cc\n");
  EXPECT_EQ(complaints(),
            "engine/raft/one_test.cc:1: asserts && or || without parentheses of their own\n"
            "engine/raft/one_test.cc:3: asserts && or || without parentheses of their own\n"
            "engine/raft/one_test.cc:4: asserts && or || without parentheses of their own\n");
}

}  // namespace
}  // namespace timestore::house
