// A file descriptor that is closed with its owner.
#ifndef RUNTIME_TRANSPORT_DESCRIPTOR_H_
#define RUNTIME_TRANSPORT_DESCRIPTOR_H_

#include <utility>

namespace policy::transport {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;  // closed once
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { Close(); }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void Close();
  int Release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_DESCRIPTOR_H_
