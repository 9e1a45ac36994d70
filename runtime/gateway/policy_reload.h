// A policy whose files may be edited while calls run: read, compiled and bound on a thread of its
// own, handed to the loop when all of it is good.
#ifndef RUNTIME_GATEWAY_POLICY_RELOAD_H_
#define RUNTIME_GATEWAY_POLICY_RELOAD_H_

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "policy/counters.h"
#include "policy/program.h"
#include "runtime/gateway/counter_changes.h"
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
  // Makes ready what the program's counters need to last. A sentence: they would not, and the
  // program is not to be put in force. Called in the reload's thread; may be empty.
  std::function<std::optional<std::string>(const Program& program)> make_ready = {};
  std::vector<std::string> may_reset = {};  // counters that an edit may begin anew
  CompilePolicy compile;
};

// What came of an edit.
struct Reloaded {
  std::shared_ptr<PolicyVersion> version;  // to be in force from now on; null: the old one stays
  std::string refusal;                     // why it stays; empty: it decides the same
  std::vector<std::string> warnings;       // as in LoadedPolicy
  std::vector<std::string> begun_anew;     // counters, a line each
  std::vector<std::string> paths;          // the files whose edits matter from now on
};

// Thread safety: everything but the thread of its own happens in the loop's.
class PolicyReload {
 public:
  using Report = std::function<void(const Reloaded& reloaded)>;

  // `counters` and `loop` outlive the reload. `program` is in force, and was made from `files`: the
  // same again is no news. `report` is called in the loop.
  PolicyReload(ReloadOptions options, std::vector<FileState> files, const Program& program,
               Counters& counters, transport::EventLoop& loop, Report report);
  PolicyReload(const PolicyReload&) = delete;  // its thread refers to it
  PolicyReload& operator=(const PolicyReload&) = delete;
  ~PolicyReload();

  // A file may have changed. Changes while one is compiled are looked at once, after it.
  void FileChanged();

 private:
  void Work();
  void LoadOnce();
  bool HasNews() const;
  void AddFilesInForce();
  Reloaded Judge(LoadedPolicy loaded);
  std::optional<std::string> LostFile(const std::vector<FileState>& files) const;

  ReloadOptions options_;
  Counters& counters_;
  transport::EventLoop& loop_;
  std::shared_ptr<Report> report_;  // shared with what the loop still holds after our end
  std::vector<FileState> files_;    // of the program in force; this and the next two the worker's
  std::vector<FileState> known_;    // as last looked at
  std::array<std::uint8_t, 32> hash_;      // of the program in force
  std::vector<DeclaredCounter> declared_;  // likewise; the worker's
  std::mutex mutex_;
  std::condition_variable wake_;
  bool has_changed_ = false;
  bool is_over_ = false;
  std::thread worker_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_POLICY_RELOAD_H_
