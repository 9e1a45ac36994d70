#include "runtime/transport/child_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <thread>

namespace policy::transport {
namespace {

// Reads until the writers are gone.
std::string ReadAll(Stream& stream) {
  std::string all;
  std::array<char, 4096> some;
  for (;;) {
    const Moved moved = stream.Read(some);
    if (moved.state == StreamState::Ended) return all;
    all.append(some.data(), moved.bytes);
    if (moved.state == StreamState::Blocked) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

void WaitForEnd(ChildProcess& child) {
  for (int i = 0; i < 2'000 && !child.has_ended(); ++i) {
    child.Reap();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(child.has_ended());
}

bool HasChildren() { return !(::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD); }

TEST_CASE("a child reads and writes through its pipes and ends with its status") {
  auto child =
      ChildProcess::Spawn({"sh", "-c", "read line; echo \"got $line\"; echo bad >&2; exit 7"});
  REQUIRE(child);
  CHECK(child->input().Write("hello\n").bytes == 6);
  CHECK(ReadAll(child->output()) == "got hello\n");
  CHECK(ReadAll(child->errors()) == "bad\n");
  WaitForEnd(*child);
  CHECK(child->exit_code() == 7);
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a command that cannot be run is an error, and no child is left") {
  const auto child = ChildProcess::Spawn({"/no/such/program"});
  REQUIRE_FALSE(child);
  CHECK(child.error() == "cannot run `/no/such/program`: No such file or directory");
  CHECK_FALSE(HasChildren());
}

TEST_CASE("a child has default signals and none blocked") {
  auto child =
      ChildProcess::Spawn({"sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status; kill -TERM $$"});
  REQUIRE(child);
  const std::string text = ReadAll(child->output());
  CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
  CHECK(text.find("SigIgn:\t0000000000000000") != std::string::npos);
  WaitForEnd(*child);
  CHECK(child->exit_code() == 128 + SIGTERM);
}

TEST_CASE("KillAll ends what ignores SIGTERM and what left the group") {
  AdoptOrphans();
  auto child = ChildProcess::Spawn({"sh", "-c",
                                    "trap '' TERM; (setsid sleep 60 & setsid sh -c 'sleep 61 & "
                                    "sleep 62' &); echo ready; sleep 63"});
  REQUIRE(child);
  std::array<char, 6> ready{};
  while (child->output().Read(ready).state == StreamState::Blocked) {
  }
  child->SignalGroup(SIGTERM);
  child->KillAll();
  CHECK(child->has_ended());
  CHECK_FALSE(HasChildren());
}

TEST_CASE("two hundred children come and go without a zombie or a lost descriptor") {
  const auto next_descriptor = [] {
    const int number = ::dup(0);
    ::close(number);
    return number;
  };
  const int before = next_descriptor();
  for (int i = 0; i < 200; ++i) {
    auto child = ChildProcess::Spawn({"true"});
    REQUIRE(child);
    child->KillAll();
    REQUIRE(child->has_ended());
  }
  CHECK_FALSE(HasChildren());
  CHECK(next_descriptor() == before);
}

}  // namespace
}  // namespace policy::transport
