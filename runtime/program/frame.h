// What one call looks like to one program: the slots filled by the reader, and the interpreter's
// scratch.
#ifndef RUNTIME_PROGRAM_FRAME_H_
#define RUNTIME_PROGRAM_FRAME_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/value/value.h"

namespace policy {

// Holds the values of every slot of one Program, for one call at a time. Reused from call to call:
// Clear touches only what was filled, and nothing allocates once the arena has reached the size of
// the largest call. Not thread-safe: a frame a thread. Values refer to the request's bytes, which
// must outlive their use, and to the arena.
class Frame {
 public:
  explicit Frame(std::shared_ptr<const Program> program);

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& program_pointer() const { return program_; }

  // Forgets the call. Every slot is Absent afterwards.
  void Clear();

  const Value& slot(std::uint32_t index) const { return slots_[index]; }
  // The last Fill of a slot counts.
  void Fill(std::uint32_t index, const Value& value);

  // Room for `bytes` bytes of unescaped text, valid until Clear; earlier rooms stay where they are.
  char* Reserve(std::size_t bytes);

  // The call's tool name and the raw text of its arguments object ("{}" when the call has none).
  std::string_view tool;
  std::string_view arguments = "{}";

  // Memo cells of the interpreter: index 1..memo_cells. kMemoEmpty after Clear.
  static constexpr std::uint8_t kMemoEmpty = 0xFF;
  std::uint8_t memo(std::uint16_t cell) const { return memo_[cell]; }
  void Remember(std::uint16_t cell, std::uint8_t truth) {
    memo_[cell] = truth;
    remembered_.push_back(cell);
  }
  void ForgetMemo();

 private:
  std::shared_ptr<const Program> program_;
  std::vector<Value> slots_;
  std::vector<std::uint32_t> filled_;
  std::vector<std::uint8_t> memo_;
  std::vector<std::uint16_t> remembered_;
  std::vector<std::unique_ptr<char[]>> arena_;
  std::size_t arena_block_bytes_ = 0;  // size of the last block
  std::size_t arena_used_ = 0;         // bytes of it
  std::size_t arena_bytes_ = 0;        // bytes of all blocks
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_FRAME_H_
