// The language of scenarios: what fails, how it is told, and what --rewrite may change.
#include "sim/script/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "sim/script/document.h"
#include "tests/scratch_directory.h"

namespace timestore::sim {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

auto fails_at(std::size_t line, const std::string& words) {
  return ElementsAre(AllOf(Field(&ScriptFailure::line, line), Field(&ScriptFailure::message, HasSubstr(words))));
}

// What a scenario that consists of a cluster of three and this command fails with, in line 2.
std::string complaint(const std::string& command) {
  const ScriptResult result = run_script("> cluster 3\n> " + command + "\n");
  if (result.failures.size() != 1 || result.failures.front().line != 2) return "it does not fail in line 2, once";
  return result.failures.front().message;
}

TEST(Script, a_scenario_without_outputs_to_compare_holds) {
  const std::string text = "Prose.\n\n> cluster 1\n> quietly tick n1\n> expect n1 role=leader term=1\n\nMore prose.\n";
  const ScriptResult result = run_script(text);
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_EQ(result.text, text);
}

TEST(Script, an_output_that_differs_is_a_failure_shown_as_a_diff) {
  const ScriptResult result = run_script("> cluster 1\n> tick n1\n| n1 leads term 7\n| n1 appends 1/1\n");
  EXPECT_THAT(result.failures, fails_at(2, "- n1 leads term 7\n+ n1 leads term 1\n  n1 appends 1/1\n"));
}

TEST(Script, a_difference_of_outputs_does_not_end_the_scenario) {
  const ScriptResult result = run_script("> cluster 1\n> tick n1\n> expect n1 role=leader term=2\n");
  ASSERT_THAT(result.failures, SizeIs(2));
  EXPECT_EQ(result.failures[1].line, 3u);
  EXPECT_THAT(result.failures[1].message, HasSubstr("Of n1 is seen: term=1"));
}

TEST(Script, a_claim_that_does_not_hold_ends_the_scenario) {
  const ScriptResult result = run_script("> cluster 1\n> expect n1 role=leader\n> expect n1 role=candidate\n");
  EXPECT_THAT(result.failures, fails_at(2, "Of n1 is seen: role=follower"));
}

TEST(Script, a_rewritten_scenario_holds_and_its_claims_are_what_they_were) {
  const std::string text = "> cluster 1\n> tick n1\n| wrong\n\nProse.\n> expect n1 role=leader\n";
  const ScriptResult result = run_script(text);
  EXPECT_THAT(result.text, HasSubstr("> tick n1\n| n1 leads term 1\n"));
  EXPECT_THAT(result.text, HasSubstr("\n\nProse.\n> expect n1 role=leader\n"));
  EXPECT_THAT(run_script(result.text).failures, IsEmpty());
}

TEST(Script, rewriting_never_makes_a_false_claim_true) {
  const std::string text = "> cluster 1\n> expect n1 role=leader\n> expect leader n1\n";
  EXPECT_EQ(run_script(text).text, text);
}

TEST(Script, the_same_scenario_gives_the_same_text_again) {
  const std::string text = "> cluster 5 election=5-20\n> tick all 60\n> settle\n> propose n1 a=1\n> settle\n> show\n";
  EXPECT_EQ(run_script(text).text, run_script(text).text);
}

TEST(Script, what_is_not_understood_is_answered_with_a_suggestion) {
  EXPECT_THAT(complaint("campain n1"), HasSubstr("Did you mean \"campaign\"?"));
  EXPECT_THAT(complaint("campaign n4"), HasSubstr("they are n1 to n3"));
  EXPECT_THAT(complaint("campaign"), HasSubstr("Usage: campaign NODE"));
  EXPECT_THAT(complaint("campaign n1 n2"), HasSubstr("Usage: campaign NODE"));
  EXPECT_THAT(complaint("expect n1 rolle=leader"), HasSubstr("Did you mean \"role\"?"));
  EXPECT_THAT(complaint("expect n1"), HasSubstr("role"));
  EXPECT_THAT(complaint("expect p1 stored"), HasSubstr("there is none yet"));
  EXPECT_THAT(complaint("expect m1"), HasSubstr("Nothing is known of"));
  EXPECT_THAT(complaint("deliver n1->n2"), HasSubstr("Nothing is on its way"));
  EXPECT_THAT(complaint("deliver oldst"), HasSubstr("Did you mean \"oldest\"?"));
  EXPECT_THAT(complaint("deliver #9"), HasSubstr("no message #9"));
  EXPECT_THAT(complaint("cut n1"), HasSubstr("One direction is n1->n2"));
  EXPECT_THAT(complaint("lose-power n1 tron"), HasSubstr("Did you mean \"torn\"?"));
  EXPECT_THAT(complaint("hold n1 write"), HasSubstr("Did you mean \"writes\"?"));
  EXPECT_THAT(complaint("work n1 writes"), HasSubstr("Nothing waits"));
  EXPECT_THAT(complaint("done n1 writes"), HasSubstr("Nothing was worked on"));
  EXPECT_THAT(complaint("propose n1"), HasSubstr("DEVICE=VALUE"));
  EXPECT_THAT(complaint("propose n1 a"), HasSubstr("is no time entry"));
  EXPECT_THAT(complaint("propose n1 a=x"), HasSubstr("whole number"));
  EXPECT_THAT(complaint("tick n1 until king"), HasSubstr("is no role"));
  EXPECT_THAT(complaint("start n1"), HasSubstr("is running already"));
  EXPECT_THAT(complaint("progress n1"), HasSubstr("does not lead"));
  EXPECT_THAT(complaint("cluster 3"), HasSubstr("There is a cluster already"));
}

TEST(Script, changes_of_members_that_are_not_understood_are_answered_with_a_suggestion) {
  EXPECT_THAT(complaint("change n1"), HasSubstr("Usage: change NODE"));
  EXPECT_THAT(complaint("change n1 ad n2"), HasSubstr("Did you mean \"add\"?"));
  EXPECT_THAT(complaint("change n1 add n9"), HasSubstr("they are n1 to n3"));
  EXPECT_THAT(complaint("change n1 add n2 as voter"), HasSubstr("as learner"));
  EXPECT_THAT(complaint("change n1 add n2 forced"), HasSubstr("Nothing may follow here"));
  EXPECT_THAT(complaint("change n1 replace n2"), HasSubstr("by NEW"));
  EXPECT_THAT(complaint("change n1 replace n2 with n3"), HasSubstr("replace n3 by n4"));
  EXPECT_THAT(complaint("expect c1 committed"), HasSubstr("there is none yet"));
  EXPECT_THAT(complaint("expect n1 learner=n2"), HasSubstr("Did you mean \"learners\"?"));
  EXPECT_THAT(complaint("await n1"), HasSubstr("Usage: await NODE CLAIM..."));
  EXPECT_THAT(complaint("await n1 leader=n9"), HasSubstr("After 300 ticks is seen: leader="));
}

TEST(Script, the_fate_of_a_change_is_told_and_can_be_claimed) {
  const std::string story = "> cluster 1\n> quietly tick n1\n> change n1 remove n1\n| c1 is refused: last-voter\n";
  EXPECT_THAT(run_script(story + "> expect c1 refused last-voter\n").failures, IsEmpty());
  EXPECT_THAT(run_script(story + "> expect c1 refused busy\n").failures, fails_at(5, "The reason is last-voter"));
  EXPECT_THAT(run_script(story + "> expect c1 refused buzy\n").failures, fails_at(5, "Did you mean \"busy\"?"));
  EXPECT_THAT(run_script(story + "> expect c1 committed\n").failures, fails_at(5, "It is refused"));
  EXPECT_THAT(run_script(story + "> expect c1 refussed\n").failures, fails_at(5, "Did you mean \"refused\"?"));
}

TEST(Script, outsiders_are_down_until_they_are_started) {
  const std::string story = "> cluster 3 outsiders=1\n> expect n3 down\n> quietly start n3\n";
  EXPECT_THAT(run_script(story + "> expect n3 voters=none novice=yes\n").failures, IsEmpty());
  EXPECT_THAT(run_script(story + "> expect n1 voters=n1,n2\n").failures, IsEmpty());
  EXPECT_THAT(run_script("> cluster 2 outsiders=2\n").failures, fails_at(1, "Somebody founds the cluster"));
}

TEST(Script, a_cluster_comes_first_and_its_options_are_known) {
  EXPECT_THAT(run_script("> tick n1\n").failures, fails_at(1, "begins with a cluster"));
  EXPECT_THAT(run_script("Only prose.\n").failures, fails_at(1, "begins with a cluster"));
  EXPECT_THAT(run_script("> cluster 8\n").failures, fails_at(1, "1 to 7 nodes"));
  EXPECT_THAT(run_script("> cluster 3 elektion=5\n").failures, fails_at(1, "Did you mean \"election\"?"));
  EXPECT_THAT(run_script("> cluster 3 election=9-5\n").failures, fails_at(1, "at least 9"));
}

TEST(Script, a_command_that_looks_like_prose_is_found) {
  EXPECT_THAT(run_script("> cluster 1\n  > tick n1\n").failures, fails_at(2, "first column"));
  EXPECT_THAT(run_script("> cluster 1\n\n| lonely\n").failures, fails_at(3, "directly below its command"));
}

TEST(Script, a_broken_sentence_fails_the_scenario_unless_it_is_expected) {
  // A voter whose disk is emptied comes back under its old name: it no longer holds what it has promised.
  const std::string story = "> cluster 3\n> quietly elect n1\n> wipe n2\n| n2 stops: killed\n> quietly start n2\n";
  EXPECT_THAT(run_script(story).failures, fails_at(5, "A sentence is broken (promises)"));
  EXPECT_THAT(run_script(story + "> expect violation\n").failures, IsEmpty());
  EXPECT_THAT(run_script(story + "> expect violation of another kind\n").failures, fails_at(6, "Another sentence"));
  EXPECT_THAT(run_script("> cluster 1\n> expect violation\n").failures, fails_at(2, "Nothing is broken"));
}

TEST(Document, text_survives_being_read_and_written) {
  for (const std::string text : {"", "a\n", "> c\n", "> c\n| o\n|\n", "a\n\n> c\n| o\n\nb\n> d\n\n", "> c\n|  x\n"}) {
    const auto parts = script::parse_document(text);
    ASSERT_TRUE(parts.has_value()) << text;
    EXPECT_EQ(script::to_text(*parts), text);
  }
}

TEST(Document, a_difference_keeps_what_is_common_in_order) {
  EXPECT_EQ(script::difference({"a", "b", "c"}, {"b", "x", "c"}), "- a\n  b\n+ x\n  c\n");
  EXPECT_EQ(script::difference({}, {"a"}), "+ a\n");
  EXPECT_EQ(script::difference({"a"}, {}), "- a\n");
}

TEST(ScriptHelp, every_command_that_a_message_may_suggest_is_in_it) {
  std::ostringstream help;
  print_script_help(help);
  const std::string unknown = complaint("?????????????");
  const std::size_t list = unknown.find("Known are ");
  ASSERT_NE(list, std::string::npos) << unknown;
  std::istringstream words(unknown.substr(list + 10, unknown.find('.', list) - list - 10));
  std::size_t count = 0;
  for (std::string word; std::getline(words, word, ',');) {
    EXPECT_THAT(help.str(), HasSubstr(word.substr(word.find_first_not_of(' ')))) << word;
    ++count;
  }
  EXPECT_GE(count, 30u);
}

class ScriptFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(root_.file(name)) << text;
    return root_.file(name);
  }
  static std::string read(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  int run(std::vector<std::string> files, ScriptOptions options = {}) {
    out_.str("");
    return run_scripts(files, options, out_);
  }

  ScratchDirectory root_;
  std::ostringstream out_;
};

