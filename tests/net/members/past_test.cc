// Which settings do not go with which files, and what is only told.
#include "net/members/past.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

raft::Configuration cluster_of(const std::vector<raft::NodeId>& ids) {
  raft::Configuration configuration;
  for (const raft::NodeId& id : ids) configuration.voters.push_back({id, "http://" + id + ":1"});
  return configuration;
}

// The files of n1 that began with these members.
store::LogFile::Recovered files_of(const std::vector<raft::NodeId>& ids) {
  store::LogFile::Recovered stored;
  stored.identity = {.node = "n1", .configuration = cluster_of(ids)};
  return stored;
}

Settings settings(const std::string& peers, const std::string& join = "") {
  SettingsText text;
  text.node_id = "n1";
  text.listen = "10.0.0.1:5001";
  text.database = "s.db";
  text.peers = peers;
  text.join = join;
  return *check(text);
}

const Settings kWithPeers = settings("n2=http://n2:1,http://n3:1");
const Settings kThatJoin = settings("", "http://n2:1");

std::string refusal(const Settings& settings, const store::LogFile::Recovered& stored) {
  const auto remarks = compare_with_past(settings, stored);
  if (remarks) return "";
  EXPECT_TRUE(remarks.error().lasts);
  return remarks.error().message;
}

std::string warning(const Settings& settings, const store::LogFile::Recovered& stored) {
  const auto remarks = compare_with_past(settings, stored);
  EXPECT_TRUE(remarks) << remarks.error().message;
  return remarks && !remarks->empty() && remarks->front().is_warning ? remarks->front().sentence : "";
}

TEST(Past, of_a_node_that_was_always_alone_goes_with_no_peers) {
  store::LogFile::Recovered alone = files_of({"n1"});
  EXPECT_THAT(refusal(kWithPeers, alone),
              AllOf(HasSubstr("s.raft.db"), HasSubstr("founded alone"), HasSubstr("n2, http://n3:1"),
                    HasSubstr("--join http://10.0.0.1:5001"), HasSubstr("move the files away")));
  EXPECT_THAT(refusal(kThatJoin, alone), HasSubstr("--join asks another one"));
  EXPECT_EQ(refusal(settings(""), alone), "");
  alone.configurations = {{7, cluster_of({"n1"})}};  // said once more
  EXPECT_NE(refusal(kWithPeers, alone), "");
}

TEST(Past, of_a_cluster_that_shrank_or_was_recovered_is_told_only) {
  store::LogFile::Recovered shrunk = files_of({"n1", "n2", "n3"});
  shrunk.configurations = {{7, cluster_of({"n1"})}};
  EXPECT_THAT(warning(kWithPeers, shrunk), AllOf(HasSubstr("the only member"), HasSubstr("n2, http://n3:1")));
  store::LogFile::Recovered grown = files_of({"n1"});
  grown.configurations = {{7, cluster_of({"n1", "n2"})}, {9, cluster_of({"n1"})}};
  EXPECT_THAT(warning(kWithPeers, grown), HasSubstr("the only member"));
  store::LogFile::Recovered compacted = files_of({"n1"});
  compacted.trail = raft::Trail({.term = 3, .index = 1000});
  EXPECT_THAT(warning(kWithPeers, compacted), HasSubstr("the only member")) << "whom it knew before cannot be told";
}

TEST(Past, of_a_member_goes_with_its_old_settings) {
  EXPECT_EQ(warning(kWithPeers, files_of({"n1", "n2", "n3"})), "");
  EXPECT_EQ(warning(settings(""), files_of({"n1", "n2", "n3"})), "") << "peers are needed once";
  EXPECT_EQ(warning(kWithPeers, {}), "") << "there is none";
}

TEST(Past, makes_a_join_needless_and_that_is_told) {
  const auto remarks = compare_with_past(kThatJoin, files_of({"n1", "n2"}));
  ASSERT_TRUE(remarks);
  ASSERT_EQ(remarks->size(), 1U);
  EXPECT_THAT(remarks->front().sentence, AllOf(HasSubstr("n1, n2 already"), HasSubstr("http://n2:1")));
  EXPECT_FALSE(remarks->front().is_warning) << "its service file says so for ever";
  EXPECT_THAT(warning(kThatJoin, files_of({"n2", "n3"})), HasSubstr("was removed"));
}

TEST(Past, of_a_node_that_waits_to_be_let_in_needs_somebody_to_ask) {
  EXPECT_EQ(warning(kThatJoin, files_of({})), "");
  EXPECT_THAT(warning(settings(""), files_of({})), HasSubstr("which member to ask."));
  EXPECT_THAT(warning(kWithPeers, files_of({})), HasSubstr("for founders"));
}

}  // namespace
}  // namespace timestore::net
