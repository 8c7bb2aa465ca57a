// A peer that speaks only the original's fields can follow our leader, vote for us, and lead us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/system/cluster.h"
#include "tests/system/peer_double.h"

namespace timestore::system::original_peer_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kOwnSeries = "/api/timeseries?level=none";

// One node of ours, node1; one double, node2; and node3, which is never there: every majority needs the double.
class OneDouble : public ::testing::Test {
 protected:
  void start(PeerDouble::Vote vote) {
    double_.emplace("node2", vote);
    const std::string nobody = "http://127.0.0.1:" + std::to_string(free_port());
    cluster_.emplace(1, Cluster::Settings::kFlags, "node2=" + double_->url() + ",node3=" + nobody);
    cluster_->set_further_flags({"--found-without", "node3"});
    cluster_->start_all();
  }

  std::optional<PeerDouble> double_;
  std::optional<Cluster> cluster_;
};

using VotingDouble = OneDouble;

TEST_F(VotingDouble, its_vote_elects_us) {
  start(PeerDouble::Vote::kRefuse);
  ASSERT_TRUE(await([&] { return double_->votes_asked() >= 3; }));
  const auto before = cluster_->status(0);
  ASSERT_TRUE(before);
  EXPECT_NE(before->state, "Leader") << "elected without a majority";

  double_->set_vote(PeerDouble::Vote::kGrant);
  EXPECT_EQ(cluster_->await_leader(), 0U);
  EXPECT_THAT(double_->complaints(), IsEmpty());
}

using FollowingDouble = OneDouble;

TEST_F(FollowingDouble, its_acknowledgement_commits_our_writes) {
  start(PeerDouble::Vote::kGrant);
  ASSERT_EQ(cluster_->await_leader(), 0U);
  Client client = cluster_->client(0);
  std::vector<Entry> written;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    const Entry entry{
        .id = guid(number), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
    const Answer answer = client.post(kSeries, to_json(entry));
    ASSERT_EQ(answer.status, 200) << answer;
    written.push_back(entry);
  }

  // Everything has its place in the double's log, in order, as the JSON of the entry.
  std::vector<Entry> followed;
  for (const std::string& command : double_->commands()) {
    if (const Entry entry = entry_in(command); !entry.id.empty()) followed.push_back(entry);
  }
  EXPECT_EQ(followed, written);
  EXPECT_TRUE(await([&] { return double_->leader_commit() == double_->commands().size(); }))
      << "the double is not told what is committed";
  EXPECT_THAT(double_->complaints(), IsEmpty());
}

