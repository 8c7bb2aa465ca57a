#include "net/http/router.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace timestore::http {
namespace {

Router router_for(const std::vector<std::pair<std::string, std::string>>& routes) {
  Router router;
  for (const auto& [method, pattern] : routes) router.add({method, pattern, [](const Request&, Response&) {}});
  return router;
}

// "" where nothing matches.
std::string pattern_found(const Router& router, const std::string& method, const std::string& path) {
  const auto match = router.find(method, path);
  return match.route == nullptr ? "" : match.route->pattern;
}

TEST(Router, prefers_literals_to_parameters_whatever_the_order_of_adding) {
  const Router one = router_for({{"GET", "/p/{id}"}, {"GET", "/p/all"}, {"GET", "/p/{id}/x"}, {"GET", "/p/all/{y}"}});
  const Router two = router_for({{"GET", "/p/all/{y}"}, {"GET", "/p/{id}/x"}, {"GET", "/p/all"}, {"GET", "/p/{id}"}});
  for (const Router* router : {&one, &two}) {
    EXPECT_EQ(pattern_found(*router, "GET", "/p/all"), "/p/all");
    EXPECT_EQ(pattern_found(*router, "GET", "/p/other"), "/p/{id}");
    EXPECT_EQ(pattern_found(*router, "GET", "/p/all/x"), "/p/all/{y}");
    EXPECT_EQ(pattern_found(*router, "GET", "/p/other/x"), "/p/{id}/x");
    EXPECT_EQ(pattern_found(*router, "GET", "/p/other/y"), "");
  }
}

TEST(Router, takes_an_encoded_slash_for_a_character_of_its_segment) {
  const Router router = router_for({{"GET", "/device/{name}"}});
  const auto match = router.find("GET", "/device/a%2Fb%252F");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.path_parameters.front(), (std::pair<std::string, std::string>("name", "a/b%2F")));
}

TEST(Router, needs_text_for_a_parameter) {
  const Router router = router_for({{"GET", "/device/{name}"}, {"GET", "/a/{x}/b"}});
  EXPECT_EQ(pattern_found(router, "GET", "/device/"), "");
  EXPECT_EQ(pattern_found(router, "GET", "/a//b"), "");
}

TEST(Router, ignores_one_slash_at_the_end) {
  const Router router = router_for({{"GET", "/"}, {"GET", "/a/b"}});
  EXPECT_EQ(pattern_found(router, "GET", "/"), "/");
  EXPECT_EQ(pattern_found(router, "GET", "/a/b/"), "/a/b");
  EXPECT_EQ(pattern_found(router, "GET", "/a/b//"), "");
}

TEST(Router, decodes_literals_too) { EXPECT_EQ(pattern_found(router_for({{"GET", "/abc"}}), "GET", "/a%62c"), "/abc"); }

TEST(Router, takes_literals_in_any_case_and_leaves_parameters_theirs) {
  const Router router = router_for({{"GET", "/api/timeseries/device/{deviceId}"}, {"GET", "/api/timeseries"}});
  for (const char* path : {"/api/TimeSeries", "/API/TIMESERIES/", "/Api/%54imeSeries", "/%61pi/timeserie%53"}) {
    EXPECT_EQ(pattern_found(router, "GET", path), "/api/timeseries") << path;
  }
  const auto match = router.find("GET", "/api/TimeSeries/Device/Ofen%41");
  ASSERT_NE(match.route, nullptr);
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->pattern, "/api/timeseries/device/{deviceId}");
  EXPECT_EQ(match.path_parameters.front().second, "OfenA");
  EXPECT_EQ(pattern_found(router, "get", "/api/timeseries"), "");  // methods are told apart by case
  EXPECT_EQ(pattern_found(router, "GET", "/api/timeserie%zz"), "");
}

TEST(Router, tells_the_methods_of_a_path) {
  const Router router = router_for({{"GET", "/a"}, {"POST", "/a"}, {"PUT", "/b"}});
  EXPECT_EQ(router.find("DELETE", "/a").allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.find("DELETE", "/a").route, nullptr);
  EXPECT_EQ(router.find("GET", "/b").allow, "PUT, OPTIONS");
  EXPECT_EQ(router.find("GET", "/c").allow, "");
}

TEST(Router, answers_head_with_the_get_route) {
  EXPECT_EQ(pattern_found(router_for({{"GET", "/a"}, {"POST", "/b"}}), "HEAD", "/a"), "/a");
  EXPECT_EQ(pattern_found(router_for({{"GET", "/a"}, {"POST", "/b"}}), "HEAD", "/b"), "");
}

TEST(Router, reports_a_parameter_that_cannot_be_decoded) {
  EXPECT_TRUE(router_for({{"GET", "/a/{x}"}}).find("GET", "/a/%zz").malformed);
}

// The oracle tries every pattern, and marks literals with 0 and names with 1: the least row of marks wins.
RC_GTEST_PROP(Router, finds_what_trying_every_pattern_finds, ()) {
  const auto path_of = [](const auto& alphabet) {
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(alphabet)),
                        [](const std::vector<std::string>& segments) {
                          std::string path;
                          for (const std::string& segment : segments) path += "/" + segment;
                          return path.empty() ? std::string("/") : path;
                        });
  };
  const std::vector<std::string> letters{"a", "b"};
  const std::vector<std::string> letters_and_name{"a", "b", "{x}"};
  const auto patterns = *rc::gen::container<std::set<std::string>>(rc::gen::resize(4, path_of(letters_and_name)));
  const auto path = *rc::gen::resize(4, path_of(letters));

  std::string best;
  std::string best_marks;
  for (const std::string& pattern : patterns) {
    std::string text;
    std::string marks;
    for (std::size_t i = 0, at = 0; i < pattern.size() && at < path.size(); ++i, ++at) {
      const bool named = pattern[i] == '{';
      text += named ? path[at] : pattern[i];
      marks += named ? '1' : '0';
      if (named) i += 2;
    }
    const bool all_of_pattern =
        std::count(pattern.begin(), pattern.end(), '/') == std::count(path.begin(), path.end(), '/');
    if (text != path || !all_of_pattern || (pattern == "/") != (path == "/")) continue;
    if (best.empty() || marks < best_marks) best = pattern, best_marks = marks;
  }

  Router router;
  for (const std::string& pattern : patterns) router.add({"GET", pattern, [](const Request&, Response&) {}});
  RC_ASSERT(pattern_found(router, "GET", path) == best);
}

TEST(RouterDeathTest, refuses_two_routes_for_one_method_and_pattern) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(router_for({{"GET", "/a"}, {"GET", "/a"}}), "one route");
}

}  // namespace
}  // namespace timestore::http
