#include "tools/settings_reader.h"

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>

#include "engine/base/check.h"

namespace timestore::tools {

namespace {

using net::SettingsText;

constexpr std::size_t kTypingErrors = 3;  // so many letters apart, a name may be meant

struct EnvironmentName {
  const char* flag;
  const char* name;  // the original's
};
constexpr EnvironmentName kEnvironment[] = {{"--node-id", "Raft__NodeId"},
                                            {"--peers", "Raft__Peers"},
                                            {"--database", "Database__Path"},
                                            {"--urls", "ASPNETCORE_URLS"}};

// A setting is looked for in the command line, then in the environment, then in the configuration file. CLI11 asks the
// file before the environment, so what the environment says is put into the command line, unless that says it itself.
// What is empty there says nothing.
std::vector<std::string> with_environment(const CLI::App& app, std::vector<std::string> arguments) {
  std::vector<std::string> added;
  for (const EnvironmentName& known : kEnvironment) {
    const std::string flag = known.flag;
    TIMESTORE_CHECK(app.get_option_no_throw(flag) != nullptr, "a name in the environment stands for a flag");
    const std::string value = std::getenv(known.name) == nullptr ? "" : std::getenv(known.name);
    const auto says_it = [&](const std::string& argument) {
      return argument == flag || argument.starts_with(flag + "=");
    };
    if (value.empty() || std::any_of(arguments.begin(), arguments.end(), says_it)) continue;
    added.push_back(flag + "=" + value);
  }
  arguments.insert(arguments.end(), added.begin(), added.end());
  return arguments;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

// The letters that must be added, dropped or changed to make the one of the other (Levenshtein).
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// " Did you mean x?", or nothing where no name is like that one.
std::string guess(const std::string& name, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  for (const std::string& known : names) {
    const auto now = distance(lower(name), lower(known));
    if (now <= kTypingErrors && (best == nullptr || now < distance(lower(name), lower(*best)))) best = &known;
  }
  return best == nullptr ? "" : " Did you mean " + *best + "?";
}

// Names in the environment that are one of ours but for a typing error, such as Raft_Peers.
std::vector<std::string> environment_hints() {
  std::vector<std::string> names;
  for (const EnvironmentName& known : kEnvironment) names.emplace_back(known.name);
  std::vector<std::string> hints;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name = std::string(*entry).substr(0, std::string_view(*entry).find('='));
    if (std::count(names.begin(), names.end(), name) > 0) continue;
    const std::string meant = guess(name, names);
    if (!meant.empty()) hints.push_back("The environment has " + name + ", which is ignored." + meant);
  }
  return hints;
}

void describe(CLI::App& app, SettingsText& text) {
  app.set_version_flag("--version", std::string("timestored ") + TIMESTORE_VERSION);
  app.set_config("--config", "", "Read settings from a TOML file, such as: node-id = \"node1\"");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.footer(
      "Environment variables: Raft__NodeId, Raft__Peers, Database__Path, ASPNETCORE_URLS. A flag wins over the "
      "environment, and the environment over the file. On SIGHUP the file is read again, and a new log-level counts at "
      "once. See `timestored recover --help` if all other nodes are lost.");
  app.add_option("--node-id", text.node_id, "This node's name, unique in the cluster");
  app.add_option("--listen", text.listen, "Where to listen: host:port");
  app.add_option("--urls", text.urls, "Where to listen, as a URL, when --listen is not given: http://+:5001");
  app.add_option("--advertise", text.advertise, "The URL by which the other nodes and clients reach this node");
  app.add_option("--peers", text.peers, "The other nodes: id=http://host:port,... (a bare URL is asked for its id)");
  app.add_option("--join", text.join, "The URL of any member of the cluster that this new node asks to join");
  app.add_option("--database", text.database, "The series file; the log file NAME.raft.db stands beside it");
  app.add_option("--log-level", text.log_level, "trace, debug, info, warn, error, critical or off")
      ->capture_default_str();
  app.add_option("--log-format", text.log_format, "text or json (one object a line)")->capture_default_str();
  app.add_option("--tick-ms", text.tick_ms, "The unit of time-outs")->capture_default_str();
  app.add_option("--heartbeat-ms", text.heartbeat_ms, "How often a leader sends heartbeats")->capture_default_str();
  app.add_option("--election-min-ms", text.election_min_ms, "Shortest silence before a node calls an election")
      ->capture_default_str();
  app.add_option("--election-max-ms", text.election_max_ms, "Longest silence before a node calls an election")
      ->capture_default_str();
  app.add_option("--log-entries", text.log_entries, "Applied writes kept in the log for followers that lag")
      ->capture_default_str();
  app.add_option("--log-megabytes", text.log_megabytes, "The same limit in MiB")->capture_default_str();
  app.add_option(
      "--found-without", text.found_without,
      "Found a new cluster though these of --peers, lost for good, cannot say that they hold nothing: id,...");
  app.add_flag("--hold-level", text.hold_level,
               "Keep the cluster's feature level where it is, so that this node can go back to an older release");
}

// The configuration file that was named, as CLI11 understands it, with the lines that it does not tell.
class ConfigurationFile {
 public:
  // Nothing where none was named, or it cannot be read (CLI11 says that well).
  static std::optional<ConfigurationFile> of(const CLI::App& app) {
    const auto named = app.get_config_ptr()->results();
    if (named.empty() || !std::ifstream(named.front()).good()) return std::nullopt;
    ConfigurationFile file;
    file.path_ = named.front();
    file.items_ = app.get_config_formatter()->from_file(file.path_);
    return file;
  }

