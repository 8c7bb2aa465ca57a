// Which handler answers which request.
//
// A pattern is a path of literal segments and {named} ones: "/api/devices/{id}/points". A named segment matches one
// non-empty segment and hands its percent-decoded text to the handler. Where two patterns match, the one with a literal
// at the first difference wins, and it alone decides which methods are allowed. Literals match in any case (of ASCII),
// parameters keep theirs. One slash at the end of a path is ignored. The router knows no sockets and no bodies.
//
// A path is compared here and nowhere else, segment by segment and decoded: whatever depends on the path (workers,
// memory, limits, whom it is for) stands in the route that was found.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/message.h"
#include "net/http/problem.h"
#include "net/http/reply.h"

namespace timestore::http {

// Answers before it returns, on a worker's thread, and may block there. May throw: that is answered 500 and logged.
using Handler = std::function<void(const Request&, Response&)>;

// Whom a route is for.
enum class Audience : unsigned char {
  kOpen,     // anybody
  kClients,  // who stores and reads
  kAdmins,   // who operates the cluster
  kPeers,    // its other nodes
};

// Whose threads and memory a route's requests may take; none can take those of another.
enum class Pool : unsigned char { kClients, kAdmins, kPeers };
inline constexpr std::size_t kPools = 3;

// What a route takes as the request's body.
struct BodyRules {
  std::vector<std::string> media_types = {};  // Lower case, without parameters; empty: any. Others are answered
                                              // 415. JSON stands for text/json and application/...+json, too.
  bool content_type_required = false;         // A body without Content-Type is answered 415.
  std::size_t max_bytes = 0;                  // 0: the server's limit.
  std::size_t max_unpacked_bytes = 0;         // Of what was compressed; 0: max_bytes.
};

// How a route that has its own words for problems says what kept its handler from being asked.
using Refuse = std::function<void(const Problem&, const Request&, Response&)>;

struct Route {
  std::string method;  // A GET route answers HEAD too.
  std::string pattern;
  Handler handler;  // or `later`
  // Without rules, a body is discarded where it is small, and ends the connection after the answer where it is large.
  std::optional<BodyRules> body = {};
  Audience audience = Audience::kClients;
  std::optional<Pool> pool = {};  // none: that of its audience
  LaterHandler later = {};        // in place of `handler`
  Refuse refuse = {};             // none: as the problem that it is

  [[nodiscard]] Pool pool_taken() const;
};

class Router {
 public:
  // A pattern without a leading '/', or a second route for the same method and pattern, is a bug.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // Null where the path or the method is unknown.
    std::vector<std::pair<std::string, std::string>> path_parameters = {};
    Pool pool = Pool::kClients;  // Of a known path, whatever the method.
    std::string allow = {};  // Of a known path without a route for the method: those that it has, for the Allow header.
    bool malformed = false;  // The path cannot be decoded.
  };

  // `path` is still percent-encoded.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

 private:
  struct Segment {
    std::string text;  // The literal, or the name.
    bool named = false;
    bool operator==(const Segment&) const = default;
  };
  struct Resource {  // All routes of one pattern.
    std::vector<Segment> segments;
    std::vector<Route> routes;
  };

  static std::vector<Segment> parse_pattern(std::string_view pattern);
  static bool matches(const Resource& resource, const std::vector<std::string_view>& segments);
  static bool is_more_specific(const Resource& left, const Resource& right);
  static Match choose(const Resource& resource, std::string_view method, const std::vector<std::string_view>& segments);
  static std::string methods_of(const Resource& resource);

  std::vector<Resource> resources_;  // More specific ones first.
};

}  // namespace timestore::http