TEST_F(ScriptFiles, the_status_says_whether_all_hold) {
  const std::string good = write("good.txt", "> cluster 1\n");
  const std::string bad = write("bad.txt", "> cluster 1\n> expect leader n1\n");
  EXPECT_EQ(run({good}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("1 of 1 scenarios hold"));
  EXPECT_EQ(run({bad, good}), 1);
  EXPECT_THAT(out_.str(), AllOf(StartsWith(bad + ":2: > expect leader n1\n"), HasSubstr("1 of 2 scenarios hold")));
  EXPECT_EQ(run({root_.file("none.txt")}), 2);
  EXPECT_THAT(out_.str(), HasSubstr("cannot be read"));
}

TEST_F(ScriptFiles, only_rewrite_changes_a_file) {
  const std::string text = "> cluster 1\n> tick n1\n";
  const std::string file = write("a.txt", text);
  EXPECT_EQ(run({file}), 1);
  EXPECT_EQ(read(file), text);
  EXPECT_EQ(run({file}, {.rewrite = true}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("rewritten"));
  EXPECT_THAT(read(file), HasSubstr("| n1 leads term 1\n"));
  EXPECT_EQ(run({file}), 0);
  EXPECT_EQ(run({file}, {.rewrite = true}), 0);
  EXPECT_THAT(out_.str(), Not(HasSubstr("rewritten")));
}

}  // namespace
}  // namespace timestore::sim
