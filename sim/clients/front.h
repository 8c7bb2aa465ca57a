// How the nodes of the imagined world take requests of clients and operators: any node takes any request and finds the
// way to the leader with the decisions of engine/client, as `net` does. What nodes hand on travels over the network and
// may arrive in part, twice, late or never, and an answer may be lost after the work was done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/client/submission.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

class Front final : public Doorman {
 public:
  using WriteDone = std::function<void(client::WriteEnd)>;
  using ReadDone = std::function<void(bool granted, raft::Index index)>;
  // What only a leader can do, and does anew each time that it is asked. This node, which leads, is asked; `end` hears
  // whether it was done as far as that node can tell, or certainly was not, for it leads no more.
  using Errand = std::function<void(std::size_t node, std::function<void(bool is_done)> end)>;

  Front(World& world, Choices& choices);

  // The write has begun as `operation`, by attempts. Until `deadline` the node may try. Ends once, later; when the node
  // stops the connection breaks, and the outcome is unknown. (Operations of lines count apart.)
  void write(std::size_t node, OperationId operation, client::Content content, Time deadline, WriteDone done);
  // Granted: the series file of this very node may be read.
  void read(std::size_t node, Time deadline, ReadDone done);
  // Done by whoever leads, once at most. The errand lives as long as it may yet be done.
  void run(std::size_t node, Errand errand, Time deadline);

  void leadership_changed(std::size_t node) override;
  void stopped(std::size_t node) override;

 private:
  using CallId = std::uint64_t;
  struct Once {
    Errand errand = {};
    std::uint64_t effects = 0;  // that it has or may yet have
    bool is_called_undone = false;
  };
  // A request at a node, of a client or of another node.
  struct Call {
    std::size_t node = 0;
    OperationId operation = 0;
    bool is_forwarded = false;
    std::optional<client::Submission> write = {};
    std::optional<client::Attempts> attempts = {};  // of what is no write
    std::shared_ptr<Once> errand = {};              // what is neither is a read
    raft::Index granted = 0;
    WriteDone written = {};
    ReadDone read = {};  // and of an errand: whether it was done
    Time planned = 0;    // when it is looked at again
    Time begun = 0;
    Time deadline = 0;
    std::uint64_t asked = 0;  // other nodes, so many times
    bool is_double = false;
  };
  // A request on its way to another node, and whom its answer is for.
  struct Request {
    CallId call = 0;
    client::AttemptId attempt = 0;
    std::size_t from = 0;
    std::size_t to = 0;
    std::string text;  // a command, or empty: a read or an errand
    OperationId operation = 0;
    std::shared_ptr<Once> errand = nullptr;
    Time gives_up_at = 0;
    bool is_repeated = false;  // it arrives twice
    bool is_double = false;    // it has arrived already; nobody hears the answer to this one
  };

  CallId begin(Call call);
  client::Leadership leadership(std::size_t node) const;
  void go_on(CallId id);
  void go_on_later(CallId id, Time delay);
  void finish(CallId id);
  void try_here(CallId id, const client::Attempts::Step& step);
  void read_here(CallId id, const client::Attempts::Step& step);
  void run_here(CallId id, const client::Attempts::Step& step);
  void ask(CallId id, const client::Attempts::Step& step);
  void send(const Request& request, Stream choices);
  void arrive(const Request& request);
  void answer(const Request& request, std::string text);
  void answered(const Request& request, const std::string& text);
  void lost(const Request& request, bool is_certain, Time delay);
  Call call_of(const Request& request);
  void report(const char* rule, const Call& call, const std::string& what);
  Guid make_id();

  World& world_;
  std::vector<Stream> requests_;  // of each node
  std::vector<std::uint64_t> sent_;
  std::map<CallId, Call> calls_;
  CallId last_call_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace timestore::sim
