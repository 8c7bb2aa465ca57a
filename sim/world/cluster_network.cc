// How messages leave a node and reach another: each by itself, or over links.
#include "engine/base/hash.h"
#include "engine/base/mark.h"
#include "engine/wire/codec.h"
#include "engine/wire/fields.h"
#include "engine/wire/frame.h"
#include "sim/world/cluster.h"
#include "sim/world/foreigner.h"

namespace timestore::sim {

namespace {

std::size_t number_of(const raft::NodeId& id) { return static_cast<std::size_t>(std::stoul(id.substr(1))) - 1; }

// A share of the links speaks JSON: both their ends, as with an original, but in every other cluster another share.
bool speaks_json(const ClusterOptions& options, const Wire& wire) {
  return (options.seed + wire.from + wire.to) % 4 == 0;
}

// Once in so many messages, a frame is looked at with a bit flipped as well.
constexpr MessageId kDamageEvery = 16;

std::string damaged(std::string frame, MessageId id) {
  const std::size_t bit = Hasher().add(id).value() % (8 * frame.size());
  frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ (1 << bit % 8));
  return frame;
}

std::string difference(const raft::Message& sent, const raft::Message& read) {
  if (sent.index() != read.index()) return "its kind";
  return std::visit(
      [&](const auto& message) {
        return std::string(raft::difference(message, std::get<std::decay_t<decltype(message)>>(read)));
      },
      sent);
}

}  // namespace

void Cluster::Node::send(raft::Send send) {
  cluster.oracle_.sends(number, send);
  if (cluster.hears_foreigner_) return;
  const std::size_t to = number_of(send.to);
  if (send.correlation == 0 && cluster.options_.links) {
    return cluster.send_over_link(number, to, std::move(send.message));
  }
  Wire wire{.from = number,
            .to = to,
            .message = std::move(send.message),
            .bytes = {},
            .correlation = send.correlation,
            .asked = nullptr};
  if (send.correlation != 0) {
    const auto question = questions.extract(send.correlation);
    if (!question.empty()) {
      wire.asked = question.mapped().asked;
      wire.exchange = question.mapped().exchange;
      wire.ends_exchange = wire.exchange.id != 0;
    }
  }
  cluster.post(std::move(wire));
}

namespace {
// To vote before and in an election, and to take over.
constexpr std::size_t kKindsOfVotes = 3;
}  // namespace

std::string Wire::text() const { return is_receipt ? std::string() : raft::encode(message); }

void Cluster::post(Wire wire) {
  if (!wire.is_receipt) {
    wire.is_frame = !speaks_json(options_, wire);
    wire.bytes = wire.is_frame ? raft::encode_frame(wire.message) : raft::encode(wire.message);
  }
  if (is_link_cut(wire.from, wire.to)) return;
  const MessageId id = ++last_message_;
  messages_.emplace(id, std::move(wire));
  pacer_.posted(id);
}

// ---------------------------------------------------------------------------------------------------- links

void Cluster::send_over_link(std::size_t from, std::size_t to, raft::Message request) {
  const client::Purpose purpose = client::purpose_of(request);
  client::Link& link = link_of(from, to, purpose);
  const raft::Message said = request;
  if (link.send(std::move(request))) {
    oracle_.sends_over_link(from, to, said);
  } else {
    nodes_[from]->replica->peer_unreachable(name(to));
  }
  // Of anything but appends one of each kind waits.
  const std::size_t most = purpose == client::Purpose::kAppends ? options_.links->max_waiting : kKindsOfVotes;
  if (link.waiting() > most || (link.waiting() > 1 && link.waiting_bytes() > options_.links->max_waiting_bytes)) {
    oracle_.report({.checker = "bounds",
                    .rule = "what waits for a peer is bounded",
                    .detail = name(from) + " for " + name(to) + ": " + std::to_string(link.waiting()) + " requests, " +
                              std::to_string(link.waiting_bytes()) + " bytes"});
  }
  pump(from, to, purpose);
}

void Cluster::pump(std::size_t from, std::size_t to, client::Purpose purpose) {
  while (auto outgoing = link_of(from, to, purpose).next(pacer_.now())) {
    oracle_.leaves(from, to, outgoing->request, outgoing->exchange);
    post({.from = from,
          .to = to,
          .message = std::move(outgoing->request),
          .bytes = {},
          .correlation = 0,
          .asked = nullptr,
          .exchange = {.purpose = purpose, .id = outgoing->exchange, .life = life(from)}});
  }
}

void Cluster::tick_links(std::size_t number) {
  for (std::size_t to = 0; options_.links && to < size(); ++to) {
    for (const client::Purpose purpose : client::kPurposes) {
      if (link_of(number, to, purpose).tick(pacer_.now())) {
        oracle_.given_up(number, to, purpose);
        nodes_[number]->replica->peer_unreachable(name(to));
      }
      pump(number, to, purpose);
    }
  }
}

void Cluster::end_exchange_in_failure(const Wire& wire) {
  const Node& asker = *nodes_[wire.asker()];
  if (!asker.replica || asker.life != wire.exchange.life) return;
  fail(asker.number, wire.asked_node(), wire.exchange.purpose, wire.exchange.id);
}

void Cluster::fail(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange) {
  if (!link_of(from, to, purpose).failed(exchange, pacer_.now())) return;
  oracle_.given_up(from, to, purpose);
  nodes_[from]->replica->peer_unreachable(name(to));
  pump(from, to, purpose);
}