TEST_F(FollowingDouble, without_its_acknowledgement_nothing_is_promised) {
  start(PeerDouble::Vote::kGrant);
  ASSERT_EQ(cluster_->await_leader(), 0U);
  double_->set_deaf(true);
  Client client = cluster_->client(0);
  const Entry entry{.id = guid(1), .device = "boiler", .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
  const Answer answer = client.post(kSeries, to_json(entry));
  EXPECT_EQ(answer.status, 503) << answer;
  EXPECT_NE(answer.header("Retry-After"), "");
  EXPECT_EQ(entries_in(client.get(kOwnSeries).body), std::vector<Entry>{});

  double_->set_deaf(false);
  EXPECT_TRUE(await([&] { return client.post(kSeries, to_json(entry)).status == 200; }));
  EXPECT_EQ(entries_in(client.get(kSeries).body), std::vector{entry});
}

// The double campaigns, wins node1's vote, and from then on sends what a leader of the original sends. Where node1 has
// campaigned meanwhile, the double leads a later term at once, as if node3 had elected it.
class LeadingDouble : public OneDouble {
 protected:
  LeadingDouble() { start(PeerDouble::Vote::kRefuse); }

  bool campaign() {
    Client client = cluster_->client(0);
    return await([&] {
      const auto status = cluster_->status(0);
      if (!status) return false;
      term_ = status->term + 1;
      const std::int64_t last_term = log_.empty() ? 0 : log_.back().term;
      const Answer answer = client.post(
          "/raft/vote", to_json(OriginalVote{term_, double_->id(), static_cast<std::int64_t>(log_.size()), last_term}));
      return answer.status == 200 && Json(answer.body).boolean("/voteGranted").value_or(false);
    });
  }

  // Sends the log behind `after` until node1 has it.
  ::testing::AssertionResult replicate(std::int64_t after, std::int64_t commit) {
    Answer answer;
    const bool has_it = await([&] {
      const OriginalAppend append{.term = term_,
                                  .leader = double_->id(),
                                  .prev_index = after,
                                  .prev_term = after == 0 ? 0 : log_.at(static_cast<std::size_t>(after - 1)).term,
                                  .entries = {log_.begin() + after, log_.end()},
                                  .leader_commit = commit};
      answer = cluster_->client(0).post("/raft/append", to_json(append));
      const Json json(answer.body);
      if (json.boolean("/success").value_or(false)) return json.integer("/term") == term_;
      term_ = std::max(term_, json.integer("/term").value_or(0) + 1);
      return false;
    });
    return has_it ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << "the last answer was " << answer;
  }

  std::vector<Entry> content() { return entries_in(cluster_->content_of(0)); }

  bool await_content(const std::vector<Entry>& wanted) {
    return await([&] { return content() == wanted; });
  }

  std::int64_t term_ = 0;
  std::vector<OriginalEntry> log_;
};

const Entry kPascal{.id = "6f9619ff-8b86-d011-b42d-00c04fc964ff",
                    .device = "boiler",
                    .timestamp = "2024-05-01T12:00:00Z",
                    .value = 21.5,
                    .attributes = {}};
constexpr const char* kPascalCommand = R"({"Id":"6f9619ff-8b86-d011-b42d-00c04fc964ff","DeviceId":"boiler",)"
                                       R"("Timestamp":"2024-05-01T12:00:00","Value":21.5})";

const Entry kCamel{.id = "00000000-0000-4000-8000-00000000000a",
                   .device = "kettle",
                   .timestamp = "2024-05-01T12:00:00.25Z",
                   .value = -3,
                   .attributes = {}};
constexpr const char* kCamelCommand = R"({"id":"00000000-0000-4000-8000-00000000000A","deviceId":"kettle",)"
                                      R"("timestamp":"2024-05-01T14:00:00.250+02:00","value":-3})";

Entry entry_of(const std::string& device, std::uint64_t number) {
  return {.id = guid(number), .device = device, .timestamp = timestamp_at(1), .value = 1, .attributes = {}};
}

TEST_F(LeadingDouble, its_committed_entries_appear_in_our_series) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, kPascalCommand}, {term_, kCamelCommand}};
  ASSERT_TRUE(replicate(0, 0));
  EXPECT_THAT(content(), IsEmpty()) << "shown before it was committed";
  ASSERT_TRUE(replicate(2, 1)) << "an empty heartbeat";
  EXPECT_TRUE(await_content({kPascal}));
  ASSERT_TRUE(replicate(2, 2)) << "an empty heartbeat";
  EXPECT_TRUE(await_content({kPascal, kCamel}));
  const Answer device = cluster_->client(0).get("/api/timeseries/device/kettle?level=none");
  EXPECT_EQ(entries_in(device.body), std::vector{kCamel});
}

// It cannot confirm a read, so the answer comes from what this node holds, and says so.
TEST_F(LeadingDouble, what_it_leads_is_read_by_default_too_and_said_to_be_unconfirmed) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, kPascalCommand}};
  Answer answer;
  ASSERT_TRUE(await([&] {
    if (!replicate(0, 1)) return false;
    answer = cluster_->client(0).get("/api/timeseries");
    return answer.status == 200 && entries_in(answer.body) == std::vector{kPascal};
  })) << "the last answer was "
      << answer;
  EXPECT_EQ(answer.header("X-Timestore-Read-Level"), "none");
}

TEST_F(LeadingDouble, node1_follows_it_and_says_so) {
  ASSERT_TRUE(campaign());
  ASSERT_TRUE(replicate(0, 0));
  const auto status = cluster_->status(0);
  ASSERT_TRUE(status);
  // It may have begun to campaign again since; it never leads, and never leaves a term behind.
  EXPECT_NE(status->state, "Leader");
  EXPECT_GE(status->term, term_);
  EXPECT_TRUE(status->leader_id == double_->id() || status->leader_id.empty()) << status->leader_id;
}

