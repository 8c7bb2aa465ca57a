// What nodes hand on to each other, and what becomes of it on the way.
#include <charconv>
#include <utility>

#include "engine/base/mark.h"
#include "engine/series/command.h"
#include "sim/clients/front.h"

namespace timestore::sim {

namespace {

constexpr std::uint64_t kMostAsked = 50;         // at once, and beyond that once in each time of the first pause
constexpr Time kMaxNotice = 300 * kMillisecond;  // until a broken connection is noticed, where it is

std::size_t number_of(const raft::NodeId& id) { return static_cast<std::size_t>(std::stoul(id.substr(1))) - 1; }

std::string text_of(const client::Submission& write) {
  return write.lines() ? *write.lines() : encode_command(write.entries());
}

client::Content content_of(Command&& command, const std::string& text) {
  if (command.lines) return std::make_shared<const std::string>(text);
  return std::move(command.entries);
}

}  // namespace

void Front::ask(CallId id, const client::Attempts::Step& step) {
  Call& call = calls_.at(id);
  if (call.is_forwarded) return report("what was handed on is not handed on again", call, "to " + step.to);
  if (++call.asked > kMostAsked + (world_.now() - call.begun) / client::kFirstPause) {
    return report("a request is repeated after pauses only", call, "asked " + std::to_string(call.asked));
  }
  const Request request{.call = id,
                        .attempt = step.attempt,
                        .from = call.node,
                        .to = number_of(step.to),
                        .text = call.write ? text_of(*call.write) : std::string(),
                        .operation = call.operation,
                        .errand = call.errand,
                        .gives_up_at = step.until};
  go_on_later(id, step.until - world_.now());
  send(request, requests_[call.node].on(++sent_[call.node]));
}

void Front::send(const Request& request, Stream choices) {
  const std::uint64_t fate = choices.below(100);  // the calm end is zero
  const bool is_noticed = choices.below(2) == 1;  // that it is lost
  const Time notice = choices.between(1, kMaxNotice);
  if (world_.cluster().is_link_cut(request.from, request.to)) {
    if (is_noticed) lost(request, true, client::kConnectTime);  // no connection
    return;
  }
  const auto arrival =
      world_.network().send(world_.now(), request.from, request.to, request.text.size(), Parcel::kForClient);
  if (!arrival) {
    if (is_noticed) lost(request, false, notice);
    return;
  }
  const bool has_body = request.errand || !request.text.empty();
  if (fate >= 98 && has_body && !world_.network().is_healed()) {
    TIMESTORE_MARK("front: a request arrived in part");
    const std::string_view part = std::string_view(request.text).substr(0, choices.below(request.text.size() + 1));
    if (part.size() < request.text.size() && decode_command(part)) {
      world_.cluster().oracle().report(
          {.checker = "clients", .rule = "a write that arrived in part is refused", .detail = std::string(part)});
    }
    return lost(request, false, arrival->delay + (is_noticed ? notice : 0));
  }
  const bool comes_twice = (fate >= 95 && !world_.network().is_healed()) || arrival->second_delay.has_value();
  world_.after(arrival->delay, [this, request, comes_twice] {
    if (!world_.cluster().is_up(request.to)) return lost(request, true, world_.options().network.delay);
    Request first = request;
    first.is_repeated = comes_twice;
    arrive(first);
    if (!comes_twice) return;
    TIMESTORE_MARK("front: a request arrived twice");
    const auto command = decode_command(request.text);
    if (command && command->lines) world_.cluster().oracle().lines_doubled(request.operation);
    Request twin = first;
    twin.is_double = true;
    arrive(twin);
  });
}

void Front::arrive(const Request& request) {
  if (world_.now() >= request.gives_up_at) TIMESTORE_MARK("front: a request arrived after its time-out");
  Call call = call_of(request);
  if (!request.text.empty()) {
    auto command = decode_command(request.text);
    if (!command) return lost(request, false, 0);
    call.write.emplace(client::Submission::Options{.self = Cluster::name(request.to),
                                                   .is_forwarded = true,
                                                   .deadline = call.deadline,
                                                   .make_id = [this] { return make_id(); }},
                       content_of(std::move(*command), request.text));
  } else {
    call.attempts.emplace(
        client::Attempts::Options{.self = Cluster::name(request.to),
                                  .effect = request.errand ? client::Effect::kAnyNew : client::Effect::kNone,
                                  .is_forwarded = true,
                                  .deadline = call.deadline});
  }
  go_on(begin(std::move(call)));
}

// As another node has handed it on.
Front::Call Front::call_of(const Request& request) {
  Call call{.node = request.to, .operation = request.operation, .is_forwarded = true};
  call.errand = request.errand;
  call.is_double = request.is_double;
  call.deadline = world_.now() + client::kAttemptTime;
  call.read = [this, request](bool is_granted, raft::Index index) {
    answer(request, is_granted ? std::to_string(index) : std::string());
  };
  call.written = [this, request](client::WriteEnd end) {
    // No request over HTTP arrives twice by itself: somebody on the way has repeated it, because he heard nothing. So
    // that one copy of a write was certainly not taken, nobody hears.
    using Kind = client::WriteEnd::Kind;
    const bool is_final = end.kind == Kind::kApplied || end.kind == Kind::kUnknown;
    if (request.is_repeated && !request.is_double && !is_final) return lost(request, false, 0);
    client::Leadership hint;
    if (world_.cluster().is_up(request.to)) hint = leadership(request.to);
    answer(request, client::encode_submit_answer({.end = std::move(end), .hint = std::move(hint)}));
  };
  return call;
}

void Front::answer(const Request& request, std::string text) {
  if (request.is_double) return;
  Stream choices = requests_[request.to].on(++sent_[request.to]);
  const bool is_noticed = choices.below(2) == 1;
  const bool is_cut = world_.cluster().is_link_cut(request.to, request.from);
  const auto arrival =
      is_cut ? std::nullopt
             : world_.network().send(world_.now(), request.to, request.from, text.size(), Parcel::kForClient);
  if (!arrival) {
    TIMESTORE_MARK("front: an answer was lost after the work was done");
    if (is_noticed) lost(request, false, choices.below(kMaxNotice));
    return;
  }
  if (choices.chance(5, 100) && !world_.network().is_healed()) {
    const Time later = arrival->delay + choices.below(kMaxNotice);
    world_.after(later, [this, request, text] { answered(request, text); });
  }
  world_.after(arrival->delay, [this, request, text = std::move(text)] { answered(request, text); });
}

void Front::answered(const Request& request, const std::string& text) {
  const auto found = calls_.find(request.call);
  if (found == calls_.end()) return;
  Call& call = found->second;
  if (call.write) {
    const auto said = client::decode_submit_answer(text);
    if (!said) return lost(request, false, 0);
    call.write->ended(request.attempt, said->end, world_.now(), said->hint);
  } else {
    raft::Index index = 0;
    std::from_chars(text.data(), text.data() + text.size(), index);
    const auto outcome = text.empty() ? client::Outcome::kNotTaken : client::Outcome::kDone;
    if (call.attempts->ended(request.attempt, outcome, world_.now())) call.granted = index;
  }
  go_on(request.call);
}

// The node that asked notices that its request, or the answer, does not come any more.
void Front::lost(const Request& request, bool is_certain, Time delay) {
  world_.after(delay, [this, request, is_certain] {
    const auto found = calls_.find(request.call);
    if (found == calls_.end()) return;
    Call& call = found->second;
    if (call.write) {
      call.write->lost(request.attempt, is_certain, world_.now());
    } else {
      const bool had_no_effect = is_certain || !call.errand;
      call.attempts->ended(request.attempt, had_no_effect ? client::Outcome::kNotTaken : client::Outcome::kUnknown,
                           world_.now());
    }
    go_on(request.call);
  });
}

}  // namespace timestore::sim
