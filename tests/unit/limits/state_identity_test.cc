// A state directory that lost what it held is missed, and one that never held anything is not.
#include "runtime/limits/store/state_identity.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/limits/store/pool_file.h"
#include "tests/unit/limits/temporary_directory.h"

namespace policy {
namespace {

namespace fs = std::filesystem;

// A machine with a state directory of its own and a place that remembers it.
struct Machine {
  TemporaryDirectory root;
  std::string state = root.path() + "/state";
  std::string memory = root.path() + "/memory";

  // What a start with durable counters comes to: "begins", "goes on", or the refusal.
  std::string Start(bool may_begin = false, bool is_remembered = true) const {
    return Enter({.has_durable_counters = true,
                  .may_begin = may_begin,
                  .memory_path = is_remembered ? memory : ""});
  }
  std::string StartWithoutDurable() const {
    return Enter({.has_durable_counters = false, .may_begin = false, .memory_path = memory});
  }
  // As a leader does.
  void MakePool() const {
    const auto directory = StateDirectory::Open(state);
    REQUIRE(directory.has_value());
    std::vector<PoolRecord> records;
    REQUIRE(PoolFile::Open(*directory, records).has_value());
  }

 private:
  std::string Enter(const StateEntry& entry) const {
    const auto directory = StateDirectory::Open(state);
    REQUIRE(directory.has_value());
    const auto entered = EnterState(*directory, entry);
    if (!entered) return entered.error();
    CHECK(entered->trouble.empty());
    return entered->has_begun ? "begins" : "goes on";
  }
};

void CheckRefused(const std::string& outcome, const std::string& why) {
  CAPTURE(outcome);
  CHECK(outcome.find(why) != std::string::npos);
  CHECK(outcome.find("--init-state") != std::string::npos);
}

TEST_CASE("the first start on a machine begins, and the next go on") {
  const Machine machine;
  CHECK(machine.Start() == "begins");
  CHECK(machine.Start() == "goes on");
  CHECK(machine.Start(/*may_begin=*/true) == "goes on");
}

TEST_CASE("where nothing remembers, only who says so begins") {
  const Machine machine;
  CheckRefused(machine.Start(false, false), "it holds no counters yet");
  CHECK(machine.Start(true, false) == "begins");
  CHECK(machine.Start(false, false) == "goes on");
  fs::remove_all(machine.state);
  CheckRefused(machine.Start(false, false), "it holds no counters yet");
}

TEST_CASE("a directory that is lost is missed") {
  const Machine machine;
  REQUIRE(machine.Start() == "begins");
  SECTION("as a whole") {
    fs::remove_all(machine.state);
    CheckRefused(machine.Start(), "the counters that it held are gone");
    // A process that counts nothing for long does not make a new one pass for the old one.
    CHECK(machine.StartWithoutDurable() == "goes on");
    machine.MakePool();
    CheckRefused(machine.Start(), "the counters that it held are gone");
  }
  SECTION("its pool") {
    fs::remove(machine.state + "/pool");
    CheckRefused(machine.Start(), "its pool of counters is gone");
    machine.MakePool();
    CheckRefused(machine.Start(), "another one than before");
  }
  SECTION("its identity") {
    fs::remove(machine.state + "/identity");
    CheckRefused(machine.Start(), "the counters that it held are gone");
  }
  SECTION("an older copy took its place") {
    fs::copy(machine.state, machine.state + ".old");
    REQUIRE(machine.Start() == "goes on");
    fs::remove_all(machine.state);
    fs::rename(machine.state + ".old", machine.state);
    CheckRefused(machine.Start(), "an older copy");
  }
  SECTION("a directory of another machine took its place") {
    const Machine other;
    REQUIRE(other.Start() == "begins");
    fs::remove_all(machine.state);
    fs::copy(other.state, machine.state);
    CheckRefused(machine.Start(), "other counters than before");
  }
  CHECK(machine.Start(/*may_begin=*/true) == "begins");
  CHECK(machine.Start() == "goes on");
}

TEST_CASE("a pool of a start without durable counters is one to begin in") {
  const Machine machine;
  CHECK(machine.StartWithoutDurable() == "goes on");
  machine.MakePool();
  CHECK_FALSE(fs::exists(machine.state + "/identity"));
  CheckRefused(machine.Start(false, false), "it holds no counters yet");
  CHECK(machine.Start() == "begins");
  CHECK(machine.Start() == "goes on");
}

TEST_CASE("a directory of before there were identities is taken over as it is") {
  const Machine machine;
  REQUIRE(StateDirectory::Open(machine.state).has_value());
  fs::copy(LIMITS_FIXTURES "/pool-v1", machine.state + "/pool");
  SECTION("by whoever comes first") { CHECK(machine.StartWithoutDurable() == "goes on"); }
  CHECK(machine.Start(false, /*is_remembered=*/false) == "goes on");
  machine.MakePool();
  CHECK(machine.Start(false, /*is_remembered=*/false) == "goes on");
}

TEST_CASE("a pool that is gone while another process leads is not made behind its back") {
  const Machine machine;
  REQUIRE(machine.Start() == "begins");
  const auto directory = StateDirectory::Open(machine.state);
  const auto lead = directory->TryLead();
  REQUIRE((lead && *lead));
  fs::remove(machine.state + "/pool");
  const std::string outcome = machine.Start(/*may_begin=*/true);
  CHECK(outcome.find("end that first") != std::string::npos);
}

TEST_CASE("a memory that cannot be used is said, and stops nothing that is there") {
  const Machine machine;
  REQUIRE(machine.Start() == "begins");
  const auto directory = StateDirectory::Open(machine.state);
  const auto entered = EnterState(
      *directory,
      {.has_durable_counters = true, .may_begin = false, .memory_path = "/proc/self/memory"});
  REQUIRE(entered.has_value());
  CHECK(entered->trouble.find("will not be seen") != std::string::npos);
}

TEST_CASE("what an identity says is read as it was written, and nothing else is") {
  const StateIdentity identity{.incarnation = 0x0123456789ABCDEF, .starts = 42};
  const std::string text = EncodeStateIdentity(identity);
  CHECK(ParseStateIdentity(text) == identity);
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_FALSE(ParseStateIdentity(text.substr(0, size)).has_value());
  }
  CHECK_FALSE(ParseStateIdentity(text + "x").has_value());
  CHECK_FALSE(ParseStateIdentity("policyd state 2\npool 1\nstarts 1\n").has_value());
}

TEST_CASE("where state directories are remembered by default") {
  CHECK(DefaultMemoryPath({.data_home = "/d", .home = "/h"}) == "/d/policyd");
  CHECK(DefaultMemoryPath({.data_home = "d", .home = "/h"}) == "/h/.local/share/policyd");
  CHECK(DefaultMemoryPath(MemoryEnvironment{}).empty());
}

}  // namespace
}  // namespace policy
