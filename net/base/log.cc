#include "net/base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "engine/base/json_text.h"

namespace timestore::net {

namespace {

// %Q: the message as a JSON string.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string text;
    append_json_string(text, std::string_view(message.payload.data(), message.payload.size()));
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

void start_log(const std::string& level, const std::string& format, const std::string& node_id) {
  auto logger = std::make_shared<spdlog::logger>("timestore", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonMessage>('Q');
  formatter->set_pattern(format == "json" ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","node":")" + node_id +
                                                R"(","message":%Q})"
                                          : "%Y-%m-%dT%H:%M:%S.%eZ %-8l %v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_level(const std::string& level) { spdlog::set_level(spdlog::level::from_str(level)); }

// A string view is logged as it is: what it quotes is never taken for a format.
void log_debug(std::string_view sentence) { spdlog::debug(sentence); }
bool is_debug_logged() { return spdlog::should_log(spdlog::level::debug); }
void log_info(std::string_view sentence) { spdlog::info(sentence); }
void log_warning(std::string_view sentence) { spdlog::warn(sentence); }
void log_error(std::string_view sentence) { spdlog::error(sentence); }
void log_critical(std::string_view sentence) { spdlog::critical(sentence); }

}  // namespace timestore::net
