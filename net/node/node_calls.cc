#include "net/node/node.h"

#include <utility>

namespace timestore::net {

// Who has ended already has no deadline any more.
void Node::limit(const std::shared_ptr<Call>& call, Deadline deadline) {
  if (call->has_ended) return;
  call->alarm = alarms_.set(deadline, [call] { call->give_up(); });
}

bool Node::end(Call& call) {
  if (std::exchange(call.has_ended, true)) return false;
  if (call.alarm) alarms_.cancel(*call.alarm);
  return true;
}

Node::Withdraw Node::withdraw(std::shared_ptr<Call> call) {
  return [this, call = std::move(call)] {
    post([call] {
      if (!call->has_ended) call->give_up();
    });
  };
}

Node::Withdraw Node::begin_write(std::vector<TimeEntry> entries, Deadline deadline, client::WriteCallback done) {
  auto shared = std::make_shared<std::vector<TimeEntry>>(std::move(entries));
  return begin_write(
      [this, shared](client::WriteCallback callback) {
        return client::submit(*replica_, std::move(*shared), std::move(callback));
      },
      deadline, std::move(done));
}

Node::Withdraw Node::begin_write(client::LinesCommand lines, Deadline deadline, client::WriteCallback done) {
  return begin_write(
      [this, lines = std::move(lines)](client::WriteCallback callback) {
        return client::submit(*replica_, lines, std::move(callback));
      },
      deadline, std::move(done));
}

Node::Withdraw Node::begin_write(BeginWrite begin, Deadline deadline, client::WriteCallback done) {
  auto call = std::make_shared<Call>();
  post([this, call, deadline, begin = std::move(begin), done = std::move(done)]() mutable {
    const auto ticket = begin([this, call, done = std::move(done)](client::WriteEnd how) {
      if (end(*call)) done(std::move(how));
    });
    call->give_up = [this, ticket] { replica_->give_up(ticket); };
    limit(call, deadline);
  });
  return withdraw(std::move(call));
}

Node::Withdraw Node::begin_read(BeginRead begin, Deadline deadline, ReadDone done) {
  auto call = std::make_shared<Call>();
  post([this, call, deadline, begin = std::move(begin), done = std::move(done)]() mutable {
    const auto ticket = begin([this, call, done = std::move(done)](bool granted, raft::Index index) {
      if (end(*call)) done(granted ? std::optional(index) : std::nullopt);
    });
    call->give_up = [this, ticket] { replica_->give_up_read(ticket); };
    limit(call, deadline);
  });
  return withdraw(std::move(call));
}

Node::Withdraw Node::begin_confirm(Deadline deadline, ReadDone done) {
  return begin_read([this](replica::ReadCallback callback) { return replica_->read(std::move(callback)); }, deadline,
                    std::move(done));
}

Node::Withdraw Node::begin_await_applied(raft::Index index, Deadline deadline, ReadDone done) {
  return begin_read(
      [this, index](replica::ReadCallback callback) { return replica_->await_applied(index, std::move(callback)); },
      deadline, std::move(done));
}

void Node::begin_answer(raft::NodeId from, raft::Message request, Deadline deadline, AnswerDone done) {
  post([this, deadline, from = std::move(from), request = std::move(request), done = std::move(done)]() mutable {
    auto call = std::make_shared<Call>();
    const raft::Correlation correlation = transport_.expect_answer([this, call, done](raft::Message answer) {
      if (end(*call)) done(std::move(answer));
    });
    call->give_up = [this, call = call.get(), correlation, done = std::move(done)] {
      transport_.give_up(correlation);
      if (end(*call)) done(std::nullopt);
    };
    replica_->receive(std::move(from), std::move(request), correlation);
    limit(call, deadline);
  });
}

void Node::begin_status(std::function<void(replica::Status)> done) {
  post([this, done = std::move(done)] { done(replica_->status()); });
}

Node::Withdraw Node::begin_await_change(Leadership known, Deadline deadline, std::function<void()> done) {
  auto call = std::make_shared<Call>();
  post([this, call, deadline, known = std::move(known), done = std::move(done)]() mutable {
    if (leadership() != known || retired_) {
      end(*call);
      return done();
    }
    const std::uint64_t place = ++last_awaiting_;
    await_change_.emplace(place, [this, call, done] {
      if (end(*call)) done();
    });
    call->give_up = [this, call = call.get(), place, done = std::move(done)] {
      await_change_.erase(place);
      if (end(*call)) done();
    };
    limit(call, deadline);
  });
  return withdraw(std::move(call));
}

// They may ask again meanwhile.
void Node::tell_change() {
  for (const auto& [place, tell] : std::exchange(await_change_, {})) tell();
}

namespace {

// The result of what begins with a function that is told about it.
template <typename Result, typename Begin>
Result result_of(Begin begin) {
  auto promise = std::make_shared<std::promise<Result>>();
  auto future = promise->get_future();
  begin([promise](Result result) { promise->set_value(std::move(result)); });
  return future.get();
}

}  // namespace

client::WriteEnd Node::write(std::vector<TimeEntry> entries, Deadline deadline) {
  return result_of<client::WriteEnd>([&](auto done) { begin_write(std::move(entries), deadline, std::move(done)); });
}

client::WriteEnd Node::order(const RetentionOrder& order, Deadline deadline) {
  const BeginWrite submit = [this, order](client::WriteCallback callback) {
    return client::submit(*replica_, order, std::move(callback));
  };
  return result_of<client::WriteEnd>([&](auto done) { begin_write(submit, deadline, std::move(done)); });
}

client::WriteEnd Node::erase(const DeleteOrder& order, Deadline deadline) {
  const BeginWrite submit = [this, order](client::WriteCallback callback) {
    return client::submit(*replica_, order, std::move(callback));
  };
  return result_of<client::WriteEnd>([&](auto done) { begin_write(submit, deadline, std::move(done)); });
}

std::optional<raft::Index> Node::confirm_read(Deadline deadline) {
  return result_of<std::optional<raft::Index>>([&](auto done) { begin_confirm(deadline, std::move(done)); });
}

bool Node::await_applied(raft::Index index, Deadline deadline) {
  return result_of<std::optional<raft::Index>>(
             [&](auto done) { begin_await_applied(index, deadline, std::move(done)); })
      .has_value();
}

std::optional<raft::Message> Node::answer(raft::NodeId from, raft::Message request, Deadline deadline) {
  return result_of<std::optional<raft::Message>>(
      [&](auto done) { begin_answer(std::move(from), std::move(request), deadline, std::move(done)); });
}

}  // namespace timestore::net
