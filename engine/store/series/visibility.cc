#include "engine/store/series/visibility.h"

namespace timestore::store {

segments::Kept Visibility::kept() const {
  segments::Kept kept{.point = [this](const points::Point& point) { return shows(point); },
                      .first_time = retention_.edge_ns};
  if (sealed_ || fresh_) {
    kept.is_pierced = [this](const points::Extent& extent) {
      return (sealed_ && sealed_->reach(extent)) || (fresh_ && fresh_->reach(extent));
    };
  }
  return kept;
}

}  // namespace timestore::store
