#include "sim/clients/line_writer.h"

#include <bit>
#include <limits>
#include <map>
#include <utility>

#include "engine/base/mark.h"
#include "sim/words/wall_clock.h"

namespace timestore::sim {

namespace {

using points::Type;

// A write in the making.
class Lines {
 public:
  explicit Lines(std::string database, bool keeps_good_lines)
      : write_{.database = std::move(database), .keeps_good_lines = keeps_good_lines} {}

  void add(const std::string& series, bool is_device, Type type, std::int64_t time_ns, std::uint64_t bits,
           std::string text = "") {
    const auto [place, is_new] = places_.emplace(std::pair(series, type), write_.series.size());
    if (is_new) write_.series.push_back({.name = series, .is_device = is_device, .type = type});
    write_.points.push_back({.series = place->second, .time_ns = time_ns, .bits = bits, .text = std::move(text)});
  }
  void end_line() { write_.line_ends.push_back(static_cast<std::uint32_t>(write_.points.size())); }
  LineWrite finish() { return std::move(write_); }

 private:
  LineWrite write_;
  std::map<std::pair<std::string, Type>, std::uint32_t> places_;
};

std::uint64_t any_bits(Stream& choices, Type type) {
  const std::uint64_t number = choices.below(1000);
  const std::uint64_t kind = choices.below(8);
  switch (type) {
    case Type::kFloat:
      if (kind == 7) return std::bit_cast<std::uint64_t>(-0.0);
      if (kind == 6) return std::bit_cast<std::uint64_t>(static_cast<double>(number) / 7);
      return std::bit_cast<std::uint64_t>(static_cast<double>(number));
    case Type::kInteger:
    case Type::kUnsigned:
      return kind == 7 ? std::numeric_limits<std::uint64_t>::max() - number : number;
    case Type::kBoolean:
      return number % 2;
    case Type::kString:
      return 0;
  }
  return 0;
}

}  // namespace

LineWriter::LineWriter(World& world, Front* front, const LineOptions& options, Choices& choices)
    : world_(world), front_(front), options_(options), choices_(choices.stream("lines")) {}

void LineWriter::begin() {
  is_active_ = options_.pause > 0;
  if (is_active_) plan_next();
}

void LineWriter::plan_next() {
  Stream choices = choices_.on(++occasion_);
  const Time pause = choices.between(options_.pause / 2, options_.pause * 3 / 2);
  world_.after(pause, [this, choices] {
    if (!is_active_) return;
    act(choices);
    plan_next();
  });
}

void LineWriter::act(Stream choices) {
  const std::uint64_t whom = choices.below(3 * world_.size());
  const auto leader = world_.cluster().leader();
  const std::size_t node = whom < world_.size() || !leader ? whom % world_.size() : *leader;
  Oracle& oracle = world_.cluster().oracle();
  const std::uint64_t operation = oracle.next_line_operation();
  const auto write = std::make_shared<const LineWrite>(make_write(choices, operation));
  if (!world_.cluster().is_up(node)) return;
  oracle.lines_begin(write);
  ++waiting_;
  const auto done = [this, operation](const client::WriteEnd& end) { ended(operation, end); };
  const client::LinesCommand command = client::command_of(*write);
  if (front_ != nullptr) return front_->write(node, operation, command, world_.now() + options_.patience, done);
  const std::uint64_t life = world_.cluster().life(node);
  const auto ticket = client::submit(world_.cluster()[node], command, done);
  world_.after(options_.patience, [this, node, life, ticket] {
    if (world_.cluster().is_up(node) && world_.cluster().life(node) == life) world_.cluster()[node].give_up(ticket);
  });
  world_.wake(node);
}

void LineWriter::ended(std::uint64_t operation, const client::WriteEnd& end) {
  --waiting_;
  world_.cluster().oracle().lines_end(operation, end);
}

// As other clients' points, so that lines stand between them, at times to the nanosecond.
std::int64_t LineWriter::make_time(Stream& choices) const {
  const std::uint64_t drawn = choices.below(1000);
  if (options_.span == 0) return wall_ns(0) + static_cast<std::int64_t>(drawn % 100) * 10'000'000;
  return wall_ns(world_.now()) - nanoseconds(options_.span) * static_cast<std::int64_t>(drawn % 450) / 300;
}

LineWrite LineWriter::make_write(Stream& choices, std::uint64_t operation) const {
  const bool is_other = choices.chance(1, 3);
  Lines lines(is_other ? "other" : "", choices.chance(2, 3));
  lines.add("op n", false, Type::kInteger, wall_ns(world_.now()), operation);
  lines.end_line();
  static constexpr std::pair<const char*, Type> kFields[] = {
      {"f", Type::kFloat}, {"i", Type::kInteger}, {"u", Type::kUnsigned}, {"b", Type::kBoolean}, {"s", Type::kString}};
  for (std::uint64_t count = 1 + choices.below(options_.lines); count > 0; --count) {
    const std::int64_t time_ns = make_time(choices);
    const std::uint64_t kind = choices.below(4);
    const std::string device = "device-" + std::to_string(choices.below(options_.devices));
    const bool is_wrong = choices.chance(1, 40);
    if (kind == 0) {
      const std::uint64_t bits = std::bit_cast<std::uint64_t>(static_cast<double>(choices.below(1000)));
      lines.add(device, true, is_wrong ? Type::kInteger : Type::kFloat, time_ns, bits);
      lines.end_line();
      continue;
    }
    const std::string key = kind == 1 ? "m " : "m,t=" + std::string(1, static_cast<char>('a' + choices.below(3))) + " ";
    const std::uint64_t fields = 1 + choices.below(31);  // which of them
    for (std::size_t at = 0; at < std::size(kFields); ++at) {
      if ((fields >> at & 1) == 0) continue;
      const Type type = is_wrong ? kFields[(at + 1) % std::size(kFields)].second : kFields[at].second;
      const std::uint64_t bits = any_bits(choices, type);
      const std::string text = type == Type::kString ? std::string(choices.below(40), 's') : std::string();
      lines.add(key + kFields[at].first, false, type, time_ns, bits, text);
    }
    lines.end_line();
  }
  return lines.finish();
}

}  // namespace timestore::sim
