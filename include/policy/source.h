// A text the user wrote, and places in it.
//
// Every diagnostic, rule and condition carries a Span into one Source, so that every message can
// say file:line:column. A Source is immutable after construction and safe to share between threads.
#ifndef POLICY_SOURCE_H_
#define POLICY_SOURCE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

// Half-open range of byte offsets [begin, end) into a Source's text. `file` numbers the sources of
// one policy: 0 is the one that was asked for, the others are those that it includes, in the order
// in which they were read (Diagnostics::AddSource).
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint16_t file = 0;

  friend bool operator==(const Span&, const Span&) = default;
};

// A place as people say it. Both count from 1; columns count Unicode code points, as editors do.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  friend bool operator==(const Position&, const Position&) = default;
};

class Source {
 public:
  // `name` is what messages print (a path as the user gave it). REQUIRES: text.size() < 4 GiB.
  Source(std::string name, std::string text);

  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }

  // The position of byte `offset`; an offset past the end is the end.
  Position Locate(std::uint32_t offset) const;

  // The text of line `line` (from 1) without its line ending; empty past the last line.
  std::string_view LineText(std::uint32_t line) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_begins_;
  std::vector<std::uint32_t> code_points_before_;  // of every kMarkBytes-th byte: lines can be long

  std::uint32_t CodePointsBefore(std::uint32_t offset) const;
};

}  // namespace policy

#endif  // POLICY_SOURCE_H_
