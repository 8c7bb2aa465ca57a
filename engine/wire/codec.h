// The JSON of the core's messages: the bodies of the original's /raft/vote and /raft/append, and of those of our own
// requests that go to a node which is not known to read frames (frame.h). It carries every field that frames carry: a
// node that is not known yet may be one of ours, and what an absent field means holds for an original only.
//
//   VoteRequest     {"term":3,"candidateId":"node1","lastLogIndex":7,"lastLogTerm":2}
//   VoteResponse    {"term":3,"voteGranted":true,"lastLogIndex":7,"lastLogTerm":2}
//                   and "founds":true and "forced":true where it is so
//   PreVoteRequest  like VoteRequest, for /raft/prevote
//   PreVoteResponse {"term":2,"voteGranted":true,"proposedTerm":3}
//   TimeoutNow      {"term":3,"leaderId":"node1","round":9}
//   AppendRequest   {"term":3,"leaderId":"node1","prevLogIndex":6,"prevLogTerm":2,"leaderCommit":6,
//                    "entries":[{"term":3,"command":"..."}],"round":9}, "recalled":8 and "admits":7 where they are not
//                    0, "founds":true where founders are admitted, and "snapshot":true where only a snapshot has what
//                    comes before prevLogIndex
//   AppendResponse  {"term":3,"success":true,"matchIndex":7,"prevLogIndex":6,"round":9}
//                   {"term":3,"success":false,"prevLogIndex":6,"hintIndex":4,"hintTerm":2,"round":9}
//                   and "novice", "holdsLevel" and "diskFull" where it is so, "level":1 and "appliedIndex":7 where it
//                   is not 0
//   NotOurs         {"term":0}; never sent over HTTP, which has the status 421 for it
//   SnapshotRequest {"term":3,"nodeId":"node2",SNAPSHOT,"offset":4096}
//   SnapshotResponse {"term":3,SNAPSHOT,"offset":4096,"checksum":7}, a line feed, and the bytes as they are
//     SNAPSHOT is "appliedIndex":5,"appliedTerm":2,"stateHash":"9","sizeBytes":8192,"fileChecksum":"11"
//   A node of ours adds to each of them to which cluster it belongs (belonging_json.h), and to a PreVoteResponse
//   "level" and "holdsLevel".
//
// Names match case-insensitively, unknown properties are ignored, and integers may be quoted, as the original's
// framework did. A property given twice is an error. An entry's kind follows from its command: an empty one (or null)
// is a no-op, and so is one that holds a cluster's id; one that begins as configuration.h says holds the members, or as
// level.h says a level, anything else belongs to the state machine.
// A command that is no UTF-8 stands as "envelope":"<base64>" instead of "command": whoever does not know that refuses
// the entry, instead of taking it for a no-op.
// Fields that a peer left out are derived from the request (see message.h); only those may be left out, and `entries`,
// where absent and null mean none.
//
// Decoding is total: any bytes give either a message within the bounds of types.h and below, whose entries' terms never
// fall, from prev_term to the request's own; or an error with one sentence that names the property. The exception is a
// number beyond 64 bits: wherever it stands, the text is refused as a whole and the sentence cannot say where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/raft/message.h"

namespace timestore::raft {

// What a command is; where an entry is told with its kind, the two must agree.
[[nodiscard]] EntryKind kind_of(std::string_view command);

// Whether JSON can carry the message: its commands are UTF-8.
[[nodiscard]] bool is_text(const Message& message);

// Appends the JSON text of a message within the bounds that decoding checks. An AppendRequest's payloads must all be
// present, and empty for no-ops alone. What is encoded decodes to the same message; of an AppendResponse, a success has
// no hint and a refusal no match.
void encode(std::string& out, const VoteRequest& message);
void encode(std::string& out, const VoteResponse& message);
void encode(std::string& out, const PreVoteRequest& message);
void encode(std::string& out, const PreVoteResponse& message);
void encode(std::string& out, const AppendRequest& message);
void encode(std::string& out, const AppendResponse& message);
void encode(std::string& out, const SnapshotRequest& message);
void encode(std::string& out, const SnapshotResponse& message);
void encode(std::string& out, const TimeoutNow& message);
void encode(std::string& out, const NotOurs& message);
std::string encode(const Message& message);

[[nodiscard]] Result<VoteRequest> decode_vote_request(std::string_view json);
[[nodiscard]] Result<VoteResponse> decode_vote_response(std::string_view json, const VoteRequest& request);
[[nodiscard]] Result<PreVoteRequest> decode_pre_vote_request(std::string_view json);
[[nodiscard]] Result<PreVoteResponse> decode_pre_vote_response(std::string_view json, const PreVoteRequest& request);
[[nodiscard]] Result<AppendRequest> decode_append_request(std::string_view json);

// `request` is the one that this answers. In an answer of another term only the term counts (see message.h): all else
// is checked, but comes back as zero.
[[nodiscard]] Result<AppendResponse> decode_append_response(std::string_view json, const AppendRequest& request);

[[nodiscard]] Result<SnapshotRequest> decode_snapshot_request(std::string_view json);
[[nodiscard]] Result<SnapshotResponse> decode_snapshot_response(std::string_view text);
[[nodiscard]] Result<TimeoutNow> decode_timeout_now(std::string_view json);
[[nodiscard]] Result<NotOurs> decode_not_ours(std::string_view json);

// The message of the kind `alternative` of the variant Message. An answer to a vote, a pre-vote or an append needs
// `asked`, the request that it answers.
[[nodiscard]] Result<Message> decode(std::size_t alternative, std::string_view json, const Message* asked);

}  // namespace timestore::raft
