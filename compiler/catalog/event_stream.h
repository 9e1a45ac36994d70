// The events of a text/event-stream, as Streamable HTTP uses them.
#ifndef COMPILER_CATALOG_EVENT_STREAM_H_
#define COMPILER_CATALOG_EVENT_STREAM_H_

#include <optional>
#include <string>
#include <string_view>

namespace policy::catalog {

// Not thread-safe. Keeps no more than what was appended and not given out.
class EventStream {
 public:
  void Append(std::string_view bytes) { rest_ += bytes; }
  // The data of the next whole event that has some; its lines are joined by LF.
  std::optional<std::string> Next();

 private:
  std::optional<std::string> NextLine();

  std::string rest_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_EVENT_STREAM_H_
