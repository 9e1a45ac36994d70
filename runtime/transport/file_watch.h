// Hears when one of some files may have changed, however it is replaced.
//
// The folders are watched, not the files: editors write a new file and rename it over the old one,
// and a configuration mounted by links changes where the link leads.
#ifndef RUNTIME_TRANSPORT_FILE_WATCH_H_
#define RUNTIME_TRANSPORT_FILE_WATCH_H_

#include <expected>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

// Not thread-safe.
class FileWatch final : EventHandler {
 public:
  // `changed` is called in the loop, once for each group of changes that arrive together; the
  // content may be the same. A file need not be there yet. The error is a sentence.
  static std::expected<std::unique_ptr<FileWatch>, std::string> Make(EventLoop& loop,
                                                                     const std::string& path,
                                                                     std::function<void()> changed);
  FileWatch(const FileWatch&) = delete;  // the loop refers to it
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch();

  // Follows these files from now on, and no others. True: some folder was not watched before, so
  // that edits in it may have gone unheard.
  std::expected<bool, std::string> Follow(std::vector<std::string> paths);

 private:
  FileWatch(EventLoop& loop, Descriptor descriptor, std::function<void()> changed);
  std::expected<bool, std::string> WatchFolders();
  void OnReady(Interest ready) override;

  EventLoop& loop_;
  std::vector<std::string> paths_;
  std::set<int> watches_;  // of their folders
  Descriptor descriptor_;
  std::function<void()> changed_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_FILE_WATCH_H_