void Cluster::break_connections() {
  for (std::size_t from = 0; options_.links && from < size(); ++from) {
    for (std::size_t to = 0; is_up(from) && to < size(); ++to) {
      for (const client::Purpose purpose : client::kPurposes) {
        fail(from, to, purpose, link_of(from, to, purpose).on_its_way());
      }
    }
  }
}

bool Cluster::is_given_up(const Wire& request) {
  const Node& asker = *nodes_[request.from];
  return !asker.replica || asker.life != request.exchange.life ||
         link_of(request.from, request.to, request.exchange.purpose).on_its_way() != request.exchange.id;
}

// Whether the asker takes this as the end of its request: it may have given that up, or ended itself.
bool Cluster::take_end(const Wire& wire) {
  Node& asker = *nodes_[wire.to];
  if (!asker.replica || asker.life != wire.exchange.life) return false;
  if (!link_of(wire.to, wire.from, wire.exchange.purpose).answered(wire.exchange.id)) return false;
  oracle_.answered(wire.to, wire.from, wire.exchange.purpose, wire.exchange.id);
  return true;
}

void Cluster::set_link(std::size_t from, std::size_t to, bool is_cut) { cut_[from * size() + to] = is_cut; }

void Cluster::deliver(MessageId id, bool keep) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return;
  Node& to = *nodes_[found->second.to];
  if (keep) {
    if (to.replica) receive(to, id, found->second);
    return;
  }
  const Wire wire = std::move(found->second);
  messages_.erase(found);
  if (to.replica) receive(to, id, wire);
}

bool Cluster::hear_foreigner(std::size_t number, std::size_t as, raft::Message message) {
  settle(number);
  Node& node = *nodes_[number];
  if (!node.replica || !oracle_.is_settled(number)) return false;
  raft::State before = node.replica->core();
  const std::string said = raft::encode(message);
  const raft::Correlation correlation = raft::has_answer(message) ? ++node.last_question : 0;
  hears_foreigner_ = true;
  oracle_.foreigner_begins();
  node.replica->receive(name(as), std::move(message), correlation);
  node.replica->settle();
  hears_foreigner_ = false;
  before.strangers = node.replica->core().strangers;  // what it tells people
  oracle_.foreigner_ends(number, before != node.replica->core(), name(as) + ": " + said);
  stop_if_broken(node);
  return true;
}

void Cluster::misdirect(MessageId id, const raft::ClusterId& cluster) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return;
  const Wire wire = std::move(found->second);
  messages_.erase(found);
  if (wire.exchange.id != 0 && is_given_up(wire)) return;
  if (auto answer = foreign_answer(wire.message, cluster)) hear_foreigner(wire.from, wire.to, std::move(*answer));
  if (wire.exchange.id != 0) end_exchange_in_failure(wire);
}

// What the codec of the link makes of a message: the message itself, or it is told what differs.
raft::Message Cluster::read(MessageId id, const Wire& wire) {
  const std::size_t kind = wire.message.index();
  const raft::Message* asked = wire.asked.get();
  std::string error;
  std::optional<raft::Message> read;
  if (!wire.is_frame) {
    auto message = raft::decode(kind, wire.bytes, asked);
    message ? void(read = std::move(*message)) : void(error = message.error().message);
  } else {
    auto message = raft::decode_frame(kind, wire.bytes, asked);
    message ? void(read = std::move(*message)) : void(error = message.error().message);
    if (id % kDamageEvery == 0 && raft::decode_frame(kind, damaged(wire.bytes, id), asked)) {
      oracle_.report({.checker = "wire", .rule = "a damaged frame is noticed", .detail = wire.text()});
    }
  }
  if (read == wire.message) return std::move(*read);
  oracle_.report({.checker = "wire",
                  .rule = "what arrives equals what was sent, field by field",
                  .detail = name(wire.from) + " to " + name(wire.to) + (wire.is_frame ? ": " : " as JSON: ") +
                            (read ? difference(wire.message, *read) : error) + " of " + wire.text()});
  return wire.message;
}

void Cluster::receive(Node& to, MessageId id, const Wire& wire) {
  if (wire.ends_exchange && !take_end(wire)) return;
  if (wire.exchange.id != 0 && !wire.ends_exchange && is_given_up(wire)) {
    TIMESTORE_MARK("cluster: a request arrived after its time-out");
  }
  if (!wire.is_receipt) {
    raft::Message message = read(id, wire);
    const raft::Correlation correlation = raft::has_answer(message) ? ++to.last_question : 0;
    if (correlation != 0) {
      raft::Message asked = message;
      if (auto* append = std::get_if<raft::AppendRequest>(&asked)) {
        for (raft::Entry& entry : append->entries) entry.payload = {};
      }
      to.questions.emplace(correlation,
                           Question{std::make_shared<const raft::Message>(std::move(asked)), wire.exchange});
    }
    to.replica->receive(name(wire.from), std::move(message), correlation);
    const bool has_no_answer = correlation == 0 && !wire.ends_exchange && wire.exchange.id != 0;
    if (has_no_answer) acknowledge(wire);
  }
  if (wire.ends_exchange) pump(wire.to, wire.from, wire.exchange.purpose);
}

// As HTTP answers a request that means no answer.
void Cluster::acknowledge(const Wire& wire) {
  post({.from = wire.to,
        .to = wire.from,
        .message = wire.message,
        .bytes = {},
        .correlation = 0,
        .asked = nullptr,
        .exchange = wire.exchange,
        .ends_exchange = true,
        .is_receipt = true});
}

}  // namespace timestore::sim
