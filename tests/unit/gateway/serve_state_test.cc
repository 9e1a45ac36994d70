// The snapshot that everything is decided by: whole or not at all, and revocations in any case.
#include "runtime/gateway/config/serve_state.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "policy/compiler.h"
#include "runtime/gateway/access/grants_command.h"
#include "runtime/gateway/access/token.h"
#include "runtime/gateway/config/serve_reload.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::string_view kPolicy = "policy \"p\"\ndefault deny\ntool a { allow }\n";

LoadedPolicy CompileText(PolicyText text) {
  LoadedPolicy loaded{.program = nullptr, .files = {}, .warnings = {}};
  const Source source(text.path, std::move(text.text));
  Diagnostics diagnostics;
  const auto bytes = Compile(source, {}, diagnostics);
  loaded.program = bytes ? LoadProgram(text.path, *bytes)
                         : LoadedProgram(std::unexpected("it does not compile"));
  return loaded;
}

// A folder with a configuration of two servers and one grant.
class Gateway {
 public:
  Gateway() {
    Write("files.policy", kPolicy);
    Write("ci.policy", "policy \"ci\"\ndefault deny\n");
    Write("policyd.json",
          R"({"listen":{"port":0},"servers":{"files":{"command":["x"],"policy":"files.policy"},
              "web":{"url":"https://x/"}},"grants_file":"grants.json"})");
    token = Grants({.action = GrantsAction::Add, .id = "ci"});
  }

  void Write(const std::string& name, std::string_view text) const {
    // In one step, as editors do.
    const std::string path = PathOf(name);
    std::ofstream(path + ".new") << text;
    ::chmod((path + ".new").c_str(), 0600);
    std::filesystem::rename(path + ".new", path);
  }
  std::string PathOf(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Grants(GrantsOptions options) const {
    std::ostringstream out;
    std::ostringstream err;
    options.grants_path = PathOf("grants.json");
    REQUIRE(RunGrants(options, kNow, out, err) == 0);
    return out.str().substr(0, out.str().find('\n'));
  }
  ServeBuild Build(const ServeState* before = nullptr) const {
    return BuildServeState(PathOf("policyd.json"), CompileText, before, {});
  }

  std::string token;

 private:
  TemporaryDirectory folder_;
};

// A reload whose reports are waited for; its loop runs in a thread of its own.
class Reloading {
 public:
  explicit Reloading(std::shared_ptr<const ServeState> state)
      : loop_(transport::EventLoop::Make().value()),
        reload_(std::in_place, std::move(state), CompileText, CounterTarget{}, *loop_,
                [this](const ServeReloaded& reloaded) {
                  const std::lock_guard lock(mutex_);
                  reported_ = reloaded;
                  told_.notify_one();
                }),
        thread_([this] { loop_->Run(); }) {}
  Reloading(const Reloading&) = delete;  // the thread refers to it
  Reloading& operator=(const Reloading&) = delete;
  ~Reloading() {
    reload_.reset();
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }

  ServeReload& operator*() { return *reload_; }
  // The next report, waited for; nullopt: none came.
  std::optional<ServeReloaded> Next(std::chrono::milliseconds wait = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, wait, [this] { return reported_.has_value(); });
    return std::exchange(reported_, std::nullopt);
  }

 private:
  std::unique_ptr<transport::EventLoop> loop_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::optional<ServeReloaded> reported_;
  std::optional<ServeReload> reload_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a state is built of all its files") {
  const Gateway gateway;
  const ServeBuild build = gateway.Build();
  INFO(ToText(build.troubles));
  REQUIRE(build.state != nullptr);
  const auto ci = build.state->access->grants.FindToken(gateway.token, kNow);
  REQUIRE(ci != nullptr);
  const ServedPolicy* const policy = build.state->FindPolicy(*ci, "files");
  REQUIRE(policy != nullptr);
  CHECK(policy->path == gateway.PathOf("files.policy"));
  CHECK(build.state->FindPolicy(*ci, "web") == nullptr);
  CHECK(build.state->FindPolicy(*ci, "nothing") == nullptr);
  REQUIRE(build.state->warnings.size() == 1);
  CHECK(build.state->warnings[0] ==
        "grant `ci` has no policy for server `web`: it may do nothing there");
}

