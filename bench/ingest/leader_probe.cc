#include "bench/ingest/leader_probe.h"

#include <array>
#include <chrono>

#include "bench/ingest/entry_requests.h"
#include "bench/ingest/response_parser.h"
#include "bench/ingest/socket.h"

namespace timestore::bench {
namespace {

constexpr int kTimeoutSeconds = 5;

std::string redirectable_request(const Target& target) {
  EntryRequests requests(target, {});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string request =
      requests.request(requests.next(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()));
  constexpr std::string_view kPath = "/api/timeseries";
  return request.insert(request.find(kPath) + kPath.size(), "?redirect=true");
}

}  // namespace

Result<Target> leader_of(const Target& target) {
  const auto address = resolve(target);
  if (!address) return tl::unexpected(address.error());
  const auto socket = connect_within(*address, kTimeoutSeconds);
  if (!socket) return tl::unexpected(socket.error());

  const std::string request = redirectable_request(target);
  if (::send(socket->descriptor(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return fail(target.authority() + " does not take a request.");
  }
  ResponseParser parser;
  ResponseParser::Progress progress = ResponseParser::Progress::kIncomplete;
  while (progress == ResponseParser::Progress::kIncomplete) {
    std::array<char, 4096> buffer;
    const ssize_t received = ::recv(socket->descriptor(), buffer.data(), buffer.size(), 0);
    if (received <= 0) return fail(target.authority() + " does not answer.");
    progress = parser.feed({buffer.data(), static_cast<std::size_t>(received)});
  }
  if (progress == ResponseParser::Progress::kMalformed) return fail(target.authority() + " does not speak HTTP/1.1.");
  const Response response = parser.take();
  if (response.status == 307) return parse_target(response.location);
  if (response.status == 200) return target;
  return fail(target.authority() + " answers " + std::to_string(response.status) + " and names no leader.");
}

}  // namespace timestore::bench
