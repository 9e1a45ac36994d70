// A server that is a child of policyd, one of several: its lines, and an end that leaves nobody
// behind.
#ifndef RUNTIME_GATEWAY_SERVE_SERVER_CHILD_H_
#define RUNTIME_GATEWAY_SERVE_SERVER_CHILD_H_

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "runtime/gateway/serve/serve_tools.h"
#include "runtime/mcp/line_framing.h"
#include "runtime/transport/child_process.h"
#include "runtime/transport/output_queue.h"

namespace policy::gateway {

class ServerChild;

// The children of a worker, those that are ending too. Not thread-safe.
class ChildSet {
 public:
  // `count`: of the children of all workers; outlives the set.
  explicit ChildSet(std::atomic<std::uint32_t>& count) : count_(count) {}
  ChildSet(const ChildSet&) = delete;  // children refer to it
  ChildSet& operator=(const ChildSet&) = delete;

  // A child of the process has ended: each looks whether it was its own.
  void Reap();
  // At once; REQUIRES: nobody listens to them any more.
  void KillAll();
  std::size_t size() const { return children_.size(); }

 private:
  friend class ServerChild;
  void Add(ServerChild* child);
  void Remove(ServerChild* child);

  std::atomic<std::uint32_t>& count_;
  std::unordered_set<ServerChild*> children_;
};

// Lives in its worker's loop, whose thread has started it; kept by its owner, and by itself until
// the process has ended. Not thread-safe.
class ServerChild final : public std::enable_shared_from_this<ServerChild> {
 public:
  class Listener {
   public:
    virtual void OnLine(std::string_view line) = 0;
    virtual void OnLineTooLong() = 0;
    // All that it said was heard. The last call.
    virtual void OnEnded(std::string_view why) = 0;

   protected:
    ~Listener() = default;
  };
  struct Options {
    std::vector<std::string> command;
    transport::ChildProcess::Place place;
  };

  // `tools`, `children` and `listener` (until End) outlive the child. The error is a sentence.
  static std::expected<std::shared_ptr<ServerChild>, std::string> Start(const Options& options,
                                                                        ServeTools& tools,
                                                                        ChildSet& children,
                                                                        Listener& listener);
  ServerChild(const ServerChild&) = delete;  // the loop refers to it
  ServerChild& operator=(const ServerChild&) = delete;
  ~ServerChild();

  // As OutputQueue: the line gets its ending here, `tag` names it for Remove.
  void Write(std::string_view line, std::uint64_t tag);
  bool Remove(std::uint64_t tag) { return queue_.Remove(tag); }
  bool is_full() const { return queue_.is_full(); }

  // Its input closes; then it is asked to end; then it is killed. The listener hears nothing more.
  void End();

 private:
  friend class ChildSet;
  struct Watched final : transport::EventHandler {
    using Ready = void (ServerChild::*)();
    Watched(ServerChild& owner, Ready on_ready) : child(owner), ready(on_ready) {}
    void OnReady(transport::Interest) override {
      const auto kept = child.shared_from_this();  // it may be dropped in the handler
      (child.*ready)();
    }
    ServerChild& child;
    Ready ready;
    bool is_watched = false;
  };

  ServerChild(transport::ChildProcess process, ServeTools& tools, ChildSet& children,
              Listener& listener);
  void Wait(Watched& watched, transport::Stream& stream, transport::Interest interest);
  void Close(Watched& watched, transport::Stream& stream);
  void Flush();
  void ReadOutput();
  bool MoveOutput();  // false: nothing is there now, or ever
  void ReadErrors();
  bool MoveErrors();
  void Reap();
  void HasEnded();
  void Kill();

  transport::ChildProcess process_;
  ServeTools& tools_;
  ChildSet& children_;
  Listener* listener_;
  std::shared_ptr<ServerChild> self_;  // until the process has ended
  transport::OutputQueue queue_;
  mcp::LineFraming lines_;
  std::vector<char> room_;
  Watched to_input_{*this, &ServerChild::Flush};
  Watched from_output_{*this, &ServerChild::ReadOutput};
  Watched from_errors_{*this, &ServerChild::ReadErrors};
  bool is_ending_ = false;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_SERVE_SERVER_CHILD_H_