TEST_CASE(
    "a grant's own policy decides instead of its server's, and its servers are all it may use") {
  const Gateway gateway;
  gateway.Grants({.action = GrantsAction::Add,
                  .id = "own",
                  .policies = {"files=" + gateway.PathOf("ci.policy")}});
  gateway.Grants({.action = GrantsAction::Add, .id = "webonly", .servers = {"web"}});
  const ServeBuild build = gateway.Build();
  REQUIRE(build.state != nullptr);
  const GrantTable& grants = build.state->access->grants;
  CHECK(build.state->FindPolicy(*grants.Find("own"), "files")->path == gateway.PathOf("ci.policy"));
  CHECK(build.state->FindPolicy(*grants.Find("webonly"), "files") == nullptr);
  CHECK(AttachmentOf("files", "ci", false) != AttachmentOf("files", "ci", true));
}

TEST_CASE("nothing is built of what is wrong anywhere") {
  const Gateway gateway;
  const auto is_refused = [&] {
    const ServeBuild build = gateway.Build();
    return build.state == nullptr && !build.troubles.empty() && !build.files.empty();
  };
  REQUIRE_FALSE(is_refused());
  SECTION("a policy that does not compile") { gateway.Write("files.policy", "policy nonsense"); }
  SECTION("a policy that is not there") { std::filesystem::remove(gateway.PathOf("files.policy")); }
  SECTION("a grants file that is not JSON") { gateway.Write("grants.json", "{"); }
  SECTION("a grant for a server that is not there") {
    gateway.Write("grants.json",
                  R"({"version":1,"grants":[{"id":"a","policies":{"file":"files.policy"}}]})");
  }
  SECTION("a grants file that others may read") {
    ::chmod(gateway.PathOf("grants.json").c_str(), 0644);
  }
  SECTION("a list of what is switched off that cannot be read") {
    gateway.Write("disabled.json", R"({"version":1,"disabled":[{}]})");
  }
  SECTION("a certificate that is none") {
    gateway.Write("c.pem", "x");
    gateway.Write("policyd.json",
                  R"({"listen":{"port":0,"tls":{"certificate":"c.pem","key":"c.pem"}},
                      "servers":{"web":{"url":"https://x/"}},"grants_file":"grants.json"})");
  }
  SECTION("a certificate rule for no grant") {
    gateway.Write("c.pem", "x");
    gateway.Write("policyd.json",
                  R"({"listen":{"port":0,"tls":{"certificate":"c.pem","key":"c.pem",
                      "client_ca":"c.pem"}},"certificates":[{"subject":"CN=x","grant":"nobody"}],
                      "servers":{"web":{"url":"https://x/"}},"grants_file":"grants.json"})");
  }
  SECTION("a credential that is empty") {
    gateway.Write("secret", "\n");
    gateway.Write("policyd.json",
                  R"({"listen":{"port":0},"servers":{"web":{"url":"https://x/",
                      "credential":{"file":"secret"}}},"grants_file":"grants.json"})");
  }
  SECTION("a credential that would be two headers") {
    gateway.Write("secret", "a\r\nX-Evil: b");
    gateway.Write("policyd.json",
                  R"({"listen":{"port":0},"servers":{"web":{"url":"https://x/",
                      "credential":{"file":"secret"}}},"grants_file":"grants.json"})");
  }
  CHECK(is_refused());
}

