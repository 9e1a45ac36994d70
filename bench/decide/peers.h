// The readers that others would use for a request: each reads all of it and looks at every value
// and key once. Neither refuses a key that is there twice.
#ifndef BENCH_DECIDE_PEERS_H_
#define BENCH_DECIDE_PEERS_H_

#include <cstddef>
#include <memory>
#include <string_view>

namespace policy::bench {

// simdjson's DOM; keeps its memory from text to text.
class SimdjsonReader {
 public:
  SimdjsonReader();
  ~SimdjsonReader();

  // Bytes of keys and strings in `text`, which has simdjson's padding behind it; 0: no JSON.
  std::size_t Read(std::string_view text);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

std::size_t SimdjsonPadding();

// The same by nlohmann/json.
std::size_t ReadByNlohmann(std::string_view text);

}  // namespace policy::bench

#endif  // BENCH_DECIDE_PEERS_H_
