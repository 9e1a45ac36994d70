// Hears when a file may have changed, however it is replaced.
//
// The folder is watched, not the file: editors write a new file and rename it over the old one, and
// a configuration mounted by links changes where the link leads.
#ifndef RUNTIME_TRANSPORT_FILE_WATCH_H_
#define RUNTIME_TRANSPORT_FILE_WATCH_H_

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

// Not thread-safe.
class FileWatch final : EventHandler {
 public:
  // `changed` is called in the loop, once for each group of changes that arrive together; the
  // content may be the same. The error is a sentence.
  static std::expected<std::unique_ptr<FileWatch>, std::string> Make(EventLoop& loop,
                                                                     const std::string& path,
                                                                     std::function<void()> changed);
  FileWatch(const FileWatch&) = delete;  // the loop refers to it
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch();

 private:
  FileWatch(EventLoop& loop, std::string path, Descriptor descriptor,
            std::function<void()> changed);
  bool WatchFolders();
  void OnReady(Interest ready) override;

  EventLoop& loop_;
  std::string path_;
  Descriptor descriptor_;
  std::function<void()> changed_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_FILE_WATCH_H_
