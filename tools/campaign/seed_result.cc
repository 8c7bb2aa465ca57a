#include "tools/campaign/seed_result.h"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace timestore::campaign {
namespace {

// Both directions visit the same fields in the same order, described once in visit() below.
class Writer {
 public:
  void number(const std::uint64_t& value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(value.size());
    out_ += value;
  }
  template <typename Item, typename Visit>
  void list(const std::vector<Item>& items, const Visit& visit) {
    number(items.size());
    for (const Item& item : items) visit(item);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  void number(std::uint64_t& value) {
    if (const auto bytes = take(sizeof value)) std::memcpy(&value, bytes->data(), sizeof value);
  }
  void text(std::string& value) {
    std::uint64_t size = 0;
    number(size);
    if (const auto bytes = take(size)) value = *bytes;
  }
  template <typename Item, typename Visit>
  void list(std::vector<Item>& items, const Visit& visit) {
    std::uint64_t size = 0;
    number(size);
    for (; size > 0 && is_good_; --size) visit(items.emplace_back());
  }
  bool is_complete() const { return is_good_ && rest_.empty(); }

 private:
  std::optional<std::string_view> take(std::uint64_t size) {
    is_good_ = is_good_ && size <= rest_.size();
    if (!is_good_) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

// The parts of a result that are not plain numbers, texts or lists of them.
struct Flat {
  std::uint64_t cpu_microseconds = 0;
  std::uint64_t nodes = 0;
  std::vector<sim::Violation> violation;  // at most one
  std::vector<std::pair<std::string, std::uint64_t>> faults_by_kind;
};

template <typename Visitor, typename Report, typename Parts>
void visit(Visitor& visitor, Report& report, Parts& flat) {
  for (auto* field : {&report.seed, &report.hash, &report.events, &report.simulated, &report.leader_changes,
                      &report.commits, &report.restarts, &report.faults, &report.messages, &report.searched_histories,
                      &report.left_out_histories, &flat.nodes, &flat.cpu_microseconds}) {
    visitor.number(*field);
  }
  visitor.list(flat.violation, [&](auto& violation) {
    for (auto* field : {&violation.checker, &violation.rule, &violation.detail}) visitor.text(*field);
  });
  visitor.list(flat.faults_by_kind, [&](auto& fault) {
    visitor.text(fault.first);
    visitor.number(fault.second);
  });
  visitor.list(report.timeline, [&](auto& line) { visitor.text(line); });
  visitor.list(report.choices, [&](auto& choice) {
    visitor.text(choice.name);
    for (auto* field : {&choice.subject, &choice.occasion, &choice.counter, &choice.value}) visitor.number(*field);
  });
  visitor.list(report.marks, [&](auto& count) { visitor.number(count); });
}

}  // namespace

std::string encode(const SeedResult& result) {
  const sim::RunReport& report = result.report;
  Flat flat{.cpu_microseconds = static_cast<std::uint64_t>(result.cpu.count()),
            .nodes = report.nodes,
            .violation = {},
            .faults_by_kind = {report.faults_by_kind.begin(), report.faults_by_kind.end()}};
  if (report.violation) flat.violation = {*report.violation};
  Writer writer;
  visit(writer, report, std::as_const(flat));
  return writer.take();
}

std::optional<SeedResult> decode(std::string_view bytes) {
  SeedResult result;
  sim::RunReport& report = result.report;
  Flat flat;
  Reader reader(bytes);
  visit(reader, report, flat);
  if (!reader.is_complete() || flat.violation.size() > 1) return std::nullopt;
  result.cpu = std::chrono::microseconds(flat.cpu_microseconds);
  report.nodes = flat.nodes;
  if (!flat.violation.empty()) report.violation = flat.violation.front();
  report.faults_by_kind = {flat.faults_by_kind.begin(), flat.faults_by_kind.end()};
  return result;
}

}  // namespace timestore::campaign
