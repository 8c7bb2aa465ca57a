#include "net/process/service.h"

#include <random>

#include "net/api/swagger_api.h"
#include "net/base/log.h"
#include "net/members/members.h"
#include "net/members/past.h"

namespace timestore::net {

namespace {

// What is in flight gets so long to be finished; then those who wait are answered, and have so long to take the answer.
constexpr std::chrono::milliseconds kDrainTime{2000};
constexpr std::chrono::milliseconds kLastAnswerTime{2000};

std::map<raft::NodeId, HostPort> addresses_of(const std::vector<raft::Member>& members) {
  std::map<raft::NodeId, HostPort> addresses;
  for (const raft::Member& member : members) {
    if (const auto address = parse_http_url(member.url)) addresses.emplace(member.id, *address);
  }
  return addresses;
}

Node::Options node_options(const Settings& settings, const std::vector<raft::Member>& members) {
  Node::Options options;
  options.replica.node = settings.node_id;
  options.replica.configuration.voters = members;
  options.series_path = settings.series_path;
  options.replica.log_path = settings.log_path;
  options.replica.raft.heartbeat_ticks = settings.heartbeat_ticks;
  options.replica.raft.election_ticks_min = settings.election_ticks_min;
  options.replica.raft.election_ticks_max = settings.election_ticks_max;
  options.replica.raft.orphan_ticks = 2 * settings.election_ticks_max;
  options.replica.raft.level = raft::kHighestLevel;
  options.replica.raft.holds_level = settings.holds_level;
  options.replica.raft.found_without = settings.found_without;
  options.replica.kept_entries = settings.kept_entries;
  options.replica.kept_bytes = settings.kept_bytes;
  options.replica.seed = std::random_device{}() | (std::uint64_t{std::random_device{}()} << 32);
  options.tick = std::chrono::milliseconds(settings.tick_ms);
  options.addresses = addresses_of(members);
  return options;
}

http::Options http_options(const Settings& settings) {
  http::Options options;
  options.host = settings.listen.host;
  options.port = settings.listen.port;
  options.log = [](const std::string& sentence) { log_warning(sentence); };
  return options;
}

// Where this node is, and who is not found by what its files say. At a first start there is nothing to compare.
Whereabouts::Options whereabouts_options(const Settings& settings, const std::vector<raft::Member>& members,
                                         bool is_first) {
  const std::string host = is_every_interface(settings.listen.host) ? "127.0.0.1" : settings.listen.host;
  return {.own_url = own_url(settings),
          .is_advertised = !settings.advertise.empty(),
          .self = {.host = host, .port = settings.listen.port},
          .unknown = is_first ? std::vector<HostPort>() : unknown_peers(settings.peers, members)};
}

// Whose files they are; said before anybody is asked for an id in the name of another.
Result<void> check_owner(const Settings& settings, const store::LogFile::Recovered& stored) {
  if (!stored.identity) {
    log_info("There is nothing at " + settings.series_path + " yet: this node begins with an empty disk.");
    return {};
  }
  if (stored.identity->node == settings.node_id) return {};
  return fail_for_good("The files at " + settings.log_path + " belong to node \"" + stored.identity->node +
                       "\", not to \"" + settings.node_id + "\". Use that node id, or another --database path.");
}

void say_where_it_listens(const Settings& settings, std::size_t members) {
  log_info("Node " + settings.node_id + (members == 0 ? "" : " of " + std::to_string(members)) + " listens on " +
           settings.listen.text() + ".");
}

}  // namespace

Service::Service(const Settings& settings)
    : forwarder_(settings.node_id, {}),
      board_(std::make_shared<SharedFreshBoard>()),
      readers_(settings.series_path, board_) {}

Result<std::unique_ptr<Service>> Service::start(const Settings& settings, const std::string& version,
                                                std::function<void(const Error&)> on_failure,
                                                const std::function<bool()>& should_stop) {
  if (auto usable = check_files(settings.series_path, settings.log_path); !usable) {
    return tl::unexpected(usable.error());
  }
  auto log = store::LogFile::open(settings.log_path);
  if (!log) return tl::unexpected(log.error());
  if (auto ours = check_owner(settings, (*log)->recovered()); !ours) return tl::unexpected(ours.error());
  const bool is_first = !(*log)->recovered().identity.has_value();
  const auto remarks = compare_with_past(settings, (*log)->recovered());
  if (!remarks) return tl::unexpected(remarks.error());
  for (const Remark& remark : *remarks) remark.is_warning ? log_warning(remark.sentence) : log_info(remark.sentence);
  const auto members = find_members(settings, (*log)->recovered(), should_stop);
  if (!members) return tl::unexpected(members.error());

  std::unique_ptr<Service> service(new Service(settings));
  Node::Options options = node_options(settings, *members);
  options.board = service->board_;
  options.on_failure = std::move(on_failure);
  options.on_members = [&forwarder = service->forwarder_](const auto& others) { forwarder.set_addresses(others); };
  options.on_cluster = [&forwarder = service->forwarder_](const auto& cluster) { forwarder.set_cluster(cluster); };
  auto node = Node::start(std::move(options), std::move(*log));
  if (!node) return tl::unexpected(node.error());

  service->node_ = std::move(*node);
  service->cluster_ = std::make_unique<ClusterAccess>(*service->node_, service->forwarder_);
  service->time_series_ = std::make_unique<TimeSeriesApi>(*service->cluster_, service->readers_, settings.patience);
  service->retention_ = std::make_unique<RetentionApi>(*service->node_, *service->cluster_, service->forwarder_,
                                                       service->readers_, settings.patience);
  service->deletes_ =
      std::make_unique<DeletesApi>(*service->node_, *service->cluster_, service->forwarder_, settings.patience);
  service->raft_ = std::make_unique<RaftApi>(*service->node_, *service->cluster_, version);
  service->submit_ = std::make_unique<SubmitApi>(settings.node_id, *service->cluster_);
  service->cluster_api_ = std::make_unique<ClusterApi>(*service->node_, *service->cluster_, service->forwarder_);
  service->members_api_ = std::make_unique<MembersApi>(*service->node_, *service->cluster_, service->forwarder_);
  http::Router router;
  service->time_series_->add_routes(router);
  service->reads_ =
      std::make_unique<ReadsApi>(*service->cluster_, service->readers_, service->running_queries_, settings.patience);
  service->reads_->add_routes(router);
  service->influx_queries_ = std::make_unique<InfluxQueryApi>(*service->cluster_, service->readers_,
                                                              service->running_queries_, settings.patience);
  service->influx_queries_->add_routes(router);
  service->queries_.add_routes(router);
  service->retention_->add_routes(router);
  service->deletes_->add_routes(router);
  service->cluster_api_->add_routes(router);
  service->members_api_->add_routes(router);
  service->raft_->add_routes(router);
  service->submit_->add_routes(router);
  service->influx_write_ = std::make_unique<InfluxWriteApi>(*service->cluster_, settings.patience);
  service->influx_write_->add_routes(router);
  service->influx_ping_ = std::make_unique<InfluxPingApi>(*service->node_, version);
  service->influx_ping_->add_routes(router);
  SwaggerApi().add_routes(router);

  auto server = http::Server::start(std::move(router), http_options(settings));
  if (!server) return tl::unexpected(server.error());
  service->http_ = std::move(*server);
  say_where_it_listens(settings, members->size());
  if (settings.join && members->empty()) {
    service->admission_ = std::make_unique<Admission>(
        Admission::Options{.asked = *settings.join, .self = {settings.node_id, own_url(settings)}}, *service->node_);
  }
  service->whereabouts_ = std::make_unique<Whereabouts>(whereabouts_options(settings, *members, is_first),
                                                        *service->node_, service->forwarder_);
  service->lookout_ = std::make_unique<Lookout>(*service->node_, service->forwarder_);
  return service;
}

Service::~Service() { stop(); }

void Service::stop() {
  if (!http_) return;
  lookout_.reset();
  whereabouts_.reset();
  admission_.reset();
  cluster_->refuse_from_now_on();
  node_->retire(Clock::now() + kDrainTime);
  http_->stop(kLastAnswerTime);
  node_->stop();
  http_.reset();
}

}  // namespace timestore::net
