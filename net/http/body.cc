#include "net/http/body.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace timestore::http {
namespace {

constexpr std::size_t kMaxChunkLineBytes = 256;
constexpr std::size_t kMaxTrailerBytes = 8 << 10;
constexpr std::size_t kGrowthBytes = 256 << 10;

tl::unexpected<Problem> too_large(std::size_t max_bytes) {
  return refuse(ProblemKind::kTooLarge, "The body may have at most " + std::to_string(max_bytes) + " bytes.");
}

tl::unexpected<Problem> no_memory() {
  return tl::unexpected<Problem>(Problem{.kind = ProblemKind::kUnavailable,
                                         .detail = "Too many large requests are being served; try again soon.",
                                         .retry_after_seconds = 1});
}

// A body that grows within its limit and its share of the memory.
class GrowingBody {
 public:
  // `likely_bytes`: how large it will be, as far as that is known; 0: it is not.
  GrowingBody(std::size_t max_bytes, std::size_t likely_bytes, BodyShare& share)
      : max_bytes_(max_bytes), step_bytes_(likely_bytes > 0 ? likely_bytes : kGrowthBytes), share_(share) {}

  tl::expected<void, Problem> append(std::string_view text) {
    const std::size_t size = text_.size() + text.size();
    if (size > max_bytes_) return too_large(max_bytes_);
    if (size > taken_) {
      const std::size_t more = std::max(size - taken_, std::min({kGrowthBytes, step_bytes_, max_bytes_ - taken_}));
      if (!share_.take(more)) return no_memory();
      taken_ += more;
    }
    text_ += text;
    return {};
  }
  std::string take() { return std::move(text_); }

 private:
  std::size_t max_bytes_;
  std::size_t step_bytes_;
  BodyShare& share_;
  std::size_t taken_ = 0;
  std::string text_;
};

class BodyReader {
 public:
  BodyReader(Connection& connection, const BodyPlan& plan, const Options& options, BodyShare& share)
      : connection_(connection),
        plan_(plan),
        options_(options),
        body_(plan.max_bytes, static_cast<std::size_t>(plan.content_length), share) {}

  Body read() {
    if (plan_.framing == BodyFraming::kLength && plan_.content_length > plan_.max_bytes)
      return too_large(plan_.max_bytes);
    if (plan_.expects_continue && plan_.framing != BodyFraming::kNone && connection_.input().empty()) {
      if (!connection_.send("HTTP/1.1 100 Continue\r\n\r\n")) return refuse(ProblemKind::kTimeout, "");
    }
    tl::expected<void, Problem> done;
    switch (plan_.framing) {
      case BodyFraming::kNone:
        break;
      case BodyFraming::kLength:
        done = copy(plan_.content_length);
        break;
      case BodyFraming::kChunked:
        done = read_chunks();
        break;
    }
    if (!done) return tl::unexpected(done.error());
    return body_.take();
  }

 private:
  tl::expected<void, Problem> receive_more() {
    const std::chrono::seconds earned(received_bytes_ / options_.minimum_bytes_per_second);
    const std::size_t before = connection_.input().size();
    switch (connection_.receive_until(started_ + options_.body_timeout + earned)) {
      case Input::kArrived:
        received_bytes_ += connection_.input().size() - before;
        return {};
      case Input::kNothing:
        return refuse(ProblemKind::kTimeout, "The body did not arrive in time.");
      case Input::kClosed:
        break;
    }
    return refuse(ProblemKind::kBadRequest, "The body ended early.");
  }

  tl::expected<void, Problem> copy(std::uint64_t size_bytes) {
    while (size_bytes > 0) {
      if (connection_.input().empty()) {
        if (auto more = receive_more(); !more) return more;
      }
      const std::string_view part = connection_.input().substr(0, size_bytes);
      if (auto appended = body_.append(part); !appended) return appended;
      size_bytes -= part.size();
      connection_.consume(part.size());
    }
    return {};
  }

  // Without its line break.
  tl::expected<std::string, Problem> read_line(std::size_t max_bytes) {
    for (;;) {
      const std::string_view input = connection_.input();
      const std::size_t end = input.substr(0, max_bytes + 2).find("\r\n");
      if (end != std::string_view::npos) {
        std::string line(input.substr(0, end));
        connection_.consume(end + 2);
        return line;
      }
      if (has_bare_line_break(input.substr(0, max_bytes + 2)))
        return refuse(ProblemKind::kBadRequest, "The lines of a chunked body end with CR LF, and one does not.");
      if (input.size() >= max_bytes + 2)
        return refuse(ProblemKind::kBadRequest, "A line of the chunked body is too long.");
      if (auto more = receive_more(); !more) return tl::unexpected(more.error());
    }
  }

