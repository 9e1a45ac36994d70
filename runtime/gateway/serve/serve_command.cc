#include "runtime/gateway/serve/serve_command.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/gateway/access/key_fetcher.h"
#include "runtime/gateway/admin/admin_server.h"
#include "runtime/gateway/admin/limits_admin.h"
#include "runtime/gateway/config/serve_reload.h"
#include "runtime/gateway/config/serve_state.h"
#include "runtime/gateway/counter_home.h"
#include "runtime/gateway/metrics/metrics_server.h"
#include "runtime/gateway/run_command.h"
#include "runtime/gateway/serve/serve_shared.h"
#include "runtime/gateway/serve/worker.h"
#include "runtime/jit/jit.h"
#include "runtime/jit/tier.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/limits/system_clock.h"
#include "runtime/transport/child_process.h"
#include "runtime/transport/error_stream.h"
#include "runtime/transport/file_watch.h"
#include "runtime/transport/signals.h"
#include "runtime/transport/tls_server.h"

namespace policy::gateway {
namespace {

using std::chrono::milliseconds;

const std::vector<int> kSignals = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
constexpr unsigned kWorkersMax = 4;  // unless the configuration says more
constexpr milliseconds kEndLook{20};

// Denies every call. Nothing is looked for beside it: in /proc nobody makes files.
constexpr char kDenyAllPath[] = "/proc/no-policy.json";
constexpr char kDenyAllText[] = R"({"version": "1", "default": "deny"})";

std::size_t WorkerCount(const ServeConfig& config) {
  if (config.workers != 0) return config.workers;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kWorkersMax);
}

std::expected<std::shared_ptr<const transport::TlsServer>, std::string> TlsOf(
    const ServeConfig& config) {
  if (!config.tls) return nullptr;
  return transport::TlsServer::Make({.certificate_path = config.tls->certificate_path,
                                     .key_path = config.tls->key_path,
                                     .client_ca_path = config.tls->client_ca_path,
                                     .requires_client = config.tls->requires_client});
}

CounterHome HomeOf(const ServeConfig& config) {
  CounterHome home;
  home.state_directory = config.state_directory;
  if (!config.store) return home;
  home.store_url = config.store->url;
  home.store_password_path = config.store->password_path;
  home.store_ca_path = config.store->ca_path;
  home.makes_pool = config.store->makes_pool;
  return home;
}

bool HaveDurableCounters(const ServeState& state) {
  return std::ranges::any_of(
      state.policies, [](const auto& entry) { return HasDurableCounters(*entry.second.program); });
}

std::string UrlOf(const ServeConfig& config, std::uint16_t port) {
  const bool is_ipv6 = config.listen.address.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + config.listen.address + "]" : config.listen.address;
  return std::string(config.tls ? "https" : "http") + "://" + host + ":" + std::to_string(port);
}

// Begins with nothing running; each step that fails says why and ends with kExitNotRun.
class Serve {
 public:
  Serve(const ServeOptions& options, const CompilePolicy& compile)
      : options_(options), compile_(compile) {}

  int Begin();

 private:
  int NotRun(std::string_view why);
  // `node`: where the counters are leased from; null: they are this process's alone.
  int WithCounters(Counters& counters, CellEngine& engine, transport::LeaseNode* node);
  void OpenAdmin(const ServeShared& shared, CellEngine& engine, transport::LeaseNode* node);
  std::expected<SealKey, std::string> SealKeyOf(const ServeConfig& config);
  int WithWorkers(ServeShared& shared);
  void CountOutside(const ServeShared& shared);
  void Signal(int signal);
  void Reloaded(const ServeReloaded& reloaded);
  void Watch(const std::vector<std::string>& paths);
  std::expected<void, std::string> StartMetrics(const ServeShared& shared);
  void FetchKeys();
  void TellPolicies();
  void LookWhetherEnded();
  void SayWhatIsNotBuilt(const ServeConfig& config);
  void StartTier(const ServeConfig& config);
  void TakePrograms();
  // From any thread.
  void Say(std::string line);
  void PassErrors(std::string bytes);

