// A policy file that may be edited while calls run: read, compiled and bound on a thread of its
// own, handed to the loop when it is good.
#ifndef RUNTIME_GATEWAY_POLICY_RELOAD_H_
#define RUNTIME_GATEWAY_POLICY_RELOAD_H_

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/gateway/counter_check.h"
#include "runtime/gateway/policy_file.h"
#include "runtime/gateway/policy_version.h"
#include "runtime/transport/event_loop.h"

namespace policy::gateway {

struct ReloadOptions {
  std::string path;
  std::string tools_path;  // as in PolicyText
  std::string server;      // likewise
  std::string attachment;
  CounterPlace counter_place = CounterPlace::Shared;
  CompilePolicy compile;
};

// Thread safety: everything but the thread of its own happens in the loop's.
class PolicyReload {
 public:
  using Install = std::function<void(std::shared_ptr<PolicyVersion>)>;
  using Refuse = std::function<void(const std::string& why)>;

  // `counters` and `loop` outlive the reload. `text` is the file's and `program` is in force: the
  // same again is no news.
  PolicyReload(ReloadOptions options, std::string text, const Program& program, Counters& counters,
               transport::EventLoop& loop, Install install, Refuse refuse);
  PolicyReload(const PolicyReload&) = delete;  // its thread refers to it
  PolicyReload& operator=(const PolicyReload&) = delete;
  ~PolicyReload();

  // The file may have changed. Changes while one is compiled are looked at once, after it.
  void FileChanged();

 private:
  void Work();
  void LoadOnce();

  ReloadOptions options_;
  Counters& counters_;
  transport::EventLoop& loop_;
  std::shared_ptr<Install> install_;  // shared with what the loop still holds after our end
  std::shared_ptr<Refuse> refuse_;
  std::string known_text_;             // of the file, as last looked at; the worker's
  std::array<std::uint8_t, 32> hash_;  // of the program in force; the worker's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool has_changed_ = false;
  bool is_over_ = false;
  std::thread worker_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_POLICY_RELOAD_H_
