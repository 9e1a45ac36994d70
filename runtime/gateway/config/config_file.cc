#include "runtime/gateway/config/config_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace policy::gateway {
namespace {

class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  OpenFile(const OpenFile&) = delete;  // closes it
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  int get() const { return file_; }

 private:
  int file_;
};

ConfigTrouble Trouble(const std::string& path, std::string text) {
  return {.path = path, .line = 0, .column = 0, .text = std::move(text)};
}

std::string CannotBe(std::string_view what) {
  return "cannot be " + std::string(what) + ": " + std::strerror(errno);
}

std::expected<std::string, ConfigTrouble> Read(const std::string& path, std::size_t bytes_max,
                                               bool is_secret) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return std::unexpected(Trouble(path, CannotBe("read")));
  }
  if (!S_ISREG(status.st_mode)) return std::unexpected(Trouble(path, "is no regular file"));
  // A secret that is mounted for us is root's, and we read it by our group.
  const bool is_mounted = status.st_uid == 0 && ::geteuid() != 0;
  if (is_secret && (status.st_mode & (is_mounted ? 037 : 077)) != 0) {
    return std::unexpected(Trouble(path, "others than its owner may use it: chmod 600"));
  }
  if (is_secret && status.st_uid != ::geteuid() && status.st_uid != 0) {
    return std::unexpected(Trouble(path, "it belongs to another user"));
  }
  std::string text;
  constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kChunkBytes);
    const ssize_t count = ::read(file.get(), text.data() + size, kChunkBytes);
    if (count < 0 && errno != EINTR) return std::unexpected(Trouble(path, CannotBe("read")));
    text.resize(size + (count < 0 ? 0 : static_cast<std::size_t>(count)));
    if (text.size() > bytes_max) return std::unexpected(Trouble(path, "the file is too large"));
    if (count == 0) return text;
  }
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

std::expected<std::string, ConfigTrouble> ReadConfigFile(const std::string& path,
                                                         std::size_t bytes_max) {
  return Read(path, bytes_max, false);
}

std::expected<std::string, ConfigTrouble> ReadSecretFile(const std::string& path,
                                                         std::size_t bytes_max) {
  return Read(path, bytes_max, true);
}

std::expected<void, std::string> ReplaceSecretFile(const std::string& path, std::string_view text) {
  std::string temporary = path + ".XXXXXX";
  const OpenFile file(::mkostemp(temporary.data(), O_CLOEXEC));  // made with mode 0600
  if (file.get() < 0) return std::unexpected("`" + path + "` " + CannotBe("written"));
  // What root edits for a service stays the service's.
  struct stat before{};
  if (::geteuid() == 0 && ::stat(path.c_str(), &before) == 0 &&
      ::fchown(file.get(), before.st_uid, before.st_gid) != 0) {
    std::string trouble = "`" + path + "` " + CannotBe("given to its owner");
    ::unlink(temporary.c_str());
    return std::unexpected(std::move(trouble));
  }
  if (!WriteAll(file.get(), text) || ::fsync(file.get()) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    std::string trouble = "`" + path + "` " + CannotBe("written");
    ::unlink(temporary.c_str());
    return std::unexpected(std::move(trouble));
  }
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const OpenFile opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) ::fsync(opened.get());
  return {};
}

std::expected<FileLock, std::string> FileLock::Take(const std::string& path) {
  const std::string name = path + ".lock";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return std::unexpected("`" + name + "` " + CannotBe("opened"));
  FileLock lock(file);
  while (::flock(file, LOCK_EX) != 0) {
    if (errno != EINTR) return std::unexpected("`" + name + "` " + CannotBe("locked"));
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace policy::gateway