  // Nothing where the line is not "<1 to 8 hexadecimal digits>[;extension]".
  static std::optional<std::uint64_t> chunk_size(std::string_view line) {
    const std::string_view digits = trimmed(line.substr(0, line.find(';')));
    if (digits.empty() || digits.size() > 8) return std::nullopt;
    std::uint64_t size = 0;
    for (const char c : digits) {
      const bool decimal = c >= '0' && c <= '9';
      const bool lower = c >= 'a' && c <= 'f';
      const bool upper = c >= 'A' && c <= 'F';
      if (!decimal && !lower && !upper) return std::nullopt;
      size = size * 16 + static_cast<std::uint64_t>(decimal ? c - '0' : lower ? c - 'a' + 10 : c - 'A' + 10);
    }
    return size;
  }

  tl::expected<void, Problem> read_chunks() {
    for (;;) {
      const auto line = read_line(kMaxChunkLineBytes);
      if (!line) return tl::unexpected(line.error());
      const auto size = chunk_size(*line);
      if (!size) return refuse(ProblemKind::kBadRequest, "A chunk does not begin with its size.");
      if (*size == 0) return skip_trailer();
      if (*size > plan_.max_bytes) return too_large(plan_.max_bytes);
      if (auto copied = copy(*size); !copied) return copied;
      const auto end = read_line(0);
      if (!end || !end->empty()) {
        return end ? refuse(ProblemKind::kBadRequest, "A chunk is longer than its size.") : tl::unexpected(end.error());
      }
    }
  }

  tl::expected<void, Problem> skip_trailer() {
    for (std::size_t size_bytes = 0; size_bytes <= kMaxTrailerBytes;) {
      const auto line = read_line(kMaxTrailerBytes);
      if (!line) return tl::unexpected(line.error());
      if (line->empty()) return {};
      size_bytes += line->size() + 2;
    }
    return refuse(ProblemKind::kBadRequest, "The trailer of the chunked body is too long.");
  }

  Connection& connection_;
  const BodyPlan& plan_;
  const Options& options_;
  GrowingBody body_;
  const Clock::time_point started_ = Clock::now();
  std::uint64_t received_bytes_ = 0;
};

// Owns zlib's state for one decompression.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK; }  // 16: the gzip format, nothing else.
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] bool is_ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

BodyShare::BodyShare(BodyShare&& other) noexcept
    : used_(other.used_), limit_(other.limit_), taken_(std::exchange(other.taken_, 0)) {}

BodyShare& BodyShare::operator=(BodyShare&& other) noexcept {
  give_back();
  used_ = other.used_;
  limit_ = other.limit_;
  taken_ = std::exchange(other.taken_, 0);
  return *this;
}

bool BodyShare::take(std::size_t size_bytes) {
  if (used_ == nullptr) return false;
  const std::size_t before = used_->fetch_add(size_bytes);
  if (before + size_bytes > limit_) {
    *used_ -= size_bytes;
    return false;
  }
  taken_ += size_bytes;
  return true;
}

// Where nothing is taken, what counts it may be gone.
void BodyShare::give_back() {
  if (taken_ > 0) *used_ -= std::exchange(taken_, 0);
}

bool has_arrived(const BodyPlan& plan, std::string_view input) {
  switch (plan.framing) {
    case BodyFraming::kNone:
      return true;
    case BodyFraming::kLength:
      return plan.content_length <= input.size();
    case BodyFraming::kChunked:
      return false;
  }
  return false;
}

Body gunzip(std::string_view compressed, std::size_t max_bytes, BodyShare& share) {
  Inflater inflater;
  if (!inflater.is_ready()) return no_memory();
  GrowingBody body(max_bytes, 0, share);
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::array<char, 16 << 10> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END) return refuse(ProblemKind::kBadRequest, "The body is not valid gzip.");
    if (auto added = body.append({piece.data(), piece.size() - stream.avail_out}); !added) {
      return tl::unexpected(added.error());
    }
    if (code == Z_OK) continue;
    if (stream.avail_in == 0) return body.take();
    inflateReset(&stream);
  }
}

Body read_body(Connection& connection, const BodyPlan& plan, const Options& options, BodyShare& share) {
  Body body = BodyReader(connection, plan, options, share).read();
  if (!body || !plan.is_gzip || body->empty()) return body;
  return gunzip(*body, plan.max_unpacked_bytes > 0 ? plan.max_unpacked_bytes : plan.max_bytes, share);
}

}  // namespace timestore::http
