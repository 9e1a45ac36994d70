// The configuration and all that it names, edited while calls run: built anew on a thread of its
// own, put in force when all of it is good.
#ifndef RUNTIME_GATEWAY_CONFIG_SERVE_RELOAD_H_
#define RUNTIME_GATEWAY_CONFIG_SERVE_RELOAD_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/gateway/config/serve_state.h"
#include "runtime/transport/event_loop.h"

namespace policy::gateway {

// What came of an edit, or of a SIGHUP.
struct ServeReloaded {
  std::shared_ptr<const ServeState> state =
      {};                               // to be in force from now on; null: the old one stays
  ConfigTroubles troubles;              // why not all that the files say is in force
  std::vector<std::string> paths = {};  // the files whose edits matter from now on
  bool is_keys_only = false;  // nobody edited anything: the authorization server's keys are newer
};

// Thread safety: everything but the thread of its own happens in the loop's.
class ServeReload {
 public:
  using Report = std::function<void(const ServeReloaded& reloaded)>;

  // `loop` outlives the reload. `report` is called in it; the owner posts the state to workers.
  ServeReload(std::shared_ptr<const ServeState> state, CompilePolicy compile, CounterTarget target,
              transport::EventLoop& loop, Report report);
  ServeReload(const ServeReload&) = delete;  // its thread refers to it
  ServeReload& operator=(const ServeReload&) = delete;
  ~ServeReload();

  // A file may have changed. One that only was touched is no news.
  void FileChanged();
  // SIGHUP: all is read again, and reported even if nothing changed.
  void Reload();
  // Keys of the authorization server, from any thread.
  void TakeKeys(std::shared_ptr<const KeySet> keys, std::int64_t keys_until_s);

 private:
  struct Wanted {
    bool has_changed = false;
    bool is_asked = false;
    std::shared_ptr<const KeySet> keys;  // null: no new ones
    std::int64_t keys_until_s = 0;
  };

  template <typename Change>
  void Wake(const Change& change);
  void Work();
  void BuildOnce(bool is_asked);
  void Refuse(ConfigTroubles troubles);
  bool HasNews() const;
  void Tell(ServeReloaded reloaded);

  std::shared_ptr<const ServeState> state_;  // in force; this and the next the worker's
  std::vector<FileState> known_;             // as last looked at
  CompilePolicy compile_;
  CounterTarget target_;
  transport::EventLoop& loop_;
  std::shared_ptr<Report> report_;  // shared with what the loop still holds after our end
  std::mutex mutex_;
  std::condition_variable wake_;
  Wanted wanted_;
  bool is_over_ = false;
  std::thread worker_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_SERVE_RELOAD_H_
