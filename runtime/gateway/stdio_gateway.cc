#include "runtime/gateway/stdio_gateway.h"

#include <csignal>

namespace policy::gateway {

using transport::Interest;
using transport::Moved;
using transport::StreamState;

void StdioGateway::Watched::Wait(Interest interest) {
  if (!stream.is_open() || (!is_watched && interest == Interest{})) return;
  gateway.loop_.Watch(stream.number(), interest, *this);
  is_watched = true;
}

void StdioGateway::Watched::Close() {
  if (!stream.is_open()) return;
  if (is_watched) gateway.loop_.Unwatch(stream.number());
  is_watched = false;
  stream.Close();
}

StdioGateway::StdioGateway(transport::EventLoop& loop, transport::ChildProcess& child,
                           transport::ErrorStream& errors, MessageRelay& relay,
                           QueuedOutput& output, DecisionLog* log)
    : loop_(loop),
      child_(child),
      errors_(errors),
      relay_(relay),
      output_(output),
      log_(log),
      client_input_(transport::Stream::Standard(0)),
      client_output_(transport::Stream::Standard(1)),
      room_(kReadBytesMax) {}

StdioGateway::~StdioGateway() {
  for (Watched* watched : {&from_client_, &to_client_, &from_server_, &to_server_, &from_errors_}) {
    watched->Close();
  }
}

int StdioGateway::Run() {
  if (!client_input_.is_open()) BeginEnd();  // started with standard input closed
  WaitForWhatMatters();
  loop_.set_end_of_turn([this] { EndOfTurn(); });
  loop_.Run();
  errors_.Flush();
  return child_.exit_code();
}

void StdioGateway::Signal(int signal) {
  if (signal == SIGCHLD) {
    child_.Reap();
  } else if (is_ending_) {
    child_.KillAll();  // asked twice: at once
  } else {
    BeginEnd();
  }
}

void StdioGateway::ReadClient() {
  const Moved moved = client_input_.Read(room_);
  if (moved.state == StreamState::Ended) return BeginEnd();
  client_lines_.Append({room_.data(), moved.bytes});
  mcp::Line line;
  while (client_lines_.Next(line)) {
    if (line.is_too_long) {
      relay_.ClientLineTooLong();
    } else {
      relay_.ClientLine(line.text);
    }
  }
}

void StdioGateway::ReadServer() {
  if (MoveFromServer() != StreamState::Ended) return;
  // Nothing more can come: whatever runs behind it is of no use.
  from_server_.Close();
  BeginEnd();
}

StreamState StdioGateway::MoveFromServer() {
  const Moved moved = child_.output().Read(room_);
  if (moved.state != StreamState::Ready) return moved.state;
  server_lines_.Append({room_.data(), moved.bytes});
  mcp::Line line;
  while (server_lines_.Next(line)) {
    if (line.is_too_long) {
      relay_.ServerLineTooLong();
    } else {
      relay_.ServerLine(line.text);
    }
  }
  return moved.state;
}

void StdioGateway::ReadErrors() {
  const Moved moved = child_.errors().Read(room_);
  if (moved.state == StreamState::Ended) return from_errors_.Close();
  errors_.Pass({room_.data(), moved.bytes});
}

// The end of the turn writes, when every handler has queued what it has.
void StdioGateway::Flush() {}

void StdioGateway::EndOfTurn() {
  WriteToServer();
  WriteToClient();
  FlushLog();
  if (child_.has_ended() && !server_is_drained_) DrainServer();
  errors_.Flush();
  if (IsDone()) return loop_.Stop();
  WaitForWhatMatters();
}

void StdioGateway::WriteToServer() {
  if (!child_.input().is_open()) return;
  const StreamState state = output_.to_server().Flush(child_.input());
  const bool is_finished = is_ending_ && state == StreamState::Ready && !relay_.has_parked_calls();
  if (state == StreamState::Ended || is_finished) to_server_.Close();
  if (state == StreamState::Ended) BeginEnd();  // it reads no more: no call can reach it
}

void StdioGateway::WriteToClient() {
  if (!client_output_.is_open()) return output_.to_client().Clear();
  if (output_.to_client().Flush(client_output_) != StreamState::Ended) return;
  to_client_.Close();
  BeginEnd();
}

void StdioGateway::FlushLog() {
  if (log_ == nullptr) return;
  const bool has_failed = !log_->Flush();
  if (has_failed != log_has_failed_) {
    log_has_failed_ = has_failed;
    errors_.Say(has_failed ? log_->failure() + ": calls are denied until it can be written"
                           : "the decision log can be written again");
  }
}

// Full queues stop who fills them: nothing is read that could not be passed on. The server's output
// waits for the client alone, never for the server's input.
void StdioGateway::WaitForWhatMatters() {
  const bool client_has_room = !client_output_.is_open() || !output_.to_client().is_full();
  const bool server_has_room = !output_.to_server().is_full();
  from_client_.Wait({.readable = !is_ending_ && client_has_room && server_has_room});
  from_server_.Wait({.readable = client_has_room});
  from_errors_.Wait({.readable = true});
  to_client_.Wait({.writable = !output_.to_client().is_empty()});
  to_server_.Wait({.writable = !output_.to_server().is_empty()});
}

void StdioGateway::BeginEnd() {
  if (is_ending_) return;
  is_ending_ = true;
  from_client_.Close();
  loop_.After(kCloseGrace, [this] {
    to_server_.Close();
    child_.SignalGroup(SIGTERM);
  });
  loop_.After(kCloseGrace + kTerminateGrace, [this] { child_.KillAll(); });
}

// The child has ended. What it wrote before is still in its pipe; a descendant that holds the pipe
// open is not waited for.
void StdioGateway::DrainServer() {
  while (child_.output().is_open()) {
    if (client_output_.is_open() && output_.to_client().is_full()) return;  // again when it is not
    if (MoveFromServer() != StreamState::Ready) break;
  }
  while (child_.errors().is_open()) {
    const Moved moved = child_.errors().Read(room_);
    if (moved.state != StreamState::Ready) break;
    errors_.Pass({room_.data(), moved.bytes});
  }
  server_is_drained_ = true;
  if (!is_ending_) {
    errors_.Say("the server has ended with status " + std::to_string(child_.exit_code()));
  }
  from_server_.Close();
  from_errors_.Close();
  to_server_.Close();
  from_client_.Close();
  is_ending_ = true;
  child_.KillAll();
  relay_.ServerGone();
  WriteToClient();
  loop_.After(kFlushGrace, [this] { loop_.Stop(); });
}

// Ended, drained, and the client has all that it takes.
bool StdioGateway::IsDone() const {
  if (!server_is_drained_) return false;
  return !client_output_.is_open() || output_.to_client().is_empty();
}

}  // namespace policy::gateway
