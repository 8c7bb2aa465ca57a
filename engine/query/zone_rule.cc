#include "engine/query/zone_rule.h"

#include <date/ptz.h>

#include <chrono>
#include <exception>

namespace timestore::query {
namespace {

class PosixRule : public ZoneRule {
 public:
  explicit PosixRule(const std::string& text) : zone_(text) {}

  Stretch at(int64_t time_s) const override {
    const date::sys_info info = zone_.get_info(date::sys_seconds(std::chrono::seconds(time_s)));
    return {info.offset.count(), info.end.time_since_epoch().count()};
  }

 private:
  Posix::time_zone zone_;
};

}  // namespace

std::unique_ptr<ZoneRule> ZoneRule::parse(const std::string& text) {
  try {
    return std::make_unique<PosixRule>(text);
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace timestore::query
