#include "runtime/transport/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace policy::transport {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB;
constexpr int kLinksMax = 16;

// The nearest folder that is there: it hears when the one below it appears.
fs::path ExistingFolder(fs::path folder) {
  std::error_code error;
  while (!fs::is_directory(folder, error) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  return folder;
}

// The folder of the file, and of every link on the way to it.
std::set<fs::path> FoldersOf(const std::string& path) {
  std::set<fs::path> folders;
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  for (int i = 0; i < kLinksMax; ++i) {
    folders.insert(ExistingFolder(at.parent_path()));
    if (!fs::is_symlink(at, error)) break;
    const fs::path target = fs::read_symlink(at, error);
    if (error) break;
    at = at.parent_path() / target;
  }
  // A folder on the way may be the link that is changed.
  const fs::path real = fs::canonical(path, error);
  if (!error) folders.insert(real.parent_path());
  for (fs::path folder = fs::absolute(path, error).parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (fs::is_symlink(folder, error)) folders.insert(folder.parent_path());
  }
  return folders;
}

}  // namespace

std::expected<std::unique_ptr<FileWatch>, std::string> FileWatch::Make(
    EventLoop& loop, const std::string& path, std::function<void()> changed) {
  Descriptor descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (descriptor.is_open()) {
    std::unique_ptr<FileWatch> watch(
        new FileWatch(loop, std::move(descriptor), std::move(changed)));
    if (auto followed = watch->Follow({path}); !followed) {
      return std::unexpected(std::move(followed.error()));
    }
    loop.Watch(watch->descriptor_.number(), {.readable = true}, *watch);
    return watch;
  }
  return std::unexpected("cannot watch `" + path + "`: " + std::strerror(errno));
}

FileWatch::FileWatch(EventLoop& loop, Descriptor descriptor, std::function<void()> changed)
    : loop_(loop), descriptor_(std::move(descriptor)), changed_(std::move(changed)) {}

FileWatch::~FileWatch() {
  if (descriptor_.is_open()) loop_.Unwatch(descriptor_.number());
}

std::expected<bool, std::string> FileWatch::Follow(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  return WatchFolders();
}

// Adding a folder again changes nothing. Whether there was a new one.
std::expected<bool, std::string> FileWatch::WatchFolders() {
  std::set<int> watches;
  std::string trouble;
  for (const std::string& path : paths_) {
    for (const fs::path& folder : FoldersOf(path)) {
      const int watch = ::inotify_add_watch(descriptor_.number(), folder.c_str(), kChanges);
      if (watch >= 0) {
        watches.insert(watch);
      } else if (trouble.empty()) {
        trouble = "cannot watch `" + path + "`: " + std::strerror(errno);
      }
    }
  }
  bool has_new = false;
  for (const int watch : watches) has_new |= !watches_.contains(watch);
  for (const int watch : watches_) {
    if (!watches.contains(watch)) ::inotify_rm_watch(descriptor_.number(), watch);
  }
  watches_ = std::move(watches);
  if (!trouble.empty()) return std::unexpected(std::move(trouble));
  return has_new;
}

void FileWatch::OnReady(Interest) {
  // Names are not looked at: with links in between any of them may matter, and the reader of the
  // file sees whether it has changed.
  std::array<char, 4096> events;
  bool any = false;
  while (::read(descriptor_.number(), events.data(), events.size()) > 0) any = true;
  if (!any) return;
  // A folder that could not be watched is tried again at the next event.
  static_cast<void>(WatchFolders());
  changed_();
}

}  // namespace policy::transport
