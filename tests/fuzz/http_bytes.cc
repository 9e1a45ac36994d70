#include "tests/fuzz/http_bytes.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "runtime/transport/http/chunk_reader.h"
#include "runtime/transport/http/head_parser.h"

namespace policy::fuzz {
namespace {

using transport::ChunkReader;
using transport::HeadEnd;

void Hold(bool condition) {
  if (!condition) std::abort();
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsSingle(const std::string& name) {
  static const std::vector<std::string> kNames = {
      "host",   "content-length", "transfer-encoding", "authorization", "content-type",
      "expect", "origin",         "content-encoding",  "last-event-id"};
  return name.starts_with("mcp-") || std::ranges::find(kNames, name) != kNames.end();
}

HeadEnd FindInPieces(std::string_view bytes, std::size_t piece) {
  std::size_t scanned = 0;
  for (std::size_t size = std::min(piece, bytes.size());;
       size = std::min(size + piece, bytes.size())) {
    const HeadEnd end = transport::FindHeadEnd(bytes.substr(0, size), scanned);
    if (end.state != HeadEnd::State::Incomplete || size == bytes.size()) return end;
  }
}

std::optional<ChunkedBody> ReadInPieces(std::string_view bytes, std::size_t piece) {
  ChunkReader reader;
  ChunkedBody read;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view part = bytes.substr(at, piece);
    const std::size_t size = part.size();
    while (true) {
      const ChunkReader::Step step = reader.Next(part);
      if (step.state == ChunkReader::State::Malformed) return std::nullopt;
      if (step.state == ChunkReader::State::NeedsMore) break;
      if (step.state == ChunkReader::State::Data) {
        read.body += step.data;
        continue;
      }
      read.size = at + size - part.size();
      return read;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> HeadLines(std::string_view head) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = head.find("\r\n");
    Hold(end != std::string_view::npos);
    if (end == 0) break;
    lines.emplace_back(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
  Hold(head == "\r\n");
  for (const std::string& line : lines) {
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      Hold(byte == '\t' || (byte >= 0x20 && byte != 0x7f));
    }
  }
  return lines;
}

void CheckHeaders(const std::vector<std::string>& lines, const transport::HttpHeaders& headers) {
  Hold(headers.all().size() + 1 == lines.size());
  std::map<std::string, std::string> seen;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const std::size_t colon = line.find(':');
    Hold(colon != std::string::npos && colon != 0 && line[colon - 1] > ' ');
    Hold(line[0] != ' ' && line[0] != '\t');
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    const std::size_t end = line.find_last_not_of(" \t");
    const std::string value = begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
    Hold(headers.all()[i - 1].name == line.substr(0, colon));
    Hold(headers.all()[i - 1].value == value);
    const std::string name = Lower(line.substr(0, colon));
    if (IsSingle(name)) Hold(seen.emplace(name, value).second);
  }
  const auto length = seen.find("content-length");
  const auto coding = seen.find("transfer-encoding");
  Hold(length == seen.end() || coding == seen.end());
  if (length != seen.end()) {
    Hold(!length->second.empty() &&
         length->second.find_first_not_of("0123456789") == std::string::npos);
  }
  if (coding != seen.end()) Hold(Lower(coding->second) == "chunked");
}

std::optional<std::size_t> HeadSize(std::string_view bytes) {
  const HeadEnd end = FindInPieces(bytes, bytes.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}}) {
    const HeadEnd other = FindInPieces(bytes, piece);
    Hold(other.state == end.state && other.size == end.size);
  }
  if (end.state != HeadEnd::State::Complete) return std::nullopt;
  return end.size;
}

std::optional<ChunkedBody> ReadChunks(std::string_view bytes) {
  const auto whole = ReadInPieces(bytes, std::max<std::size_t>(bytes.size(), 1));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}}) {
    Hold(ReadInPieces(bytes, piece) == whole);
  }
  return whole;
}

}  // namespace policy::fuzz
