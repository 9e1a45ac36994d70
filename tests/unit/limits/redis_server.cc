#include "tests/unit/limits/redis_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <utility>

namespace policy {

RedisServer::RedisServer(Options options) : options_(std::move(options)) { Start(); }

void RedisServer::Start() {
  const std::string port = std::to_string(options_.port);
  std::vector<std::string> words = options_.before;
  words.emplace_back("redis-server");
  if (options_.is_sentinel) {
    words.insert(words.end(), {options_.directory + "/sentinel.conf", "--sentinel"});
  } else {
    words.insert(words.end(), {"--dir", options_.directory, "--save", "", "--appendonly",
                               options_.has_file ? "yes" : "no", "--appendfsync", "always"});
  }
  words.insert(words.end(), {"--port", port, "--bind", "127.0.0.1", "--unixsocket", SocketPath(),
                             "--daemonize", "no", "--logfile", options_.directory + "/redis.log"});
  words.insert(words.end(), options_.more.begin(), options_.more.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that fails leaves nobody behind
    execvp(argv[0], argv.data());
    _exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  // One that asks for a password is there, too.
  for (std::string answer; answer != "PONG\n" && !answer.starts_with("NOAUTH");
       answer = Ask("PING")) {
    if (std::chrono::steady_clock::now() > deadline || waitpid(pid_, nullptr, WNOHANG) != 0) {
      throw std::runtime_error("redis-server does not start: is Debian's redis-server installed?");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void RedisServer::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::Signal(int signal) const { kill(pid_, signal); }

std::string RedisServer::Ask(const std::string& command) const {
  const std::string line = "redis-cli -s '" + SocketPath() + "' " + command + " 2>/dev/null";
  FILE* cli = popen(line.c_str(), "r");  // NOLINT(cert-env33-c): the words are the test's own
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), cli)) {
    output.append(buffer.data(), got);
  }
  pclose(cli);
  return output;
}

int FreePort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool is_bound = bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                        getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(listener);
  if (!is_bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace policy
