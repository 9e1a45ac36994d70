// Takes a chunked body apart, however it was cut.
#ifndef RUNTIME_TRANSPORT_HTTP_CHUNK_READER_H_
#define RUNTIME_TRANSPORT_HTTP_CHUNK_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace policy::transport {

// Not thread-safe.
class ChunkReader {
 public:
  enum class State : std::uint8_t {
    Data,       // `data` holds bytes of the body
    NeedsMore,  // all that was given is used
    End,        // the body and its trailers, which are dropped, are over
    Malformed,  // also: a line that is too long. For good
  };
  struct Step {
    State state = State::NeedsMore;
    std::string_view data = {};
  };

  // Takes what it uses off the front of `input`. To be called until it says other than Data.
  Step Next(std::string_view& input);

  // Bytes of the current chunk that are still to come.
  std::uint64_t left() const { return left_; }

 private:
  enum class At : std::uint8_t {
    Size,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
    End,
    Malformed,
  };

  At Take(char c);
  At TakeSize(char c);

  At at_ = At::Size;
  std::uint8_t digits_ = 0;
  std::uint32_t line_bytes_ = 0;     // of the current chunk's first line
  std::uint32_t trailer_bytes_ = 0;  // of all trailers
  std::uint64_t left_ = 0;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_CHUNK_READER_H_
