// Real redis-servers and sentinels for one test, in its directory, gone with it.
#ifndef TESTS_UNIT_LIMITS_REDIS_SERVER_H_
#define TESTS_UNIT_LIMITS_REDIS_SERVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace policy {

class RedisServer {
 public:
  struct Options {
    std::string directory;                 // exists; holds its socket and its files
    int port = 0;                          // on loopback; 0: the socket alone
    bool has_file = false;                 // an append-only file, synchronised always
    std::vector<std::string> more = {};    // further words of its command line
    bool is_sentinel = false;              // with `directory`/sentinel.conf
    std::vector<std::string> before = {};  // words before its own: `ip netns exec NAME`
  };

  // Returns once it answers.
  explicit RedisServer(Options options);
  RedisServer(const RedisServer&) = delete;  // ends once
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { Kill(); }

  std::string url() const { return "redis+unix://" + SocketPath(); }
  void Start();
  void Kill();  // SIGKILL, and waits for the end
  void Signal(int signal) const;

  // One command with redis-cli; its output.
  std::string Ask(const std::string& command) const;

 private:
  std::string SocketPath() const { return options_.directory + "/redis.sock"; }

  const Options options_;
  pid_t pid_ = -1;
};

// A port of loopback that nobody listens on.
int FreePort();

}  // namespace policy

#endif  // TESTS_UNIT_LIMITS_REDIS_SERVER_H_
