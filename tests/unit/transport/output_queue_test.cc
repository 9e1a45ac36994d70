#include "runtime/transport/output_queue.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>

namespace policy::transport {
namespace {

struct SmallPipe {
  Stream write_end;
  Stream read_end;

  SmallPipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
    read_end = Stream(Descriptor(ends[0]));
    write_end = Stream(Descriptor(ends[1]));
  }

  std::string ReadAll() {
    std::string all;
    std::array<char, 1000> some;
    for (;;) {
      const Moved moved = read_end.Read(some);
      if (moved.state != StreamState::Ready) return all;
      all.append(some.data(), moved.bytes);
    }
  }
};

TEST_CASE("lines come out whole and in order through a pipe smaller than they are") {
  SmallPipe pipe;
  OutputQueue queue;
  const std::string big(10'000, 'x');
  queue.Append("first");
  queue.Append(big);
  queue.Append("last");
  std::string received;
  while (queue.Flush(pipe.write_end) == StreamState::Blocked) received += pipe.ReadAll();
  received += pipe.ReadAll();
  CHECK(received == "first\n" + big + "\nlast\n");
  CHECK(queue.is_empty());
}

TEST_CASE("a line can be taken back until its first byte is written") {
  SmallPipe pipe;
  OutputQueue queue;
  const std::string big(5'000, 'x');
  queue.Append(big, 1);
  queue.Append("second", 2);
  queue.Append("untagged");
  queue.Append("third", 3);
  REQUIRE(queue.Flush(pipe.write_end) == StreamState::Blocked);
  CHECK_FALSE(queue.Remove(1));  // part of it is written
  CHECK(queue.Remove(2));
  CHECK_FALSE(queue.Remove(2));
  std::string received = pipe.ReadAll();
  REQUIRE(queue.Flush(pipe.write_end) == StreamState::Ready);
  received += pipe.ReadAll();
  CHECK(received == big + "\nuntagged\nthird\n");
  CHECK_FALSE(queue.Remove(3));

  queue.Append("fourth", 4);  // offsets hold after the queue was emptied
  queue.Append("fifth", 5);
  CHECK(queue.Remove(4));
  CHECK(queue.Remove(5));
  CHECK(queue.is_empty());
}

TEST_CASE("a queue that is never empty keeps no memory of what it has written") {
  SmallPipe pipe;
  OutputQueue queue;
  const std::string line(3'999, 'x');
  const std::string last(3'999, 'y');
  std::size_t received = 0;
  for (std::uint64_t tag = 1; tag <= 2'000; ++tag) {
    queue.Append(line, tag);
    if (queue.size_bytes() < 100'000) continue;
    REQUIRE(queue.Flush(pipe.write_end) == StreamState::Blocked);
    received += pipe.ReadAll().size();
  }
  CHECK(received > 7'000'000);
  CHECK(queue.memory_bytes() < 1'000'000);

  CHECK(queue.Remove(2'000));  // offsets hold after what was written is dropped
  CHECK_FALSE(queue.Remove(1));
  queue.Append(last);
  std::string rest;
  while (queue.Flush(pipe.write_end) == StreamState::Blocked) rest += pipe.ReadAll();
  rest += pipe.ReadAll();
  CHECK(received + rest.size() == 2'000 * 4'000);
  CHECK(rest.ends_with("x\n" + last + "\n"));
}

TEST_CASE("a queue whose reader is gone says so") {
  SmallPipe pipe;
  pipe.read_end.Close();
  ::signal(SIGPIPE, SIG_IGN);
  OutputQueue queue;
  queue.Append("nobody reads this", 7);
  CHECK(queue.Flush(pipe.write_end) == StreamState::Ended);
  CHECK(queue.Remove(7));
}

}  // namespace
}  // namespace policy::transport
