// The clients: they write and read, give up, try again, and tell the oracle what they saw.
//
// Each client goes on at its own pace, whatever became of its earlier requests (an open loop), so a cluster that is
// stuck meets more and more of them. Writes come in bursts, as from many connections; some make ids of their own, some
// repeat a write whose outcome is unknown (or known), some use an id twice for different things.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/clients/front.h"
#include "sim/words/choices.h"
#include "sim/world/world.h"

namespace timestore::sim {

struct LoadOptions {
  std::size_t clients = 4;
  Time pause = 100 * kMillisecond;  // between the operations of one client, on average
  std::size_t burst = 1;            // writes that a client sends at once, at most
  std::size_t batch = 4;            // time entries in one write, at most
  std::size_t devices = 8;
  std::size_t padding_bytes = 0;       // of an entry's attributes, at most
  std::uint32_t padded_percent = 100;  // of the entries: the others have none
  std::uint32_t read_percent = 30;
  std::uint32_t own_id_percent = 50;  // of entries whose id the client makes
  std::uint32_t repeat_percent = 10;  // of writes that reuse an id that was used before
  Time patience = 2 * kSecond;        // then the client gives up
  Time span = 0;                      // points are about so old at most; 0: of no time in particular
  bool asks_of_lines = false;         // others write them
};

class Workload {
 public:
  // Through the front, if there is one, nodes find the leader for their clients; else they refuse.
  Workload(World& world, Front* front, const LoadOptions& load, Choices& choices);

  void begin();
  void end() { is_active_ = false; }

  // One write and one read by everybody, to whoever leads: for the phase in which they must succeed. Nobody gives up; a
  // request that fails is tried again when the client has heard of all its others. probes_left() says how many are
  // left.
  void probe();
  std::size_t probes_left() const { return probes_left_; }

  std::size_t waiting() const;  // requests without an end, good or bad

  std::uint64_t writes() const { return writes_; }
  std::uint64_t reads() const { return reads_; }

 private:
  struct Client {
    Stream choices;  // pauses, and an occasion for each act
    Stream requests;
    Stream ends;
    std::uint64_t acts = 0;
    std::size_t node = 0;      // whom it believes to lead
    bool is_stubborn = false;  // stays with a node that does not answer
    std::size_t waiting = 0;
    bool is_probing_write = false;
    bool is_probing_read = false;
  };

  // What a client asks of a node; each is an occasion of its own, told apart by the client's act, by its place among
  // those of the act, and by how often it was tried before. Each attempt is another operation for the oracle.
  struct Request {
    std::size_t client;
    std::uint64_t act;
    std::uint64_t place = 0;
    std::uint64_t attempt = 0;
    OperationId operation = 0;
    std::uint64_t occasion() const { return act << 24 | place << 16 | attempt; }
  };

  void plan_next(std::size_t client);
  void act(std::size_t client);
  std::optional<std::size_t> choose_node(Client& client, Stream& choices);
  void look_for_the_leader(Client& client, Stream& choices);
  Stream choices_of(const Request& request) const { return clients_[request.client].requests.on(request.occasion()); }
  Stream choices_of_end(const Request& request) const { return clients_[request.client].ends.on(request.occasion()); }
  std::vector<TimeEntry> make_entries(Stream choices);
  std::int64_t make_time(Stream& choices) const;
  TimeEntry make_entry(Stream& choices);
  void write(Request request, std::size_t node, std::vector<TimeEntry> entries);
  void written(const Request& request, std::size_t node, client::WriteEnd end);
  void try_again(Request request, Stream choices, std::vector<TimeEntry> entries);
  std::optional<Inquiry> make_inquiry(Stream choices) const;
  void read(Request request, std::size_t node);
  void granted(const Request& request, std::size_t leader, const std::string& device, raft::Index index);
  void read_at(const Request& request, std::size_t node, const std::string& device, raft::Index index);
  void read_failed(const Request& request);
  void probe_again(std::size_t client);
  void succeeded(OperationId operation, bool& is_probing);
  std::string device(std::uint64_t number) const;

  Time deadline() const;

  World& world_;
  LoadOptions load_;
  Front* front_;
  std::vector<Client> clients_;
  std::deque<std::vector<TimeEntry>> recent_;  // writes that somebody may repeat
  std::uint64_t next_id_ = 0;
  bool is_active_ = false;
  OperationId first_probe_ = 0;
  std::size_t probes_left_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace timestore::sim
