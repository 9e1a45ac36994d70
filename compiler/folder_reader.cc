#include "compiler/folder_reader.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "grammar/limits.h"

namespace policy {

namespace {

namespace fs = std::filesystem;

bool IsBelow(const fs::path& folder, const fs::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

std::expected<std::optional<std::string>, std::string> ReadText(const fs::path& folder,
                                                                const std::string& name) {
  std::error_code error;
  const fs::path path = fs::canonical(name, error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  if (error) return std::unexpected(error.message());
  if (!IsBelow(folder, path)) return std::unexpected("it is a link out of the policy's folder");
  if (!fs::is_regular_file(path, error)) return std::unexpected("it is no file");
  const auto size = fs::file_size(path, error);
  if (error) return std::unexpected(error.message());
  if (size > kPolicyBytesMax) {
    return std::unexpected("it is larger than " + std::to_string(kPolicyBytesMax) + " bytes");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
    return std::unexpected("it could not be read to its end");
  }
  return text;
}

}  // namespace

FileLoader::Read ReadBeside(const std::string& path) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::absolute(path, error), error).parent_path();
  return [folder](const std::string& name) { return ReadText(folder, name); };
}

}  // namespace policy
