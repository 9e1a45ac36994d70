#include "runtime/gateway/serve/server_child.h"

#include <csignal>
#include <utility>

#include "runtime/gateway/stdio_gateway.h"
#include "runtime/mcp/limits.h"

namespace policy::gateway {

using transport::Interest;
using transport::Moved;
using transport::StreamState;

void ChildSet::Add(ServerChild* child) {
  children_.insert(child);
  count_.fetch_add(1, std::memory_order_relaxed);
}

void ChildSet::Remove(ServerChild* child) {
  if (children_.erase(child) != 0) count_.fetch_sub(1, std::memory_order_relaxed);
}

void ChildSet::Reap() {
  const std::vector<ServerChild*> all(children_.begin(), children_.end());
  for (ServerChild* child : all) {
    if (children_.contains(child)) child->Reap();
  }
}

void ChildSet::KillAll() {
  const std::vector<ServerChild*> all(children_.begin(), children_.end());
  for (ServerChild* child : all) child->Kill();
}

std::expected<std::shared_ptr<ServerChild>, std::string> ServerChild::Start(const Options& options,
                                                                            ServeTools& tools,
                                                                            ChildSet& children,
                                                                            Listener& listener) {
  auto process = transport::ChildProcess::Spawn(options.command, options.place);
  if (!process) return std::unexpected(std::move(process.error()));
  std::shared_ptr<ServerChild> child(
      new ServerChild(std::move(*process), tools, children, listener));
  child->self_ = child;
  child->Wait(child->from_output_, child->process_.output(), {.readable = true});
  child->Wait(child->from_errors_, child->process_.errors(), {.readable = true});
  return child;
}

ServerChild::ServerChild(transport::ChildProcess process, ServeTools& tools, ChildSet& children,
                         Listener& listener)
    : process_(std::move(process)),
      tools_(tools),
      children_(children),
      listener_(&listener),
      lines_(mcp::kMessageBytesMax),
      room_(kReadBytesMax) {
  children_.Add(this);
}

ServerChild::~ServerChild() {
  children_.Remove(this);
  Close(to_input_, process_.input());
  Close(from_output_, process_.output());
  Close(from_errors_, process_.errors());
  if (!process_.has_ended()) process_.SignalGroup(SIGKILL);
}

void ServerChild::Wait(Watched& watched, transport::Stream& stream, Interest interest) {
  if (!stream.is_open() || (!watched.is_watched && interest == Interest{})) return;
  tools_.loop.Watch(stream.number(), interest, watched);
  watched.is_watched = true;
}

void ServerChild::Close(Watched& watched, transport::Stream& stream) {
  if (!stream.is_open()) return;
  if (watched.is_watched) tools_.loop.Unwatch(stream.number());
  watched.is_watched = false;
  stream.Close();
}

// Written at once: a request is a line, and the next one comes with another turn.
void ServerChild::Write(std::string_view line, std::uint64_t tag) {
  if (!process_.input().is_open()) return;
  const bool was_empty = queue_.is_empty();
  queue_.Append(line, tag);
  if (was_empty) Flush();
}

void ServerChild::Flush() {
  if (!process_.input().is_open()) return;
  if (queue_.Flush(process_.input()) == StreamState::Ended) {
    queue_.Clear();  // it reads no more: what it says, and its end, are still heard
    return Close(to_input_, process_.input());
  }
  if (is_ending_ && queue_.is_empty()) return Close(to_input_, process_.input());
  Wait(to_input_, process_.input(), {.writable = !queue_.is_empty()});
}

void ServerChild::ReadOutput() {
  if (!MoveOutput() && !process_.output().is_open()) Reap();
}

bool ServerChild::MoveOutput() {
  if (!process_.output().is_open()) return false;
  const Moved moved = process_.output().Read(room_);
  if (moved.state == StreamState::Ended) Close(from_output_, process_.output());
  if (moved.state != StreamState::Ready) return false;
  if (listener_ == nullptr) return true;
  lines_.Append({room_.data(), moved.bytes});
  mcp::Line line;
  while (listener_ != nullptr && lines_.Next(line)) {
    if (line.is_too_long) {
      listener_->OnLineTooLong();
    } else {
      listener_->OnLine(line.text);
    }
  }
  return true;
}

void ServerChild::ReadErrors() { MoveErrors(); }

bool ServerChild::MoveErrors() {
  if (!process_.errors().is_open()) return false;
  const Moved moved = process_.errors().Read(room_);
  if (moved.state == StreamState::Ended) Close(from_errors_, process_.errors());
  if (moved.state != StreamState::Ready) return false;
  tools_.pass_errors(std::string(room_.data(), moved.bytes));
  return true;
}

// A server whose output has ended is of no use, whether or not it still runs.
void ServerChild::Reap() {
  const auto kept = shared_from_this();
  if (process_.ReapOwn()) return HasEnded();
  if (!process_.output().is_open() && !is_ending_) {
    Listener* const listener = std::exchange(listener_, nullptr);
    End();
    if (listener != nullptr) listener->OnEnded("the server has closed its output");
  }
}

// What it wrote before is still in its pipes. A descendant that holds them open is not waited for.
void ServerChild::HasEnded() {
  const auto kept = std::exchange(self_, nullptr);
  if (kept == nullptr) return;
  while (MoveOutput()) continue;
  while (MoveErrors()) continue;
  Close(to_input_, process_.input());
  Close(from_output_, process_.output());
  Close(from_errors_, process_.errors());
  is_ending_ = true;
  process_.SignalGroup(SIGKILL);  // what it has left behind in its group
  children_.Remove(this);
  if (Listener* const listener = std::exchange(listener_, nullptr)) {
    listener->OnEnded("the server has ended with status " + std::to_string(process_.exit_code()));
  }
}

void ServerChild::End() {
  listener_ = nullptr;
  if (is_ending_) return;
  is_ending_ = true;
  Flush();
  tools_.loop.After(kCloseGrace, [child = weak_from_this()] {
    const auto alive = child.lock();
    if (alive == nullptr || alive->process_.has_ended()) return;
    alive->Close(alive->to_input_, alive->process_.input());
    alive->process_.SignalGroup(SIGTERM);
  });
  tools_.loop.After(kCloseGrace + kTerminateGrace, [child = weak_from_this()] {
    const auto alive = child.lock();
    if (alive != nullptr) alive->Kill();
  });
}

// A killed process ends; whoever hears of it first collects it.
void ServerChild::Kill() {
  listener_ = nullptr;
  is_ending_ = true;
  if (process_.has_ended()) return;
  process_.SignalGroup(SIGKILL);
  tools_.loop.After(kTerminateGrace, [child = weak_from_this()] {
    if (const auto alive = child.lock()) alive->Reap();
  });
}

}  // namespace policy::gateway
