// The server as a child process: three pipes, a process group of its own, and an end that leaves
// nobody behind.
#ifndef RUNTIME_TRANSPORT_CHILD_PROCESS_H_
#define RUNTIME_TRANSPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "runtime/transport/stream.h"

namespace policy::transport {

// Not thread-safe. The spawning thread must live as long as the child: its end is the child's
// (PR_SET_PDEATHSIG), so that a killed policyd leaves no server behind.
class ChildProcess {
 public:
  struct Place {
    // NAME=VALUE each, added to this process's environment, or in place of what it has there.
    std::vector<std::string> environment;
    std::vector<std::string> hidden;  // names of this process's variables that it does not get
    std::string folder;               // where it runs; empty: where this process does
  };

  // Runs `command` (found along PATH) with default signals and this process's environment. The
  // error is a sentence; then nothing runs. REQUIRES: `command` is not empty.
  static std::expected<ChildProcess, std::string> Spawn(const std::vector<std::string>& command) {
    return Spawn(command, {});
  }
  static std::expected<ChildProcess, std::string> Spawn(const std::vector<std::string>& command,
                                                        const Place& place);

  Stream& input() { return input_; }    // we write: its standard input
  Stream& output() { return output_; }  // we read
  Stream& errors() { return errors_; }  // we read
  pid_t process_id() const { return process_id_; }

  // Collects every child that has ended, adopted ones too. true: none is left.
  bool Reap();
  // The same for this child alone, where the process has others. true: it has ended.
  bool ReapOwn();
  bool has_ended() const { return exit_code_.has_value(); }
  // As shells say it: its status, or 128 + the signal that ended it. REQUIRES: has_ended().
  int exit_code() const { return *exit_code_; }

  void SignalGroup(int signal);

  // Kills the group and every descendant that left it, and collects them. Takes at most some
  // milliseconds: killed processes end.
  void KillAll();

 private:
  ChildProcess() = default;

  pid_t process_id_ = -1;
  std::optional<int> exit_code_;
  Stream input_;
  Stream output_;
  Stream errors_;
};

// Orphans below this process become its children, so that it can end them. Called once, before
// Spawn.
void AdoptOrphans();

// For a process whose children belong to other threads of its: what its main thread has are orphans
// that it adopted. Called from the main thread. Collects those that have ended.
void ReapAdopted();
// Kills them, and what they leave behind, and collects them. Takes at most some milliseconds.
void KillAdopted();

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_CHILD_PROCESS_H_
