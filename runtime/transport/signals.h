// Signals as something to read, instead of something that interrupts.
#ifndef RUNTIME_TRANSPORT_SIGNALS_H_
#define RUNTIME_TRANSPORT_SIGNALS_H_

#include <functional>
#include <vector>

#include "runtime/transport/descriptor.h"
#include "runtime/transport/event_loop.h"

namespace policy::transport {

// Keeps `signals` from the calling thread and those it starts, and ignores SIGPIPE: called before
// any thread is started.
void BlockSignals(const std::vector<int>& signals);

// Calls `arrived` in the loop for each of the blocked `signals`. Signals of one kind may be joined
// by the kernel.
class SignalSource final : EventHandler {
 public:
  SignalSource(EventLoop& loop, const std::vector<int>& signals,
               std::function<void(int signal)> arrived);
  SignalSource(const SignalSource&) = delete;  // the loop refers to it
  SignalSource& operator=(const SignalSource&) = delete;
  ~SignalSource();

 private:
  void OnReady(Interest ready) override;

  EventLoop& loop_;
  Descriptor descriptor_;
  std::function<void(int signal)> arrived_;
};

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_SIGNALS_H_
