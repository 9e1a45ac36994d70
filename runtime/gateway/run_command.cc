#include "runtime/gateway/run_command.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>

#include "runtime/gateway/admin/admin_server.h"
#include "runtime/gateway/admin/limits_admin.h"
#include "runtime/gateway/counter_home.h"
#include "runtime/gateway/decision_log.h"
#include "runtime/gateway/message_relay.h"
#include "runtime/gateway/policy_reload.h"
#include "runtime/gateway/stdio_gateway.h"
#include "runtime/jit/jit.h"
#include "runtime/jit/native_file.h"
#include "runtime/jit/perf_map.h"
#include "runtime/jit/tier.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/limits/system_clock.h"
#include "runtime/transport/child_process.h"
#include "runtime/transport/error_stream.h"
#include "runtime/transport/file_watch.h"
#include "runtime/transport/lease_node.h"
#include "runtime/transport/signals.h"

namespace policy::gateway {
namespace {

const std::vector<int> kSignals = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};

// Names this process in the log; not a secret.
std::string SessionId() {
  std::random_device random;
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

// What the policy's counters belong to. A unit separator stands in no name.
std::string AttachmentOf(const std::string& server, const RunOptions& options) {
  return server + '\x1F' + options.grant;
}

// What the server is called where the command line does not say.
std::string ServerOf(const RunOptions& options, const Program& program) {
  if (!options.server.empty()) return options.server;
  const std::string_view pinned = program.PinnedServer();
  return pinned.empty() ? "default" : std::string(pinned);
}

CounterHome HomeOf(const RunOptions& options) {
  return {.store_url = options.store_url,
          .store_password_path = options.store_password_path,
          .store_ca_path = options.store_ca_path,
          .makes_pool = options.makes_pool,
          .state_directory = options.state_directory};
}

// Begins with nothing running; each step that fails says why and ends with kExitNotRun.
class Run {
 public:
  Run(const RunOptions& options, const CompilePolicy& compile)
      : options_(options), compile_(compile) {}

  int Begin();

 private:
  struct Start {  // what to begin with
    std::shared_ptr<const Program> program;
    std::vector<FileState> files;
    std::vector<std::string> warnings;
  };

  int NotRun(std::string_view why);
  std::expected<void, std::string> OpenLog();
  std::expected<std::unique_ptr<transport::LeaseNode>, std::string> StartLeases(
      const Program& program);
  std::optional<std::string> EnterStateFor(const Program& program);
  int ServeShared(Start start);
  int Serve(transport::EventLoop& loop, Counters& counters, CellEngine& engine, Start start);
  void OpenAdmin(AdminServer& admin);
  void Watch(std::vector<std::string> paths);
  void Say(std::string_view line) {
    if (errors_ != nullptr) errors_->Say(line);
  }

  std::unique_ptr<jit::Tier> StartTier();

  const RunOptions& options_;
  const CompilePolicy& compile_;
  SystemClock clock_;
  std::string native_;      // the bytes of options_.native_path, until the tier has them
  std::string state_path_;  // of the counters; empty: they are private, or in a store
  bool has_entered_state_ =
      false;            // with durable counters; the reload's thread has it once it runs
  std::string server_;  // what it is called, for good: counters are its
  std::unique_ptr<transport::EventLoop> loop_;
  transport::LeaseNode* node_ = nullptr;           // null: the counters are private
  std::optional<StateDirectory> admin_directory_;  // where the admin socket is, if anywhere
  std::optional<DecisionLog> log_;
  std::unique_ptr<transport::FileWatch> watch_;
  std::string watch_trouble_;                 // why edits of the policy will not be seen
  transport::ErrorStream* errors_ = nullptr;  // while there is one
  PolicyReload* reload_ = nullptr;            // likewise
};

int Run::NotRun(std::string_view why) {
  transport::ErrorStream errors(transport::Stream::Standard(2), nullptr);
  errors.Say(why);
  errors.Flush();
  return kExitNotRun;
}

int Run::Begin() {
  transport::BlockSignals(kSignals);
  auto loop = transport::EventLoop::Make();
  if (!loop) return NotRun(loop.error());
  loop_ = std::move(*loop);
  // Watched before it is read, so that no edit falls in between.
  auto watch = transport::FileWatch::Make(*loop_, options_.policy_path, [this] {
    if (reload_ != nullptr) reload_->FileChanged();
  });
  if (watch) {
    watch_ = std::move(*watch);
  } else {
    watch_trouble_ = watch.error() + "; edits of the policy will not be seen";
  }
  auto text = ReadPolicyFile(options_.policy_path);
  if (!text) return NotRun(text.error());
  LoadedPolicy loaded = LoadPolicy({.path = options_.policy_path,
                                    .text = *std::move(text),
                                    .tools_path = options_.tools_path,
                                    .server = options_.server},
                                   compile_);
  if (!loaded.program) return NotRun(loaded.program.error());
  if (!options_.native_path.empty()) {
    auto native = jit::ReadTrustedFile(options_.native_path);
    if (!native) return NotRun(native.error());
    native_ = std::move(*native);
  }
  Start start{.program = *std::move(loaded.program),
              .files = std::move(loaded.files),
              .warnings = std::move(loaded.warnings)};
  server_ = ServerOf(options_, *start.program);
  if (!options_.has_private_state) return ServeShared(std::move(start));
  MemoryCounters counters;
  const int status = Serve(*loop_, counters, counters.engine(), std::move(start));
  loop_->DropTasks();  // they may hold a policy, which holds counters
  return status;
}

// A sentence where the program's counters would not last in the state directory.
std::optional<std::string> Run::EnterStateFor(const Program& program) {
  if (state_path_.empty() || has_entered_state_) return std::nullopt;
  const bool has_durable_counters = HasDurableCounters(program);
  const auto entered = EnterHome(HomeOf(options_), has_durable_counters);
  if (!entered) return entered.error();
  has_entered_state_ = has_durable_counters;
  for (const std::string& line : *entered) {
    loop_->Post([this, line] { Say(line); });
  }
  return std::nullopt;
}

std::expected<std::unique_ptr<transport::LeaseNode>, std::string> Run::StartLeases(
    const Program& program) {
  transport::LeaseNode::Options node_options;
  node_options.on_trouble = [this](const std::string& trouble) {
    loop_->Post([this, trouble] { Say(trouble); });
  };
  const CounterHome home = HomeOf(options_);
  if (home.store_url.empty()) {
    auto directory = StateDirectoryOf(home);
    if (!directory) return std::unexpected(directory.error());
    state_path_ = *std::move(directory);
    if (auto trouble = EnterStateFor(program)) return std::unexpected(*std::move(trouble));
  }
  return gateway::StartLeases(home, std::move(node_options), clock_);
}

int Run::ServeShared(Start start) {
  auto node = StartLeases(*start.program);
  if (!node) return NotRun(node.error());
  node_ = node->get();
  SharedCounters& counters = node_->counters();
  const int status = Serve(*loop_, counters, counters.engine(), std::move(start));
  loop_->DropTasks();
  return status;
}

std::expected<void, std::string> Run::OpenLog() {
  if (options_.log_path.empty()) return {};
  auto log = DecisionLog::Open(
      {.path = options_.log_path, .logs_argument_values = options_.logs_argument_values});
  if (!log) return std::unexpected(log.error());
  log_.emplace(std::move(*log));
  return {};
}

// Null: the interpreter decides, and nothing of LLVM is looked for.
std::unique_ptr<jit::Tier> Run::StartTier() {
  if (options_.jit == JitMode::Off && native_.empty()) return nullptr;
  jit::TierMode mode = jit::TierMode::Given;
  if (options_.jit == JitMode::Auto) mode = jit::TierMode::Auto;
  if (options_.jit == JitMode::Always) mode = jit::TierMode::Always;
  return std::make_unique<jit::Tier>(jit::TierOptions{
      .mode = mode,
      .module_path = jit::PathBeside("libpolicy_jit.so"),
      .codegen_path = jit::PathBeside("policyd-codegen"),
      .cache_directory = state_path_.empty() ? std::string() : state_path_ + "/jit",
      .given = std::move(native_),
      .perf_map_path = options_.writes_perf_map ? jit::PerfMapPath() : std::string(),
      .tells_debuggers = options_.tells_debuggers,
      .say = [this](std::string_view line) {
        loop_->Post([this, text = std::string(line)] { Say(text); });
      }});
}

// Looks again at once where a folder is watched for the first time: it may have changed before.
void Run::Watch(std::vector<std::string> paths) {
  if (watch_ == nullptr) return;
  const auto has_new = watch_->Follow(std::move(paths));
  if (!has_new) return Say(has_new.error() + "; edits of the policy may not be seen");
  if (*has_new && reload_ != nullptr) reload_->FileChanged();
}

// Where there is no folder for it, nobody can look at the counters.
void Run::OpenAdmin(AdminServer& admin) {
  const std::string& path =
      options_.admin_directory.empty() ? state_path_ : options_.admin_directory;
  if (path.empty()) return;
  std::expected<void, std::string> opened;
  if (auto directory = StateDirectory::Open(path)) {
    admin_directory_.emplace(std::move(*directory));
    opened = admin.Listen(*loop_, *admin_directory_);
  } else {
    opened = std::unexpected(directory.error());
  }
  if (!opened) Say(opened.error() + "; policyd limits cannot reach this process");
}

int Run::Serve(transport::EventLoop& loop, Counters& counters, CellEngine& engine, Start start) {
  const std::string session = SessionId();
  if (const auto opened = OpenLog(); !opened) return NotRun(opened.error());
  DecisionLog* log = log_ ? &*log_ : nullptr;
  const std::string attachment = AttachmentOf(server_, options_);
  const CounterPlace place =
      options_.has_private_state ? CounterPlace::Private : CounterPlace::Shared;
  const auto version = std::make_shared<PolicyVersion>(start.program, counters, attachment);
  if (const auto trouble = WhyNotKept(version->bound, place)) return NotRun(*trouble);
  unsetenv(kStorePasswordVariable);  // or the server, whose environment is ours, would know it
  transport::AdoptOrphans();
  auto child = transport::ChildProcess::Spawn(options_.command);
  if (!child) return NotRun(child.error());

  transport::ErrorStream errors(transport::Stream::Standard(2), &loop);
  errors_ = &errors;
  if (options_.has_private_state) {
    errors.Say("counters are private: each policyd started like this has limits of its own");
  }
  for (const std::string& warning : start.warnings) Say(warning);
  if (start.program->LocksOut(server_)) {
    errors.Say("the lock has no tools of server `" + server_ +
               "`: every call is denied; --server says which one this is");
  }
  const std::unique_ptr<jit::Tier> tier = StartTier();
  if (tier != nullptr) tier->Take(start.program);
  QueuedOutput output;
  MessageRelay relay({.caller = {.server = server_,
                                 .grant = options_.grant,
                                 .session = session,
                                 .client_name = {},
                                 .client_version = {}},
                      .passed_methods = options_.passed_methods},
                     version, output, loop, clock_, log,
                     [this](std::string_view line) { Say(line); });
  StdioGateway gateway(loop, *child, errors, relay, output, log);
  const transport::SignalSource signals(loop, kSignals, [&](int signal) {
    if (signal != SIGUSR1) return gateway.Signal(signal);
    if (tier != nullptr) Say(jit::ToText(tier->counts()));
  });
  std::vector<std::string> paths;
  for (const FileState& file : start.files) paths.push_back(file.path);
  PolicyReload reload(
      {.path = options_.policy_path,
       .tools_path = options_.tools_path,
       .server = options_.server,
       .attachment = attachment,
       .counter_place = place,
       .make_ready = [this](const Program& program) { return EnterStateFor(program); },
       .may_reset = options_.may_reset,
       .compile = compile_},
      std::move(start.files), *start.program, counters, loop, [&](const Reloaded& reloaded) {
        for (const std::string& warning : reloaded.warnings) Say(warning);
        if (reloaded.version != nullptr) {
          Say("policy " + reloaded.version->hash_text + " is in force");
          for (const std::string& line : reloaded.begun_anew) Say(line);
          if (tier != nullptr) tier->Take(reloaded.version->bound.program_pointer());
          relay.Install(reloaded.version);
        } else if (!reloaded.refusal.empty()) {
          Say("policy " + relay.policy().hash_text +
              " stays in force, for the edited file cannot be used:\n" + reloaded.refusal);
        }
        Watch(reloaded.paths);
      });
  reload_ = &reload;
  AdminServer admin;
  LimitsAdmin limits_admin(
      {.loop = loop,
       .clock = clock_,
       .engine = engine,
       .node = node_,
       .is_in_store = !options_.store_url.empty(),
       .directory = admin_directory_,
       .each_policy = [&relay](const auto& visit) { visit(relay.policy().bound); },
       .session = session});
  limits_admin.Register(admin);
  OpenAdmin(admin);
  Watch(std::move(paths));
  if (!watch_trouble_.empty()) Say(watch_trouble_);
  const int status = gateway.Run();
  if (tier != nullptr) {
    Say(jit::ToText(tier->counts()));
    errors.Flush();
  }
  reload_ = nullptr;
  errors_ = nullptr;
  return status;
}

}  // namespace

int RunServer(const RunOptions& options, const CompilePolicy& compile) {
  return Run(options, compile).Begin();
}

}  // namespace policy::gateway
