#include "runtime/value/path_text.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

// Bytes that a server may expand, decode or take for a separator.
constexpr std::string_view kUncertainBytes = "~$%\\\0"sv;

bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// "c:" at the start of the first segment.
bool HasDrive(std::string_view path) {
  return path.size() >= 3 && IsLetter(path[1]) && path[2] == ':';
}

// Takes the next segment off `rest`, which begins with a slash or is empty.
std::string_view TakeSegment(std::string_view& rest) {
  rest.remove_prefix(1);
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

// `..`, and what systems that drop dots and spaces at the end of a name take for it.
bool MayClimb(std::string_view segment) {
  return segment.size() >= 2 && segment.find_first_not_of(". ") == std::string_view::npos;
}

bool IsCertain(std::string_view path) {
  if (!path.starts_with('/') || path.starts_with("//") || HasDrive(path)) return false;
  if (path.find_first_of(kUncertainBytes) != std::string_view::npos) return false;
  while (!path.empty()) {
    if (MayClimb(TakeSegment(path))) return false;
  }
  return true;
}

std::string_view WithoutSlashAtEnd(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

// Segment by segment as they stand.
bool IsUnderAsWritten(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

// As POSIX reads it: empty segments and `.` say nothing.
bool IsUnderWhenReduced(std::string_view path, std::string_view root) {
  const auto take_named = [](std::string_view& rest) {
    std::string_view segment;
    while (!rest.empty() && (segment.empty() || segment == ".")) segment = TakeSegment(rest);
    return segment == "." ? ""sv : segment;
  };
  while (!root.empty()) {
    if (take_named(path) != TakeSegment(root)) return false;
  }
  return true;
}

}  // namespace

bool IsPlainRoot(std::string_view root) {
  if (!IsCertain(root)) return false;
  root = WithoutSlashAtEnd(root);
  while (!root.empty()) {
    const std::string_view segment = TakeSegment(root);
    if (segment.empty() || segment == ".") return false;
  }
  return true;
}

Truth IsUnder(std::string_view path, std::string_view root) {
  if (!IsPlainRoot(root) || !IsCertain(path)) return Truth::Unknown;
  root = WithoutSlashAtEnd(root);
  const bool as_written = IsUnderAsWritten(path, root);
  const bool reduced = IsUnderWhenReduced(path, root);
  return as_written == reduced ? ToTruth(reduced) : Truth::Unknown;
}

}  // namespace policy