TEST_F(LeadingDouble, an_entry_without_id_gets_one_that_lasts) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, R"({"DeviceId":"boiler","Timestamp":"2024-05-01T12:00:00","Value":1.5})"},
          {term_, R"({"Id":null,"DeviceId":"boiler","Timestamp":"2024-05-01T12:00:00","Value":1.5})"}};
  ASSERT_TRUE(replicate(0, 2));
  ASSERT_TRUE(await([&] { return content().size() == 2; }));
  const std::vector<Entry> entries = content();
  for (const Entry& entry : entries) {
    EXPECT_EQ(entry.id.size(), 36U);
    EXPECT_EQ(entry, (Entry{entry.id, "boiler", "2024-05-01T12:00:00Z", 1.5, {}}));
  }
  EXPECT_NE(entries[0].id, entries[1].id);

  cluster_->kill9(0);
  cluster_->start(0);
  ASSERT_TRUE(replicate(2, 2));
  EXPECT_TRUE(await_content(entries)) << "after a restart the ids differ";
}

TEST_F(LeadingDouble, a_suffix_that_conflicts_is_replaced) {
  ASSERT_TRUE(campaign());
  const std::int64_t first_term = term_;
  log_ = {{first_term, kPascalCommand},
          {first_term, to_json(entry_of("lost", 1))},
          {first_term, to_json(entry_of("lost", 2))}};
  ASSERT_TRUE(replicate(0, 1));

  // A leader of a later term has another second entry, and no third. It has not won node1's vote, whose log is longer;
  // it did not need to, for node3 may have voted for it. What it has committed, but not sent yet, is not what node1
  // has.
  ++term_;
  log_ = {{first_term, kPascalCommand}};
  ASSERT_TRUE(replicate(1, 2));
  log_ = {{first_term, kPascalCommand}, {term_, kCamelCommand}};
  ASSERT_TRUE(replicate(1, 2));
  EXPECT_TRUE(await_content({kPascal, kCamel}));
  const auto status = cluster_->status(0);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->last_log_index, 2);
}

TEST_F(LeadingDouble, an_append_after_a_gap_is_refused) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, kPascalCommand}};
  ASSERT_TRUE(replicate(0, 1));
  const OriginalAppend gap{.term = term_,
                           .leader = double_->id(),
                           .prev_index = 7,
                           .prev_term = term_,
                           .entries = {{term_, kCamelCommand}},
                           .leader_commit = 8};
  const Answer answer = cluster_->client(0).post("/raft/append", to_json(gap));
  ASSERT_EQ(answer.status, 200) << answer;
  EXPECT_EQ(Json(answer.body).boolean("/success"), false);
  EXPECT_GE(Json(answer.body).integer("/term").value_or(-1), term_);
  EXPECT_TRUE(await_content({kPascal}));
}

TEST_F(LeadingDouble, a_heartbeat_may_have_no_entries_in_any_way) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, kPascalCommand}};
  ASSERT_TRUE(replicate(0, 1));
  for (const std::string entries : {R"(,"entries":null)", R"(,"entries":[])", ""}) {
    EXPECT_TRUE(await([&] {
      const std::string heartbeat = R"({"term":)" + std::to_string(term_) +
                                    R"(,"leaderId":"node2","prevLogIndex":1,"prevLogTerm":)" +
                                    std::to_string(log_[0].term) + entries + R"(,"leaderCommit":1})";
      const Json answer(cluster_->client(0).post("/raft/append", heartbeat).body);
      const bool success = answer.boolean("/success").value_or(false);
      if (!success) term_ = std::max(term_, answer.integer("/term").value_or(0) + 1);
      return success;
    })) << entries;
  }
  EXPECT_TRUE(await_content({kPascal}));
}

// Apply must go on: what one node skips, every node skips.
TEST_F(LeadingDouble, a_command_that_nobody_understands_stores_nothing) {
  ASSERT_TRUE(campaign());
  log_ = {{term_, ""}, {term_, "not json"}, {term_, R"({"DeviceId":7})"}, {term_, kPascalCommand}};
  ASSERT_TRUE(replicate(0, 4));
  EXPECT_TRUE(await_content({kPascal}));
}

}  // namespace
}  // namespace timestore::system::original_peer_test
