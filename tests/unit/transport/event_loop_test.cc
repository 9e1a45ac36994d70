#include "runtime/transport/event_loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <thread>

#include "runtime/transport/stream.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

struct Call final : EventHandler {
  std::function<void(Interest)> ready;
  void OnReady(Interest interest) override { ready(interest); }
};

std::array<Descriptor, 2> MakePipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

TEST_CASE("timers expire in order, and a cancelled one never") {
  auto loop = EventLoop::Make();
  REQUIRE(loop);
  std::string order;
  (*loop)->After(milliseconds(20), [&] {
    order += "c";
    (*loop)->Stop();
  });
  const auto cancelled = (*loop)->After(milliseconds(5), [&] { order += "x"; });
  (*loop)->After(milliseconds(1), [&] {
    order += "a";
    (*loop)->Cancel(cancelled);
  });
  (*loop)->After(milliseconds(10), [&] { order += "b"; });
  (*loop)->Run();
  CHECK(order == "abc");
}

TEST_CASE("a task posted by another thread runs in the loop") {
  auto loop = EventLoop::Make();
  REQUIRE(loop);
  const auto own = std::this_thread::get_id();
  std::thread::id ran_in;
  std::jthread other([&] {
    (*loop)->Post([&] {
      ran_in = std::this_thread::get_id();
      (*loop)->Stop();
    });
  });
  (*loop)->Run();
  CHECK(ran_in == own);
}

TEST_CASE("a handler may end the watch of another that is ready in the same turn") {
  auto loop = EventLoop::Make();
  REQUIRE(loop);
  auto first = MakePipe();
  auto second = MakePipe();
  REQUIRE(::write(first[1].number(), "1", 1) == 1);
  REQUIRE(::write(second[1].number(), "2", 1) == 1);
  int heard = 0;
  Call one, two;
  one.ready = [&](Interest) {
    ++heard;
    (*loop)->Unwatch(first[0].number());
    (*loop)->Unwatch(second[0].number());
  };
  two.ready = one.ready;
  (*loop)->Watch(first[0].number(), {.readable = true}, one);
  (*loop)->Watch(second[0].number(), {.readable = true}, two);
  (*loop)->After(milliseconds(20), [&] { (*loop)->Stop(); });
  (*loop)->Run();
  CHECK(heard == 1);
}

TEST_CASE("a hang-up is not heard by who waits for nothing, and is heard again later") {
  auto loop = EventLoop::Make();
  REQUIRE(loop);
  auto pipe = MakePipe();
  int heard = 0;
  Call call;
  call.ready = [&](Interest ready) {
    CHECK(ready.readable);
    ++heard;
    (*loop)->Stop();
  };
  (*loop)->Watch(pipe[0].number(), {.readable = true}, call);
  (*loop)->Watch(pipe[0].number(), {}, call);
  pipe[1].Close();
  (*loop)->After(milliseconds(10), [&] {
    CHECK(heard == 0);
    (*loop)->Watch(pipe[0].number(), {.readable = true}, call);
  });
  (*loop)->Run();
  CHECK(heard == 1);
}

TEST_CASE("a regular file is ready in every turn until it is not wanted") {
  auto loop = EventLoop::Make();
  REQUIRE(loop);
  char path[] = "/tmp/event_loop_test_XXXXXX";
  Descriptor file(::mkstemp(path));
  ::unlink(path);
  REQUIRE(::write(file.number(), "abc", 3) == 3);
  REQUIRE(::lseek(file.number(), 0, SEEK_SET) == 0);
  Stream stream(std::move(file));
  std::string text;
  Call call;
  call.ready = [&](Interest) {
    char byte = 0;
    if (stream.Read({&byte, 1}).state == StreamState::Ready) {
      text.push_back(byte);
      return;
    }
    (*loop)->Unwatch(stream.number());
    (*loop)->After(milliseconds(1), [&] { (*loop)->Stop(); });
  };
  (*loop)->Watch(stream.number(), {.readable = true}, call);
  (*loop)->Run();
  CHECK(text == "abc");
}

}  // namespace
}  // namespace policy::transport
