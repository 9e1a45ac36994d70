#include "compiler/driver/disk_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace policy {

namespace fs = std::filesystem;

Files::Kind DiskFiles::KindOf(const std::string& path) const {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return Kind::Directory;
  return fs::exists(status) ? Kind::File : Kind::Missing;
}

std::expected<std::string, std::string> DiskFiles::Read(const std::string& path) const {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(std::string(std::strerror(errno != 0 ? errno : EIO)));
  std::string bytes;
  char chunk[64 * 1024];
  while (file.read(chunk, sizeof chunk) || file.gcount() > 0) {
    bytes.append(chunk, static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > kInputFileBytesMax) {
      return std::unexpected("larger than " + std::to_string(kInputFileBytesMax) + " bytes");
    }
  }
  if (file.bad()) return std::unexpected(std::string("could not be read to its end"));
  return bytes;
}

std::expected<void, std::string> DiskFiles::Write(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".part";
  errno = 0;
  {
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.flush();
    if (!file) return std::unexpected(std::string(std::strerror(errno != 0 ? errno : EIO)));
  }
  std::error_code error;
  const fs::file_status old = fs::status(path, error);
  if (!error && fs::is_regular_file(old)) fs::permissions(part, old.permissions(), error);
  fs::rename(part, path, error);
  if (!error) return {};
  const std::string why = error.message();
  fs::remove(part, error);
  return std::unexpected(why);
}

namespace {

// The regular files that `Iterator` comes by, links left out.
template <typename Iterator>
std::expected<std::vector<std::string>, std::string> List(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (Iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;  // an entry that vanished is no regular file
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored)) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) return std::unexpected(error.message());
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

std::expected<std::vector<std::string>, std::string> DiskFiles::ListBelow(
    const std::string& directory) const {
  return List<fs::recursive_directory_iterator>(directory);
}

std::expected<std::vector<std::string>, std::string> DiskFiles::ListIn(
    const std::string& directory) const {
  return List<fs::directory_iterator>(directory);
}

}  // namespace policy