  const ServeOptions& options_;
  const CompilePolicy& compile_;
  SystemClock clock_;
  Metrics metrics_{POLICY_VERSION};
  std::shared_ptr<const ServeState> state_;  // in force
  std::unique_ptr<transport::EventLoop> loop_;
  std::optional<transport::ErrorStream> errors_;
  std::unique_ptr<transport::FileWatch> watch_;
  std::unique_ptr<ServeReload> reload_;
  std::unique_ptr<MetricsServer> metrics_server_;
  std::unique_ptr<KeyFetcher> keys_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::string state_path_;                         // of the counters; empty: they are elsewhere
  std::optional<StateDirectory> admin_directory_;  // the same, once it is open
  std::optional<LimitsAdmin> limits_admin_;
  std::optional<AdminServer> admin_;
  std::unique_ptr<jit::Tier> tier_;  // null: the interpreter decides
  std::vector<std::weak_ptr<const Program>> taken_;
  bool is_ending_ = false;
};

int Serve::NotRun(std::string_view why) {
  transport::ErrorStream errors(transport::Stream::Standard(2), nullptr);
  errors.Say(why);
  errors.Flush();
  return kExitNotRun;
}

void Serve::Say(std::string line) {
  loop_->Post([this, line = std::move(line)] {
    errors_->Say(line);
    errors_->Flush();
  });
}

void Serve::PassErrors(std::string bytes) {
  loop_->Post([this, bytes = std::move(bytes)] {
    errors_->Pass(bytes);
    errors_->Flush();
  });
}

int Serve::Begin() {
  transport::BlockSignals(kSignals);
  auto loop = transport::EventLoop::Make();
  if (!loop) return NotRun(loop.error());
  loop_ = std::move(*loop);
  // Watched before it is read, so that no edit falls in between.
  auto watch = transport::FileWatch::Make(*loop_, options_.config_path, [this] {
    if (reload_ != nullptr) reload_->FileChanged();
  });
  if (watch) watch_ = std::move(*watch);
  ServeBuild built = BuildServeState(options_.config_path, compile_, nullptr, {});
  if (built.state == nullptr) return NotRun(ToText(built.troubles));
  state_ = std::move(built.state);

  const ServeConfig& config = *state_->config;
  if (config.has_private_state) {
    MemoryCounters counters;
    const int status = WithCounters(counters, counters.engine(), nullptr);
    loop_->DropTasks();
    return status;
  }
  CounterHome home = HomeOf(config);
  home.makes_pool |= options_.makes_state;
  if (home.store_url.empty()) {
    const auto entered = EnterHome(home, HaveDurableCounters(*state_));
    if (!entered) return NotRun(entered.error());
    for (const std::string& line : *entered) Say(line);
  }
  transport::LeaseNode::Options node_options;
  node_options.on_trouble = [this](const std::string& trouble) { Say(trouble); };
  auto node = StartLeases(home, std::move(node_options), clock_);
  if (!node) return NotRun(node.error());
  if (!config.store) state_path_ = StateDirectoryOf(home).value_or("");
  const int status = WithCounters((*node)->counters(), (*node)->counters().engine(), node->get());
  loop_->DropTasks();
  return status;
}

// Without a key of the operator's, sessions end with this process: so do its children.
std::expected<SealKey, std::string> Serve::SealKeyOf(const ServeConfig& config) {
  if (config.session_key_path.empty()) return MakeSealKey();
  return ReadSealKey(config.session_key_path);
}

// So that `policyd limits` reaches this process, where its counters are in a folder.
void Serve::OpenAdmin(const ServeShared& shared, CellEngine& engine, transport::LeaseNode* node) {
  if (state_path_.empty()) return;
  const auto each_policy = [this, &shared](const auto& visit) {
    PolicyBook book(shared.counters, shared.counter_place, shared.deny_all);
    for (const auto& grant : state_->access->grants.all()) {
      for (const auto& [name, server] : state_->config->servers) {
        if (const auto version = book.Find(*state_, *grant, name)) visit((*version)->bound);
      }
    }
  };
  limits_admin_.emplace(LimitsAdmin::Surroundings{.loop = *loop_,
                                                  .clock = clock_,
                                                  .engine = engine,
                                                  .node = node,
                                                  .directory = admin_directory_,
                                                  .each_policy = each_policy,
                                                  .session = "serve"});
  limits_admin_->Register(admin_.emplace());
  auto directory = StateDirectory::Open(state_path_);
  std::expected<void, std::string> opened;
  if (directory) {
    opened = admin_->Listen(*loop_, admin_directory_.emplace(std::move(*directory)));
  } else {
    opened = std::unexpected(directory.error());
  }
  if (!opened) errors_->Say(opened.error() + "; policyd limits cannot reach this process");
}

int Serve::WithCounters(Counters& counters, CellEngine& engine, transport::LeaseNode* node) {
  const auto key = SealKeyOf(*state_->config);
  if (!key) return NotRun(key.error());
  LoadedPolicy deny_all =
      compile_({.path = kDenyAllPath, .text = kDenyAllText, .tools_path = {}, .server = {}});
  if (!deny_all.program) return NotRun(deny_all.program.error());
  ServeShared shared{
      .clock = clock_,
      .counters = counters,
      .counter_place = node == nullptr ? CounterPlace::Private : CounterPlace::Shared,
      .deny_all = *deny_all.program,
      .seal = SessionSeal(*key),
      .metrics = metrics_,
      .say = [this](std::string line) { Say(std::move(line)); },
      .pass_errors = [this](std::string bytes) { PassErrors(std::move(bytes)); },
      .body_budget =
          std::make_shared<transport::ByteBudget>(state_->config->limits.body_bytes_shared_max),
      .in_flight = {},
      .worker_count = WorkerCount(*state_->config),
      .workers = {},
  };
  errors_.emplace(transport::Stream::Standard(2), loop_.get());
  OpenAdmin(shared, engine, node);
  const int status = WithWorkers(shared);
  metrics_server_.reset();
  keys_.reset();
  admin_.reset();
  limits_admin_.reset();
  reload_.reset();
  workers_.clear();
  transport::KillAdopted();
  tier_.reset();
  errors_->Flush();
  errors_.reset();
  return status;
}

int Serve::WithWorkers(ServeShared& shared) {
  const ServeConfig& config = *state_->config;
  // Counters that cannot be kept as their policy says are found before the first call is.
  PolicyBook book(shared.counters, shared.counter_place, shared.deny_all);
  std::set<const ServedPolicy*> checked;
  for (const auto& grant : state_->access->grants.all()) {
    for (const auto& [name, server] : config.servers) {
      if (!checked.insert(state_->FindPolicy(*grant, name)).second) continue;
      const auto version = book.Find(*state_, *grant, name);
      if (!version) return NotRun("server `" + name + "`: " + version.error());
    }
  }
  const auto tls = TlsOf(config);
  if (!tls) return NotRun(tls.error());
  std::uint16_t port = config.listen.port;
  for (std::size_t index = 0; index < shared.worker_count; ++index) {
    auto worker = Worker::Make(
        {.index = static_cast<std::uint16_t>(index), .port = port, .tls = *tls}, shared, state_);
    if (!worker) return NotRun(worker.error());
    port = (*worker)->port();
    shared.workers.push_back(worker->get());
    workers_.push_back(*std::move(worker));
  }
  for (const std::string& warning : state_->warnings) errors_->Say(warning);
  if (config.has_private_state) {
    errors_->Say("counters are private: each policyd started like this has limits of its own");
  }
  if (config.observes) errors_->Say("only observing: no call is denied");
  SayWhatIsNotBuilt(config);
  StartTier(config);
  transport::AdoptOrphans();
  const transport::SignalSource signals(*loop_, kSignals, [this](int signal) { Signal(signal); });
  reload_ = std::make_unique<ServeReload>(
      state_, compile_, CounterTarget{.counters = &shared.counters, .place = shared.counter_place},
      *loop_, [this](const ServeReloaded& reloaded) { Reloaded(reloaded); });
  if (const auto admin = StartMetrics(shared); !admin) return NotRun(admin.error());
  FetchKeys();
  TellPolicies();
  std::vector<std::string> paths;
  for (const FileState& file : state_->files) paths.push_back(file.path);
  Watch(paths);
  for (const auto& worker : workers_) worker->Start();
  for (const auto& [name, server] : config.servers) {
    std::string line = "server `" + name + "` is at ";
    line.append(UrlOf(config, port)).append("/mcp/").append(name);
    errors_->Say(line);
  }
  errors_->Flush();
  loop_->Run();
  return 0;
}

void Serve::SayWhatIsNotBuilt(const ServeConfig& config) {
  if (config.is_aggregated) {
    errors_->Say("`aggregate` is not built yet: there is no /mcp, only /mcp/NAME for each server");
  }
  for (const auto& [name, server] : config.servers) {
    if (!server.is_shared) continue;
    errors_->Say("`shared` is not built yet: every session of server `" + name +
                 "` has a child of its own");
  }
}

// Nothing: the interpreter decides, and nothing of LLVM is looked for.
void Serve::StartTier(const ServeConfig& config) {
  if (config.jit == ServeJit::Off) return;
  const CounterHome home = HomeOf(config);
  const auto state = home.store_url.empty() && !config.has_private_state
                         ? StateDirectoryOf(home)
                         : std::unexpected(std::string());
  tier_ = std::make_unique<jit::Tier>(jit::TierOptions{
      .mode = config.jit == ServeJit::Always ? jit::TierMode::Always : jit::TierMode::Auto,
      .module_path = jit::PathBeside("libpolicy_jit.so"),
      .codegen_path = jit::PathBeside("policyd-codegen"),
      .cache_directory = state ? *state + "/jit" : std::string(),
      .given = {},
      .perf_map_path = {},
      .say = [this](std::string_view line) { Say(std::string(line)); }});
  TakePrograms();
}

// A program is given once, however many servers and grants it decides for.
void Serve::TakePrograms() {
  if (tier_ == nullptr) return;
  std::erase_if(taken_, [](const auto& program) { return program.expired(); });
  for (const auto& [key, served] : state_->policies) {
    const bool is_taken = std::ranges::any_of(
        taken_, [&](const auto& program) { return program.lock() == served.program; });
    if (is_taken) continue;
    tier_->Take(served.program);
    taken_.push_back(served.program);
  }
}

void Serve::Signal(int signal) {
  if (signal == SIGCHLD) {
    for (const auto& worker : workers_) worker->Reap();
    return transport::ReapAdopted();
  }
  if (signal == SIGHUP) return reload_->Reload();
  if (signal == SIGUSR1) {
    if (tier_ != nullptr) Say(jit::ToText(tier_->counts()));
    return;
  }
  if (is_ending_) return loop_->Stop();  // asked twice: at once
  is_ending_ = true;
  for (const auto& worker : workers_) {
    worker->Drain(milliseconds(state_->config->limits.drain_ms));
  }
  LookWhetherEnded();
}

void Serve::LookWhetherEnded() {
  const bool have_ended =
      std::ranges::all_of(workers_, [](const auto& worker) { return worker->has_ended(); });
  if (have_ended) return loop_->Stop();
  loop_->After(kEndLook, [this] { LookWhetherEnded(); });
}

// All of it, or nothing: but what the listener and the counters are made of stays as it is until
// the next start.
void Serve::Reloaded(const ServeReloaded& reloaded) {
  if (!reloaded.troubles.empty()) errors_->Say(ToText(reloaded.troubles));
  if (!reloaded.is_keys_only) metrics_.CountReload(!reloaded.troubles.empty());
  if (reloaded.state != nullptr && !reloaded.troubles.empty()) {
    state_ = reloaded.state;
    for (const auto& worker : workers_) worker->Install(state_);
    errors_->Say(
        "the configuration that was in force stays, but for what its files now take away: grants, "
        "and what is switched off");
  } else if (reloaded.state != nullptr) {
    state_ = reloaded.state;
    for (const auto& worker : workers_) worker->Install(state_);
    if (reloaded.is_keys_only) return;
    FetchKeys();
    TellPolicies();
    TakePrograms();
    SayWhatIsNotBuilt(*state_->config);
    for (const std::string& warning : state_->warnings) errors_->Say(warning);
    if (const auto tls = TlsOf(*state_->config); !tls) {
      errors_->Say(tls.error() + "; the certificate that was in use stays");
    } else if (*tls != nullptr) {
      for (const auto& worker : workers_) worker->SetTls(*tls);
    }
    errors_->Say("the edited configuration is in force");
  } else if (!reloaded.troubles.empty()) {
    errors_->Say("the configuration that was in force stays");
  }
  errors_->Flush();
  Watch(reloaded.paths);
}

std::expected<void, std::string> Serve::StartMetrics(const ServeShared& shared) {
  const auto& address = state_->config->admin;
  if (!address) return {};
  auto server = MetricsServer::Listen(
      *loop_,
      {.address = address->address,
       .port = address->port,
       .why_not_ready = [this] { return std::string(is_ending_ ? "policyd is ending" : ""); },
       .refresh = [this, &shared] { CountOutside(shared); }},
      metrics_, clock_);
  if (!server) return std::unexpected(server.error());
  metrics_server_ = *std::move(server);
  errors_->Say("metrics are at http://" + address->address + ":" +
               std::to_string(metrics_server_->port()) + "/metrics");
  return {};
}

void Serve::CountOutside(const ServeShared& shared) {
  Metrics::Outside outside;
  outside.children = shared.children.load();
  for (const auto& worker : workers_) {
    outside.connections += worker->counts().open.load();
    outside.clients_cut += worker->counts().cut_slow.load();
  }
  metrics_.SetOutside(outside);
}

// From the authorization server that the configuration names now.
void Serve::FetchKeys() {
  const AccessState& access = *state_->access;
  if (!access.oauth || access.oauth->jwks_url.empty()) return keys_.reset();
  if (keys_ != nullptr && keys_->oauth() == *access.oauth) return;
  keys_.reset();
  auto fetcher = KeyFetcher::Start(
      *loop_, clock_,
      {.oauth = *access.oauth,
       .wants_keys = access.wants_keys,
       .take = [this](std::shared_ptr<const KeySet> keys,
                      std::int64_t until_s) { reload_->TakeKeys(std::move(keys), until_s); },
       .say = [this](const std::string& line) { Say(line); }});
  if (!fetcher) return errors_->Say(fetcher.error());
  keys_ = *std::move(fetcher);
}

void Serve::TellPolicies() {
  std::vector<Metrics::PolicyInForce> policies;
  for (const auto& [key, policy] : state_->policies) {
    policies.push_back({policy.server, policy.path, policy.program->HashText()});
  }
  metrics_.SetPolicies(std::move(policies));
}

// Looks again at once where a folder is watched for the first time: it may have changed before.
void Serve::Watch(const std::vector<std::string>& paths) {
  if (watch_ == nullptr) return;
  const auto has_new = watch_->Follow(paths);
  if (!has_new) return errors_->Say(has_new.error() + "; edits may not be seen");
  if (*has_new && reload_ != nullptr) reload_->FileChanged();
}

}  // namespace

int RunServe(const ServeOptions& options, const CompilePolicy& compile) {
  return Serve(options, compile).Begin();
}

}  // namespace policy::gateway
