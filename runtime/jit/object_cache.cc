#include "runtime/jit/object_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/jit/file_digest.h"
#include "runtime/jit/native_layout.h"

namespace policy::jit {
namespace {

std::string Problem(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

// What stands before an object: the digest of its name and bytes.
std::string Seal(std::string_view name, std::string_view object) {
  return HexOf(DigestOf(std::string(name) + '\n' + std::string(object))) + '\n';
}

}  // namespace

std::expected<std::unique_ptr<ObjectCache>, std::string> ObjectCache::Open(
    const std::string& directory, const Makers& makers) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(directory).parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(Problem(directory, "cannot be made"));
  }
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return std::unexpected(Problem(directory, "cannot be opened as a directory"));
  const std::string text = makers.linker + '\n' + IdentityOf(makers.codegen_path) + '\n' +
                           IdentityOf("/proc/self/exe") + '\n' + NativeLayout();
  std::unique_ptr<ObjectCache> cache(new ObjectCache(opened, text));
  struct stat status{};
  if (::fstat(opened, &status) != 0) return std::unexpected(Problem(directory, "cannot be read"));
  if (status.st_uid != ::geteuid()) {
    return std::unexpected(directory + ": it belongs to another user");
  }
  if ((status.st_mode & 077) != 0) {
    return std::unexpected(directory + ": others may use it: chmod 700 " + directory);
  }
  cache->DropOldest();
  return cache;
}

ObjectCache::~ObjectCache() { ::close(directory_); }

std::string ObjectCache::NameOf(const Program& program, std::uint32_t block) const {
  return HexOf(DigestOf(HexOf(program.hash()) + '\n' + std::to_string(block) + '\n' + makers_)) +
         ".o";
}

std::optional<std::string> ObjectCache::Find(const Program& program, std::uint32_t block) {
  const std::string name = NameOf(program, block);
  const int file = ::openat(directory_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat status{};
  const bool is_ours = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                       status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
  std::string bytes = is_ours ? ReadWhole(file, kCachedObjectBytesMax) : std::string();
  ::close(file);
  const std::size_t seal_bytes = 2 * std::tuple_size_v<Digest> + 1;
  if (bytes.size() <= seal_bytes) return std::nullopt;
  const std::string seal = bytes.substr(0, seal_bytes);
  bytes.erase(0, seal_bytes);
  if (seal != Seal(name, bytes)) return std::nullopt;
  ++found_count_;
  return bytes;
}

// Under another name first, so that nobody finds half of it.
void ObjectCache::Keep(const Program& program, std::uint32_t block, std::string_view object) const {
  if (object.size() >= kCachedObjectBytesMax) return;
  const std::string name = NameOf(program, block);
  const std::string draft = "draft-" + std::to_string(std::random_device()());
  const int file = ::openat(directory_, draft.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return;
  const std::string bytes = Seal(name, object) + std::string(object);
  const bool is_whole =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  ::close(file);
  if (!is_whole || ::renameat(directory_, draft.c_str(), directory_, name.c_str()) != 0) {
    ::unlinkat(directory_, draft.c_str(), 0);
  }
}

void ObjectCache::DropOldest() const {
  DIR* const listing = ::fdopendir(::dup(directory_));
  if (listing == nullptr) return;
  std::vector<std::pair<std::int64_t, std::string>> files;
  while (const dirent* entry = ::readdir(listing)) {
    struct stat status{};
    if (::fstatat(directory_, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(status.st_mode)) files.emplace_back(status.st_mtim.tv_sec, entry->d_name);
  }
  ::closedir(listing);
  if (files.size() <= kCachedObjectsMax) return;
  std::ranges::sort(files);
  for (const auto& [time, name] : std::span(files).first(files.size() / 2)) {
    ::unlinkat(directory_, name.c_str(), 0);
  }
}

}  // namespace policy::jit
