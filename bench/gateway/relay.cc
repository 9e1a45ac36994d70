// relay COMMAND…: starts the command and copies bytes between it and our own input and output.
//
// What any proxy over stdio has to do at the least, and nothing else: the floor that policyd is
// measured against. One epoll; a read and a write a chunk; no line is looked for.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

constexpr std::size_t kChunkBytes = 65'536;

// Bytes from one descriptor to another. While the writer takes none, none are read.
struct Direction {
  int from = -1;
  int to = -1;
  std::array<char, kChunkBytes> chunk;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_open = true;
};

enum class Progress : std::uint8_t { Drained, Blocked, Over };

Progress WriteRest(Direction& direction) {
  while (direction.begin < direction.end) {
    const ssize_t written = write(direction.to, direction.chunk.data() + direction.begin,
                                  direction.end - direction.begin);
    if (written < 0 && errno == EAGAIN) return Progress::Blocked;
    if (written < 0) return Progress::Over;
    direction.begin += static_cast<std::size_t>(written);
  }
  direction.begin = direction.end = 0;
  return Progress::Drained;
}

Progress Copy(Direction& direction) {
  const ssize_t count = read(direction.from, direction.chunk.data(), direction.chunk.size());
  if (count <= 0) return Progress::Over;
  direction.end = static_cast<std::size_t>(count);
  return WriteRest(direction);
}

class Relay {
 public:
  Relay(int child_input, int child_output) : poll_(epoll_create1(EPOLL_CLOEXEC)) {
    up_.from = STDIN_FILENO;
    up_.to = child_input;
    down_.from = child_output;
    down_.to = STDOUT_FILENO;
    for (Direction* direction : {&up_, &down_}) {
      fcntl(direction->to, F_SETFL, O_NONBLOCK);
      Wait(EPOLL_CTL_ADD, direction->from, EPOLLIN, direction);
    }
  }

  // Until the command has closed its output, or nobody reads it any more.
  void Run() {
    while (down_.is_open) {
      std::array<epoll_event, 4> events;
      const int count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
      for (int index = 0; index < count; ++index) {
        const epoll_event& event = events[static_cast<std::size_t>(index)];
        Move(*static_cast<Direction*>(event.data.ptr));
      }
    }
    if (up_.is_open) close(up_.to);
  }

 private:
  void Wait(int operation, int descriptor, std::uint32_t condition, Direction* direction) {
    epoll_event event{};
    event.events = condition;
    event.data.ptr = direction;
    epoll_ctl(poll_, operation, descriptor, &event);
  }

  void Move(Direction& direction) {
    if (!direction.is_open) return;
    const bool was_blocked = direction.begin < direction.end;
    const Progress progress = was_blocked ? WriteRest(direction) : Copy(direction);
    if (progress == Progress::Over) {
      Wait(EPOLL_CTL_DEL, was_blocked ? direction.to : direction.from, 0, nullptr);
      close(direction.to);
      direction.is_open = false;
    } else if (progress == Progress::Blocked && !was_blocked) {
      Wait(EPOLL_CTL_DEL, direction.from, 0, nullptr);
      Wait(EPOLL_CTL_ADD, direction.to, EPOLLOUT, &direction);
    } else if (progress == Progress::Drained && was_blocked) {
      Wait(EPOLL_CTL_DEL, direction.to, 0, nullptr);
      Wait(EPOLL_CTL_ADD, direction.from, EPOLLIN, &direction);
    }
  }

  int poll_;
  Direction up_;
  Direction down_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: bench_relay COMMAND…\n", stderr);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int input[2];
  int output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) return 2;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  pid_t child = -1;
  const int failure = posix_spawnp(&child, arguments[1], &actions, nullptr, arguments + 1, environ);
  if (failure != 0) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], std::strerror(failure));
    return 2;
  }
  close(input[0]);
  close(output[1]);
  static Relay relay(input[1], output[0]);
  relay.Run();
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
