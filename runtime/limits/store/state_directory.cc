#include "runtime/limits/store/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace policy {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kWritableByOthers = 0022;

std::unexpected<std::string> Refuse(const std::string& path, std::string_view why) {
  return std::unexpected("state directory " + path + ": " + std::string(why));
}

// Makes `path` and its missing parents, each with mode 0700.
std::expected<void, std::string> MakeDirectories(const std::string& path) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : std::filesystem::path(path)) {
    made /= part;
    if (part.empty() || mkdir(made.c_str(), kDirectoryMode) == 0 || errno == EEXIST) continue;
    // A parent may be there and not ours to make (EROFS, EACCES): opening the last one tells.
    if (errno != EROFS && errno != EACCES) return Refuse(path, std::strerror(errno));
  }
  return {};
}

}  // namespace

StateDirectory::StateDirectory(std::string path, File directory)
    : path_(std::move(path)), directory_(std::move(directory)) {}

std::optional<std::string> StateDirectory::DefaultPath(const Environment& environment) {
  const auto is_absolute = [](const char* path) { return path != nullptr && path[0] == '/'; };
  if (is_absolute(environment.state_home)) return std::string(environment.state_home) + "/policyd";
  if (is_absolute(environment.home)) return std::string(environment.home) + "/.local/state/policyd";
  return std::nullopt;
}

std::expected<StateDirectory, std::string> StateDirectory::Open(const std::string& path) {
  if (path.empty()) return Refuse(path, "the path is empty");
  if (auto made = MakeDirectories(path); !made) return std::unexpected(made.error());
  return OpenIfThere(path);
}

std::expected<StateDirectory, std::string> StateDirectory::OpenIfThere(
    const std::string& given_path) {
  std::string path = given_path;
  // open() with O_NOFOLLOW would follow a link that is written with a slash after it.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  File directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.is_open()) {
    const bool is_link = errno == ELOOP || errno == ENOTDIR;
    return Refuse(path, is_link ? "not a directory, or a symbolic link" : std::strerror(errno));
  }
  struct stat status;
  if (fstat(directory.descriptor(), &status) != 0) return Refuse(path, std::strerror(errno));
  if (status.st_uid != geteuid()) return Refuse(path, "it belongs to another user");
  if ((status.st_mode & kWritableByOthers) != 0) {
    return Refuse(path, "others may write to it; chmod 700 it");
  }
  return StateDirectory(std::move(path), std::move(directory));
}

std::expected<File, std::string> StateDirectory::OpenFile(const char* name) const {
  auto file = OpenPlain(name, O_CREAT);
  if (!file) return std::unexpected(file.error());
  if (!*file) return Refuse(path_ + "/" + name, std::strerror(ENOENT));
  return std::move(**file);
}

std::expected<std::optional<File>, std::string> StateDirectory::OpenFileIfThere(
    const char* name) const {
  return OpenPlain(name, 0);
}

std::expected<std::optional<File>, std::string> StateDirectory::OpenPlain(const char* name,
                                                                          int flags) const {
  File file(
      openat(descriptor(), name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, kFileMode));
  const std::string path = path_ + "/" + name;
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return Refuse(path, std::strerror(errno));
  }
  struct stat status;
  if (fstat(file.descriptor(), &status) != 0) return Refuse(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return Refuse(path, "not a plain file");
  if (status.st_uid != geteuid()) return Refuse(path, "it belongs to another user");
  return file;
}

std::expected<void, std::string> StateDirectory::AppendLine(const char* name,
                                                            std::string_view line) const {
  auto file = OpenFile(name);
  if (!file) return std::unexpected(file.error());
  while (flock(file->descriptor(), LOCK_EX) != 0) {
    if (errno != EINTR) return Refuse(path_ + "/" + name, std::strerror(errno));
  }
  const off_t end = lseek(file->descriptor(), 0, SEEK_END);
  const std::string text = std::string(line) + '\n';
  if (end < 0 ||
      write(file->descriptor(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(file->descriptor()) != 0) {
    const int error = errno;
    if (end >= 0 && ftruncate(file->descriptor(), end) != 0) return Refuse(path_, "damaged");
    return Refuse(path_ + "/" + name, std::strerror(error));
  }
  return {};
}

std::expected<void, std::string> StateDirectory::ReplaceFile(const std::string& name,
                                                             std::string_view bytes) const {
  const std::string new_name = name + ".new";
  auto file = OpenFile(new_name.c_str());
  if (!file) return std::unexpected(file.error());
  bool is_well = ftruncate(file->descriptor(), 0) == 0;
  for (std::size_t done = 0; is_well && done < bytes.size();) {
    const ssize_t written = pwrite(file->descriptor(), bytes.data() + done, bytes.size() - done,
                                   static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    is_well = written > 0;
    done += is_well ? static_cast<std::size_t>(written) : 0;
  }
  if (!is_well || fsync(file->descriptor()) != 0 ||
      renameat(descriptor(), new_name.c_str(), descriptor(), name.c_str()) != 0 ||
      fsync(descriptor()) != 0) {
    return Refuse(path_ + "/" + name, std::strerror(errno));
  }
  return {};
}

std::expected<File, std::string> StateDirectory::LockIdentity() const {
  // An open of its own: a lock belongs to that.
  File lock(openat(descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock.is_open()) return Refuse(path_, std::strerror(errno));
  while (flock(lock.descriptor(), LOCK_EX) != 0) {
    if (errno != EINTR) return Refuse(path_, std::strerror(errno));
  }
  return lock;
}

std::expected<std::optional<File>, std::string> StateDirectory::TryLead() const {
  std::expected<File, std::string> file = OpenFile("lock");
  if (!file) return std::unexpected(file.error());
  if (flock(file->descriptor(), LOCK_EX | LOCK_NB) == 0) return std::move(*file);
  if (errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return Refuse(path_ + "/lock", std::strerror(errno));
}

std::expected<File, std::string> StateDirectory::JoinMembers() const {
  std::expected<File, std::string> file = OpenFile("members");
  if (!file) return file;
  // Waits at most for another's IsAlone.
  while (flock(file->descriptor(), LOCK_SH) != 0) {
    if (errno != EINTR) return Refuse(path_ + "/members", std::strerror(errno));
  }
  return file;
}

bool StateDirectory::IsAlone(const File& members) {
  const bool is_alone = flock(members.descriptor(), LOCK_EX | LOCK_NB) == 0;
  // Whether it succeeds or not, the share was given up for the attempt.
  while (flock(members.descriptor(), LOCK_SH) != 0 && errno == EINTR) {
  }
  return is_alone;
}

}  // namespace policy
