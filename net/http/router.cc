#include "net/http/router.h"

#include <algorithm>

#include "engine/base/check.h"
#include "net/http/head.h"
#include "net/http/target.h"

namespace timestore::http {
namespace {

// "/a/b" and "/a/b/" are the segments a, b; "/" has none.
std::vector<std::string_view> segments_of(std::string_view path) {
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? std::vector<std::string_view>{} : split(path, '/');
}

}  // namespace

Pool Route::pool_taken() const {
  if (pool) return *pool;
  switch (audience) {
    case Audience::kOpen:
    case Audience::kClients:
      return Pool::kClients;
    case Audience::kAdmins:
      return Pool::kAdmins;
    case Audience::kPeers:
      return Pool::kPeers;
  }
  return Pool::kClients;  // Unreachable: the switch names every audience.
}

void Router::add(Route route) {
  TIMESTORE_CHECK(!route.pattern.empty() && route.pattern.front() == '/', "a pattern begins with '/'");
  TIMESTORE_CHECK((route.handler != nullptr) != (route.later != nullptr), "a route has one handler");
  const auto segments = parse_pattern(route.pattern);
  auto resource = std::find_if(resources_.begin(), resources_.end(),
                               [&](const Resource& known) { return known.segments == segments; });
  if (resource != resources_.end()) {
    for (const Route& known : resource->routes) {
      TIMESTORE_CHECK(known.method != route.method, "a method and pattern have one route");
    }
    resource->routes.push_back(std::move(route));
    return;
  }
  Resource fresh{segments, {}};
  fresh.routes.push_back(std::move(route));
  const auto place = std::upper_bound(resources_.begin(), resources_.end(), fresh, is_more_specific);
  resources_.insert(place, std::move(fresh));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const auto segments = segments_of(path);
  for (const Resource& resource : resources_) {
    if (matches(resource, segments)) return choose(resource, method, segments);
  }
  return {};
}

std::vector<Router::Segment> Router::parse_pattern(std::string_view pattern) {
  std::vector<Segment> segments;
  for (const std::string_view text : segments_of(pattern)) {
    const bool named = text.size() > 2 && text.front() == '{' && text.back() == '}';
    segments.push_back({std::string(named ? text.substr(1, text.size() - 2) : text), named});
  }
  return segments;
}

bool Router::matches(const Resource& resource, const std::vector<std::string_view>& segments) {
  return std::equal(resource.segments.begin(), resource.segments.end(), segments.begin(), segments.end(),
                    [](const Segment& pattern, std::string_view text) {
                      if (pattern.named) return !text.empty();
                      if (equal_ignoring_case(pattern.text, text)) return true;
                      return text.find('%') != std::string_view::npos &&
                             equal_ignoring_case(pattern.text, percent_decoded(text).value_or(""));
                    });
}

// Only the order of resources that can match one path matters: those are of one length and agree in their literals.
bool Router::is_more_specific(const Resource& left, const Resource& right) {
  return std::lexicographical_compare(left.segments.begin(), left.segments.end(), right.segments.begin(),
                                      right.segments.end(),
                                      [](const Segment& a, const Segment& b) { return !a.named && b.named; });
}

std::string Router::methods_of(const Resource& resource) {
  std::string methods;
  for (const Route& route : resource.routes) {
    if (!methods.empty()) methods += ", ";
    methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (methods.find("OPTIONS") == std::string::npos) methods += ", OPTIONS";
  return methods;
}

Router::Match Router::choose(const Resource& resource, std::string_view method,
                             const std::vector<std::string_view>& segments) {
  Match match;
  for (const Route& route : resource.routes) {
    if (route.method == method) match.route = &route;
    if (route.method == "GET" && method == "HEAD" && match.route == nullptr) match.route = &route;
  }
  match.pool = (match.route != nullptr ? *match.route : resource.routes.front()).pool_taken();
  if (match.route == nullptr) match.allow = methods_of(resource);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!resource.segments[i].named) continue;
    auto text = percent_decoded(segments[i]);
    match.malformed = match.malformed || !text;
    match.path_parameters.emplace_back(resource.segments[i].text, text.value_or(""));
  }
  return match;
}

}  // namespace timestore::http
