#include "net/http/answer.h"

#include <zlib.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "net/http/date.h"
#include "net/http/head.h"
#include "net/http/problem.h"

namespace timestore::http {
namespace {

// Compressing a smaller answer costs more than it saves.
constexpr std::size_t kMinCompressedBytes = 1 << 10;

bool is_compressible(std::string_view type) {
  type = trimmed(type.substr(0, type.find(';')));
  return type.starts_with("text/") || type.starts_with("application/json") || type.ends_with("+json") ||
         type == "application/x-ndjson";
}

bool has_no_body(int status) { return status == 204 || status == 304; }

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// All but what says how the body is sent, and the empty line.
std::string begin_head(const Response& response, bool is_gzip, bool closes) {
  std::string out;
  out.reserve(512);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(reason_of(response.status)).append("\r\n");
  append_field(out, "Date", date_now());
  if (closes) append_field(out, "Connection", "close");
  for (const auto& [name, value] : response.headers) {
    // Those are said here only.
    if (equal_ignoring_case(name, "Date") || equal_ignoring_case(name, "Connection")) continue;
    append_field(out, name, value);
  }
  if (!response.content_type.empty() && !has_no_body(response.status)) {
    append_field(out, "Content-Type", response.content_type);
  }
  if (is_gzip) out += "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n";
  return out;
}

// Owns zlib's state for one compressed answer.
class Deflater {
 public:
  Deflater() {
    constexpr int kGzip = 16 + MAX_WBITS;
    constexpr int kMemory = 8;  // zlib's default
    ready_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Deflater() {
    if (ready_) deflateEnd(&stream_);
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  [[nodiscard]] bool is_ready() const { return ready_; }

  // Appends what becomes of `text`; `flush` as zlib has it.
  void compress(std::string_view text, int flush, std::string& out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    std::array<char, 16 << 10> piece;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = static_cast<uInt>(piece.size());
      deflate(&stream_, flush);
      out.append(piece.data(), piece.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

// Sends pieces as they come, as chunks where the client knows them.
class ConnectionSink final : public Sink {
 public:
  ConnectionSink(Connection& connection, bool is_chunked, Deflater* deflater)
      : connection_(connection), is_chunked_(is_chunked), deflater_(deflater) {}

  bool write(std::string_view piece) override {
    if (piece.empty()) return !failed_;
    if (deflater_ == nullptr) return send(piece);
    compressed_.clear();
    deflater_->compress(piece, Z_SYNC_FLUSH, compressed_);
    return send(compressed_);
  }

  bool finish() {
    if (deflater_ != nullptr) {
      compressed_.clear();
      deflater_->compress({}, Z_FINISH, compressed_);
      if (!send(compressed_)) return false;
    }
    return !failed_ && (!is_chunked_ || connection_.send("0\r\n\r\n"));
  }

 private:
  bool send(std::string_view piece) {
    if (failed_) return false;
    if (!is_chunked_) return !(failed_ = !connection_.send(piece));
    std::array<char, 20> digits;
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
    chunk_.assign(digits.data(), static_cast<std::size_t>(end - digits.data()))
        .append("\r\n")
        .append(piece)
        .append("\r\n");
    return !(failed_ = !connection_.send(chunk_));
  }

  Connection& connection_;
  const bool is_chunked_;
  Deflater* deflater_;
  std::string compressed_;
  std::string chunk_;
  bool failed_ = false;
};

}  // namespace

Message compose(Response response, const AnswerPlan& plan) {
  std::string body = std::move(response.body);
  bool is_gzip = plan.accepts_gzip && body.size() >= kMinCompressedBytes && is_compressible(response.content_type) &&
                 !response.has_header("Content-Encoding");
  if (is_gzip) {
    Deflater deflater;
    std::string compressed;
    if (deflater.is_ready()) deflater.compress(body, Z_FINISH, compressed);
    is_gzip = deflater.is_ready() && compressed.size() < body.size();
    if (is_gzip) body = std::move(compressed);
  }
  Message message{.head = begin_head(response, is_gzip, plan.closes), .body = {}};
  if (!has_no_body(response.status)) {
    message.head += "Content-Length: ";
    append_number(message.head, body.size());
    message.head += "\r\n";
    if (!plan.is_head) message.body = std::move(body);
  }
  message.head += "\r\n";
  return message;
}

bool send_written(Connection& connection, const Response& response, const AnswerPlan& plan) {
  std::optional<Deflater> deflater;
  if (plan.accepts_gzip && is_compressible(response.content_type) && !response.has_header("Content-Encoding")) {
    deflater.emplace();
    if (!deflater->is_ready()) deflater.reset();
  }
  std::string head = begin_head(response, deflater.has_value(), plan.closes);
  if (plan.knows_chunks) append_field(head, "Transfer-Encoding", "chunked");
  head += "\r\n";
  if (!connection.send(head)) return false;
  if (plan.is_head) return true;
  ConnectionSink sink(connection, plan.knows_chunks, deflater ? &*deflater : nullptr);
  return response.writer(sink) && sink.finish();
}

bool accepts_gzip(std::string_view accept_encoding) {
  for (const std::string_view choice : split(accept_encoding, ',')) {
    const auto parts = split(choice, ';');
    if (!equal_ignoring_case(trimmed(parts.front()), "gzip")) continue;
    const std::string_view quality = parts.size() > 1 ? trimmed(parts[1]) : "q=1";
    return quality.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

}  // namespace timestore::http
