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

const std::string& Request::path_parameter(std::string_view name) const {
  const auto found = std::find_if(path_parameters.begin(), path_parameters.end(),
                                  [&](const auto& parameter) { return parameter.first == name; });
  TIMESTORE_CHECK(found != path_parameters.end(), "a handler asked for a path parameter that its pattern lacks");
  return found->second;
}

void Router::add(Route route) {
  TIMESTORE_CHECK(!route.pattern.empty() && route.pattern.front() == '/', "a pattern begins with '/'");
  TIMESTORE_CHECK(route.handler != nullptr, "a route has a handler");
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
                      return equal_ignoring_case(pattern.text, text) ||
                             equal_ignoring_case(pattern.text, percent_decoded(text).value_or(""));
                    });
}

// Only the order of resources that can match one path matters: those are of one length and agree in their literals.
bool Router::is_more_specific(const Resource& left, const Resource& right) {
  return std::lexicographical_compare(left.segments.begin(), left.segments.end(), right.segments.begin(),
                                      right.segments.end(),
                                      [](const Segment& a, const Segment& b) { return !a.named && b.named; });
}

Router::Match Router::choose(const Resource& resource, std::string_view method,
                             const std::vector<std::string_view>& segments) {
  Match match;
  match.pattern = resource.routes.front().pattern;
  for (const Route& route : resource.routes) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method == "GET" ? "GET, HEAD" : route.method;
    if (route.method == method) match.route = &route;
    if (route.method == "GET" && method == "HEAD" && match.route == nullptr) match.route = &route;
  }
  if (match.allow.find("OPTIONS") == std::string::npos) match.allow += ", OPTIONS";
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!resource.segments[i].named) continue;
    auto text = percent_decoded(segments[i]);
    match.malformed = match.malformed || !text;
    match.path_parameters.emplace_back(resource.segments[i].text, text.value_or(""));
  }
  return match;
}

}  // namespace timestore::http