TEST_CASE("a revocation counts although something else is broken") {
  const Gateway gateway;
  gateway.Grants({.action = GrantsAction::Add, .id = "other"});
  const auto before = gateway.Build().state;
  REQUIRE(before != nullptr);
  CHECK(WithRevocations(*before) == nullptr);  // nothing new
  gateway.Write("files.policy", "policy nonsense");
  gateway.Grants({.action = GrantsAction::Revoke, .id = "ci"});
  gateway.Grants({.action = GrantsAction::Add, .id = "new"});
  gateway.Grants({.action = GrantsAction::Disable, .tool = "rm"});
  REQUIRE(gateway.Build(before.get()).state == nullptr);
  const auto after = WithRevocations(*before);
  REQUIRE(after != nullptr);
  CHECK(after->access->grants.Find("ci")->is_revoked());
  CHECK_FALSE(after->access->grants.Find("other")->is_revoked());
  CHECK(after->access->grants.Find("new") == nullptr);  // what is given waits
  CHECK(after->access->disabled.Find("other", "files", "rm") != nullptr);
  CHECK(after->FindPolicy(*after->access->grants.Find("other"), "files") != nullptr);
  // Taken out of the file is revoked.
  gateway.Write("grants.json", R"({"version":1,"grants":[]})");
  CHECK(WithRevocations(*before)->access->grants.Find("other")->is_revoked());
}

TEST_CASE("a reload reports what came of an edit") {
  const Gateway gateway;
  const auto first = gateway.Build().state;
  REQUIRE(first != nullptr);
  Reloading reloading(first);
  ServeReload& reload = *reloading;
  const auto grant = first->access->grants.Find("ci");

  SECTION("none") {
    reload.FileChanged();
    CHECK_FALSE(reloading.Next(std::chrono::milliseconds(300)).has_value());
  }
  SECTION("a good one") {
    gateway.Write("files.policy", "policy \"p\"\ndefault deny\ntool b { allow }\n");
    reload.FileChanged();
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    INFO(ToText(result->troubles));
    REQUIRE(result->state != nullptr);
    CHECK(result->state->FindPolicy(*grant, "files")->program->hash() !=
          first->FindPolicy(*grant, "files")->program->hash());
    CHECK_FALSE(result->paths.empty());
  }
  SECTION("one that leaves a policy as it was") {
    gateway.Grants({.action = GrantsAction::Add, .id = "more"});
    reload.FileChanged();
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    REQUIRE(result->state != nullptr);
    CHECK(result->state->FindPolicy(*grant, "files")->program ==
          first->FindPolicy(*grant, "files")->program);
  }
  SECTION("a bad one, and its mend") {
    gateway.Write("files.policy", "policy nonsense");
    reload.FileChanged();
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    CHECK(result->state == nullptr);
    CHECK(ToText(result->troubles).find("it does not compile") != std::string::npos);
    gateway.Write("files.policy", "policy \"q\"\ndefault deny\n");
    reload.FileChanged();
    const auto mended = reloading.Next();
    REQUIRE(mended.has_value());
    CHECK(mended->state != nullptr);
  }
  SECTION("a bad one with a revocation") {
    gateway.Write("files.policy", "policy nonsense");
    gateway.Grants({.action = GrantsAction::Revoke, .id = "ci"});
    reload.FileChanged();
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    REQUIRE(result->state != nullptr);
    CHECK_FALSE(result->troubles.empty());
    CHECK(result->state->access->grants.Find("ci")->is_revoked());
  }
  SECTION("a list of what is switched off that is gone") {
    gateway.Grants({.action = GrantsAction::Disable, .tool = "rm"});
    reload.FileChanged();
    const auto off = reloading.Next();
    REQUIRE(off.has_value());
    REQUIRE(off->state != nullptr);
    std::filesystem::remove(gateway.PathOf("disabled.json"));
    reload.FileChanged();
    const auto gone = reloading.Next();
    REQUIRE(gone.has_value());
    CHECK(gone->state == nullptr);
    CHECK_FALSE(gone->troubles.empty());
  }
  SECTION("a SIGHUP without an edit") {
    reload.Reload();
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    CHECK(result->state != nullptr);
  }
  SECTION("newer keys") {
    reload.TakeKeys(std::make_shared<const KeySet>(), kNow);
    const auto result = reloading.Next();
    REQUIRE(result.has_value());
    CHECK(result->is_keys_only);
    CHECK(result->state->access->keys_until_s == kNow);
  }
}

}  // namespace policy::gateway