  // "node1.toml, line 3"; empty where it does not say that.
  std::string place_of(const std::string& name) const {
    std::ifstream in(path_);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      line.erase(0, line.find_first_not_of(" \t\"'"));
      if (!line.starts_with(name)) continue;
      const std::size_t after = line.find_first_not_of(" \t\"'", name.size());
      if (after == std::string::npos || line[after] == '=' || line[after] == '\r' || name.starts_with('['))
        return path_ + ", line " + std::to_string(number);
    }
    return "";
  }

  // What is wrong with it, beside what its values mean; empty: nothing is.
  std::string fault(const CLI::App& app) const {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) names.push_back(option->get_single_name());
    for (const CLI::ConfigItem& item : items_) {
      const CLI::Option* option = app.get_option_no_throw("--" + item.name);
      const std::string place = place_of(item.name);
      const std::string begin = (place.empty() ? path_ : place) + ": ";
      if (!item.parents.empty()) return begin + "there are no sections; write name = \"value\", one a line.";
      if (option == nullptr) {
        return begin + "\"" + item.name + "\" is no setting; a line is name = \"value\", with a flag's name." +
               guess(item.name, names);
      }
      if (item.inputs.size() != 1) return begin + item.name + " must have one value.";
      const std::string& value = item.inputs.front();
      const bool is_number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
      if (option->get_type_name() == "UINT" && !is_number) return begin + item.name + " must be a whole number.";
    }
    return "";
  }

 private:
  std::string path_;
  std::vector<CLI::ConfigItem> items_;
};

// "--log-level ..." is about log-level.
std::string flag_in(const std::string& sentence) {
  const std::size_t begin = sentence.find("--");
  if (begin == std::string::npos) return "";
  const std::size_t end = sentence.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", begin);
  return sentence.substr(begin, end - begin);
}

// Who wrote a wrong value looks for it where it stands.
std::string with_place(const std::string& sentence, const CLI::App& app, const std::vector<std::string>& arguments) {
  const std::string flag = flag_in(sentence);
  if (flag.size() < 3) return sentence;
  for (const std::string& argument : arguments) {
    if (argument == flag || argument.starts_with(flag + "=")) return sentence;
  }
  const auto file = ConfigurationFile::of(app);
  const std::string place = file ? file->place_of(flag.substr(2)) : "";
  return place.empty() ? sentence : place + ": " + sentence;
}

std::string sentence_of(const CLI::ParseError& error, const CLI::App& app) {
  const auto file = ConfigurationFile::of(app);
  const std::string fault = file ? file->fault(app) : "";
  return fault.empty() ? error.what() : fault;
}

}  // namespace

std::variant<Told, Ending> read_settings(const std::vector<std::string>& arguments) {
  SettingsText text;
  CLI::App app("A node of Time Store DB, a replicated time-series database.", "timestored");
  describe(app, text);
  const std::vector<std::string> all = with_environment(app, arguments);
  try {
    app.parse(std::vector<std::string>(all.rbegin(), all.rend()));  // in the order that CLI11 wants
  } catch (const CLI::Success& asked) {
    std::ostringstream out;
    const int status = app.exit(asked, out, out);
    return Ending{.status = status, .output = out.str(), .sentence = ""};
  } catch (const CLI::ParseError& error) {
    return Ending{.status = kWrongSettings, .output = "", .sentence = sentence_of(error, app)};
  }
  auto settings = net::check(text);
  if (!settings) {
    return Ending{.status = kWrongSettings, .output = "", .sentence = with_place(settings.error().message, app, all)};
  }
  Told told{.settings = std::move(*settings), .values = {}, .hints = environment_hints()};
  for (const CLI::Option* option : app.get_options()) {
    const auto& given = option->results();
    told.values[option->get_single_name()] = given.empty() ? option->get_default_str() : given.back();
  }
  return told;
}

}  // namespace timestore::tools
