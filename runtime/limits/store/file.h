// An open file of the store, closed with its owner.
#ifndef RUNTIME_LIMITS_STORE_FILE_H_
#define RUNTIME_LIMITS_STORE_FILE_H_

#include <unistd.h>

#include <utility>

namespace policy {

class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    if (this != &other) {
      Close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  File(const File&) = delete;  // closed once
  File& operator=(const File&) = delete;
  ~File() { Close(); }

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void Close() {
    if (is_open()) close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_ = -1;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_FILE_H_
