// The files of grants and of what is switched off, and the commands that change them.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "runtime/gateway/access/disabled_list.h"
#include "runtime/gateway/access/grant.h"
#include "runtime/gateway/access/grants_command.h"
#include "runtime/gateway/access/token.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

Ran Run(const GrantsOptions& options, std::int64_t now_s = kNow) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunGrants(options, now_s, out, err);
  return {status, out.str(), err.str()};
}

std::string Line(const std::string& text) { return text.substr(0, text.find('\n')); }

GrantTable Table(const std::string& path) { return GrantTable(ReadGrants(path).value()); }

}  // namespace

TEST_CASE("a grant is added, rotated and revoked, and its token is nowhere in the file") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/grants.json";
  GrantsOptions options{.action = GrantsAction::Add, .grants_path = path, .id = "ci"};
  options.label = "the \"CI\"\xE2\x80\xA8";
  options.tags = {"a", "b\\"};
  options.attributes = R"({"team":"x","n":9007199254740993})";
  options.in_flight_max = 7;
  options.expires = "30d";
  options.policies = {"files=" + folder.path() + "/files.policy"};
  const Ran added = Run(options);
  REQUIRE(added.status == 0);
  const std::string token = Line(added.out);
  CHECK(IsToken(token));
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text.find(token.substr(kTokenPrefixBytes)) == std::string::npos);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);

  const auto grant = Table(path).FindToken(token, kNow);
  REQUIRE(grant != nullptr);
  CHECK(grant->label == options.label);
  CHECK(grant->tags == options.tags);
  CHECK(grant->attributes_json == options.attributes);
  CHECK(grant->in_flight_max == 7);
  CHECK(grant->expires_s == kNow + 30 * 86'400);
  CHECK(grant->policies.at("files") == folder.path() + "/files.policy");

  CHECK(Run(options).status == 2);  // there is one of that id
  const Ran rotated =
      Run({.action = GrantsAction::Rotate, .grants_path = path, .id = "ci", .overlap = "1h"});
  const std::string fresh = Line(rotated.out);
  CHECK(Table(path).FindToken(fresh, kNow) != nullptr);
  CHECK(Table(path).FindToken(token, kNow + 3'599) != nullptr);
  CHECK(Table(path).FindToken(token, kNow + 3'600) == nullptr);
  const Ran again = Run({.action = GrantsAction::Rotate, .grants_path = path, .id = "ci"});
  CHECK(Table(path).FindToken(fresh, kNow) == nullptr);
  CHECK(Table(path).FindToken(token, kNow) == nullptr);
  CHECK(Table(path).FindToken(Line(again.out), kNow) != nullptr);

  CHECK(Run({.action = GrantsAction::Revoke, .grants_path = path, .id = "ci"}).status == 0);
  CHECK(Table(path).FindToken(Line(again.out), kNow) == nullptr);
  CHECK(Table(path).Find("ci")->is_revoked());
  CHECK(Run({.action = GrantsAction::Rotate, .grants_path = path, .id = "ci"}).status == 2);
  CHECK(Run({.action = GrantsAction::Revoke, .grants_path = path, .id = "x"}).status == 2);
}

TEST_CASE("what cannot be a grant is not written") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/grants.json";
  GrantsOptions good{.action = GrantsAction::Add, .grants_path = path, .id = "ci"};
  const auto refuse = [&](GrantsOptions options) {
    CHECK(Run(options).status == 2);
    CHECK_FALSE(std::filesystem::exists(path));
  };
  for (const char* id : {"", "a b", "../x", "..", "a/b", "\xC3\xA9"}) {
    GrantsOptions options = good;
    options.id = id;
    refuse(options);
  }
  for (const char* expires : {"yesterday", "30", "d", "-1d", "99999999999999999999d", "0d",
                              "2020-01-01T00:00:00Z", "2026-02-30T00:00:00Z"}) {
    INFO(expires);
    GrantsOptions options = good;
    options.expires = expires;
    refuse(options);
  }
  for (const char* attributes : {"[]", "{", "{\"a\":1,\"a\":2}", "1"}) {
    INFO(attributes);
    GrantsOptions options = good;
    options.attributes = attributes;
    refuse(options);
  }
  GrantsOptions options = good;
  options.policies = {"files"};
  refuse(options);
  options.policies = {};
  options.label = "a\nb";
  refuse(options);
}

TEST_CASE("changes at once are all there afterwards") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/grants.json";
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i) {
        std::ostringstream out;
        std::ostringstream err;
        RunGrants({.action = GrantsAction::Add,
                   .grants_path = path,
                   .id = std::to_string(thread) + "-" + std::to_string(i)},
                  kNow, out, err);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ReadGrants(path).value().size() == 40);
  // Nothing is left lying but the file and its lock.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("a file that others may read is not used") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/grants.json";
  REQUIRE(Run({.action = GrantsAction::Add, .grants_path = path, .id = "ci"}).status == 0);
  REQUIRE(ReadGrants(path).has_value());
  for (const ::mode_t mode : {0640U, 0604U, 0660U, 0602U}) {
    ::chmod(path.c_str(), mode);
    CHECK_FALSE(ReadGrants(path).has_value());
    CHECK(Run({.action = GrantsAction::Revoke, .grants_path = path, .id = "ci"}).status == 2);
  }
}

TEST_CASE("a file of grants is refused with the place of every mistake") {
  const auto troubles = [](std::string_view text) {
    const auto grants = ParseGrants("g.json", text);
    return grants ? std::string() : ToText(grants.error());
  };
  CHECK(troubles(R"({"version":1,"grants":[]})").empty());
  CHECK(troubles(R"({"version":2,"grants":[]})") ==
        "g.json:1:12: `version` is a whole number from 1 to 1\n");
  CHECK(troubles(R"({"version":1,"grants":[{"id":"a"},{"id":"a"}]})") ==
        "g.json:1:35: the id `a` is used twice\n");
  CHECK(troubles("{\"version\":1,\n \"grants\":[{\"id\":\"a\",\"expire\":\"x\"}]}") ==
        "g.json:2:22: unknown key `expire` in a grant; did you mean `expires`?\n");
  CHECK_FALSE(troubles(R"({"version":1,"grants":[{"id":"a","revoked":true}]})").empty());
  CHECK_FALSE(troubles(R"({"version":1,"grants":[{"id":"a","max_in_flight":0}]})").empty());
  CHECK_FALSE(troubles(R"({"version":1,"grants":[{"id":"a","servers":"x"}]})").empty());
}

TEST_CASE("what is switched off is what the entry says, all of it") {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/grants.json";
  const std::string disabled = folder.path() + "/disabled.json";
  const auto change = [&](GrantsAction action, const char* grant, const char* server,
                          const char* tool) {
    GrantsOptions options{.action = action, .grants_path = path, .id = grant};
    options.server = server;
    options.tool = tool;
    options.because = "incident 7";
    return Run(options).status;
  };
  CHECK(ReadDisabled(disabled).value().all().empty());
  CHECK(change(GrantsAction::Disable, "", "files", "write") == 0);
  CHECK(change(GrantsAction::Disable, "", "files", "write") == 0);  // once is enough
  CHECK(change(GrantsAction::Disable, "ci", "", "") == 0);
  CHECK(change(GrantsAction::Disable, "", "", "") == 2);
  const DisabledList list = ReadDisabled(disabled).value();
  REQUIRE(list.all().size() == 2);
  CHECK(list.Find("bob", "files", "write") != nullptr);
  CHECK(list.Find("bob", "files", "Write") == nullptr);
  CHECK(list.Find("bob", "web", "write") == nullptr);
  CHECK(list.Find("ci", "web", "anything") != nullptr);
  CHECK(list.FindSession("ci", "web") != nullptr);
  CHECK(list.FindSession("bob", "files") == nullptr);
  CHECK(DisabledText(*list.Find("bob", "files", "write")) ==
        "an operator has switched off `write` of server `files`: incident 7");
  CHECK(change(GrantsAction::Enable, "ci", "", "") == 0);
  CHECK(change(GrantsAction::Enable, "ci", "", "") == 1);
  CHECK(ReadDisabled(disabled).value().Find("ci", "web", "anything") == nullptr);
}

}  // namespace policy::gateway
